//! Rich authorization requests (RFC 9396): `authorization_details`, whose types resources register.

use std::{borrow::Cow, sync::Arc};

use protocol::{Audience, limits};
use serde_json::{Map, Value};

use crate::{
    reason::Reason,
    registry::{RegisteredClient, RegisteredResource, Resources},
    store::{DetailsType, Grant, GrantDetails},
};

/// The members that every type has (RFC 9396 §2.2), whose values are lists of strings.
const LISTS: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];

/// Reads the parameter: a list of objects, each of a type that a resource registered, with the members of that type
/// (RFC 9396 §5).
///
/// # Errors
/// [`Reason::DetailsMalformed`], [`Reason::DetailsTypeUnknown`], [`Reason::DetailsTypeNotRegistered`] and
/// [`Reason::DetailsMemberInvalid`], all `invalid_authorization_details`.
pub(crate) fn read(
    text: &str,
    client: &RegisteredClient,
    resources: &Resources,
) -> Result<Vec<Value>, Reason> {
    let details = parse(text)?;
    for one in &details {
        let Value::Object(members) = one else { return Err(Reason::DetailsMalformed) };
        let kind = kind(one).ok_or(Reason::DetailsMalformed)?;
        let types: Vec<_> = types(kind, resources).collect();
        if types.is_empty() {
            return Err(Reason::DetailsTypeUnknown);
        }
        if !client.metadata.authorization_details_types.iter().any(|registered| registered == kind) {
            return Err(Reason::DetailsTypeNotRegistered);
        }
        let is_located = |(owner, registered): &(&Arc<RegisteredResource>, &DetailsType)| {
            is_for(one, owner) && fits(members, registered)
        };
        if !types.iter().any(is_located) {
            return Err(Reason::DetailsMemberInvalid);
        }
    }
    Ok(details)
}

/// The list, each of whose objects has unique members.
fn parse(text: &str) -> Result<Vec<Value>, Reason> {
    // The reader of claims refuses a member that is there twice.
    let wrapped = format!("{{\"d\":{text}}}");
    let claims = jose::Claims::parse(wrapped.as_bytes()).map_err(|_| Reason::DetailsMalformed)?;
    match claims.into_map().remove("d") {
        Some(Value::Array(details)) if (1..=limits::DETAILS_MAX).contains(&details.len()) => Ok(details),
        _ => Err(Reason::DetailsMalformed),
    }
}

fn kind(details: &Value) -> Option<&str> {
    details.get("type").and_then(Value::as_str)
}

/// Every resource that registered the type, and how.
fn types<'r>(
    kind: &str,
    resources: &'r Resources,
) -> impl Iterator<Item = (&'r Arc<RegisteredResource>, &'r DetailsType)> {
    resources.all().iter().filter_map(move |resource| {
        resource.settings.authorization_details_types.get(kind).map(|registered| (resource, registered))
    })
}

/// Whether the members are those of the type: all required ones, and no other than its own and the common ones.
fn fits(members: &Map<String, Value>, registered: &DetailsType) -> bool {
    let is_list = |value: &Value| {
        value.as_array().is_some_and(|entries| !entries.is_empty() && entries.iter().all(Value::is_string))
    };
    let is_known = |(name, value): (&String, &Value)| match name.as_str() {
        "type" => true,
        "identifier" => value.is_string(),
        list if LISTS.contains(&list) => is_list(value),
        own => registered.members.iter().chain(&registered.required).any(|known| known == own),
    };
    let required = &registered.required;
    members.iter().all(is_known) && required.iter().all(|name| members.contains_key(name.as_str()))
}

/// Whether these details are for this resource: it registered their type, and is among their `locations`, if they have
/// any (RFC 9396 §2.2).
pub(crate) fn is_for(details: &Value, resource: &RegisteredResource) -> bool {
    let Some(kind) = kind(details) else { return false };
    let locations = details.get("locations").and_then(Value::as_array);
    let is_here = |location: &Value| {
        location.as_str().is_some_and(|location| Audience::new(location) == resource.identifier)
    };
    resource.settings.authorization_details_types.contains_key(kind)
        && locations.is_none_or(|locations| locations.iter().any(is_here))
}

/// The resources that any of these details are for.
pub(crate) fn owners<'r>(
    details: &[Value],
    resources: &'r Resources,
) -> impl Iterator<Item = &'r Arc<RegisteredResource>> {
    resources.all().iter().filter(move |resource| details.iter().any(|one| is_for(one, resource)))
}

/// What a token request leaves of what was granted (RFC 9396 §6): some of the granted objects, unchanged.
///
/// # Errors
/// [`Reason::DetailsMalformed`] and [`Reason::DetailsNotGranted`].
pub(crate) fn narrowed(granted: &[Value], asked: &str) -> Result<Vec<Value>, Reason> {
    let asked = parse(asked)?;
    match asked.iter().all(|one| granted.contains(one)) {
        true => Ok(asked),
        false => Err(Reason::DetailsNotGranted),
    }
}

/// The grant as far as the token request asks for it by `authorization_details` (RFC 9396 §6).
///
/// # Errors
/// Those of [`narrowed`].
pub(crate) fn narrowed_grant<'a>(grant: &'a Grant, asked: Option<&str>) -> Result<Cow<'a, Grant>, Reason> {
    let Some(asked) = asked else { return Ok(Cow::Borrowed(grant)) };
    let authorization_details = narrowed(grant.authorization_details(), asked)?;
    let details = grant.details.as_deref().cloned().unwrap_or_default();
    let details = Some(Box::new(GrantDetails { authorization_details, ..details }));
    Ok(Cow::Owned(Grant { details, ..grant.clone() }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_have_the_members_of_their_type() {
        let registered =
            DetailsType { members: vec!["currency".into()], required: vec!["amount".into()], title: None };
        let verdict = |details: Value| fits(details.as_object().expect("an object"), &registered);
        assert!(verdict(
            json!({"type": "pay", "amount": {"value": 1}, "actions": ["start"], "identifier": "x"})
        ));
        for wrong in [
            json!({"type": "pay"}),
            json!({"type": "pay", "amount": 1, "other": 1}),
            json!({"type": "pay", "amount": 1, "actions": "start"}),
            json!({"type": "pay", "amount": 1, "locations": []}),
            json!({"type": "pay", "amount": 1, "identifier": 7}),
        ] {
            assert!(!verdict(wrong.clone()), "{wrong}");
        }
    }

    #[test]
    fn a_list_of_objects_is_read() {
        assert_eq!(parse(r#"[{"type":"a"}]"#), Ok(vec![json!({"type": "a"})]));
        let many = format!("[{}{{}}]", "{},".repeat(limits::DETAILS_MAX));
        for text in ["", "x", "{}", "[]", r#"[{"type":"a","type":"b"}]"#, r#"[]} ,"e":[{"#, &many] {
            assert_eq!(parse(text), Err(Reason::DetailsMalformed), "{text}");
        }
    }

    #[test]
    fn a_token_request_leaves_some_of_what_was_granted() {
        let granted = [json!({"type": "a", "actions": ["read"]}), json!({"type": "b"})];
        assert_eq!(narrowed(&granted, r#"[{"type":"b"}]"#), Ok(vec![json!({"type": "b"})]));
        let more = r#"[{"type":"a","actions":["read","write"]}]"#;
        assert_eq!(narrowed(&granted, more), Err(Reason::DetailsNotGranted));
    }
}
