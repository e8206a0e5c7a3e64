//! The policy: what is asked beyond it is left out, and the answer says so (RFC 7591 §3.2.1: "The authorization server MAY
//! reject or replace any of the client's requested metadata values").

use protocol::{ClientAuthMethod, GrantType, Scopes, scope};
use serde_json::{Map, Value, json};

use crate::{
    registration::finding::{Finding, Findings, pointer},
    registry::Resources,
    settings::RegistrationPolicy,
};

/// The scopes that belong to no resource.
pub(crate) const OPENID_SCOPES: [&str; 6] = scope::STANDARD;

/// What may be registered by the client itself.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    pub(crate) grant_types: Vec<String>,
    pub(crate) auth_methods: Vec<ClientAuthMethod>,
    pub(crate) scopes: Vec<String>,
}

impl Allowed {
    /// What the settings permit where these resources are registered.
    pub(crate) fn of(settings: &RegistrationPolicy, resources: &Resources) -> Self {
        let listed = || OPENID_SCOPES.into_iter().chain(resources.listed_scopes()).map(str::to_owned);
        let mut scopes = settings.scopes.clone().unwrap_or_else(|| listed().collect());
        scopes.retain(|token| token != scope::INTROSPECTION && !scope::is_administrative(token));
        Self {
            grant_types: settings.grant_types.clone(),
            auth_methods: settings.auth_methods.clone(),
            scopes,
        }
    }

    /// Leaves out what is not allowed, with a warning; refuses a registration of which nothing is left.
    pub(crate) fn narrow(&self, members: &mut Map<String, Value>, findings: &mut Findings) {
        self.narrow_grants(members, findings);
        self.narrow_responses(members, findings);
        self.narrow_method(members, findings);
        self.narrow_scope(members, findings);
    }

    fn narrow_grants(&self, members: &mut Map<String, Value>, findings: &mut Findings) {
        let is_allowed = |name: &str| self.grant_types.iter().any(|allowed| allowed == name);
        if !members.contains_key(GRANTS) {
            if !is_allowed(GrantType::AuthorizationCode.as_str()) {
                refuse(findings, GRANTS, format!("is required: {}", one_of(&self.grant_types)));
            }
            return;
        }
        // What is no array of strings is refused by the table.
        let Some(asked) = members.get_mut(GRANTS).and_then(Value::as_array_mut) else { return };
        let had_any = !asked.is_empty();
        retain(asked, GRANTS, findings, is_allowed);
        if had_any && asked.is_empty() {
            refuse(findings, GRANTS, format!("has none that is allowed here: {}", one_of(&self.grant_types)));
        }
    }

    /// A response type needs its grant types (RFC 7591 §2.1).
    fn narrow_responses(&self, members: &mut Map<String, Value>, findings: &mut Findings) {
        let code = GrantType::AuthorizationCode.as_str();
        let granted: Vec<String> = match members.get(GRANTS).and_then(Value::as_array) {
            Some(registered) => registered.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => vec![code.to_owned()],
        };
        let has = |name: &str| granted.iter().any(|granted| granted == name);
        let Some(asked) = members.get_mut(RESPONSES).and_then(Value::as_array_mut) else {
            if !members.contains_key(RESPONSES) && !has(code) {
                members.insert(RESPONSES.to_owned(), json!([]));
            }
            return;
        };
        retain(asked, RESPONSES, findings, |name| {
            name.split(' ').all(|part| match part {
                "code" => has(code),
                "token" | "id_token" => has(IMPLICIT),
                _ => true,
            })
        });
    }

    /// An absent method is `client_secret_basic` (RFC 7591 §2), or the first that is allowed. One that the client named is
    /// not replaced: it could not authenticate then.
    fn narrow_method(&self, members: &mut Map<String, Value>, findings: &mut Findings) {
        let names: Vec<String> = self.auth_methods.iter().map(|method| method.as_str().to_owned()).collect();
        let default = ClientAuthMethod::ClientSecretBasic;
        match members.get(METHOD).map(|asked| asked.as_str().unwrap_or_default()) {
            None if self.auth_methods.contains(&default) => {}
            None => match names.first() {
                Some(first) => drop(members.insert(METHOD.to_owned(), first.as_str().into())),
                None => refuse(findings, METHOD, "has none that is allowed here"),
            },
            Some(asked) if names.iter().any(|name| name == asked) => {}
            Some(_) => refuse(findings, METHOD, one_of(&names)),
        }
    }

    /// Without `scope`, all that is allowed is registered (RFC 7591 §2: "a default set of scopes"): the client names at each
    /// request what it needs, and the user is asked. An administrative scope is refused by the table.
    fn narrow_scope(&self, members: &mut Map<String, Value>, findings: &mut Findings) {
        let kept = match members.get(SCOPE) {
            None => {
                let all = self.scopes.join(" ");
                // More than one client can register: it names those that it needs.
                let fits = Scopes::parse(&all).ok();
                fits.unwrap_or_else(|| OPENID_SCOPES.into_iter().filter(|name| self.has(name)).collect())
            }
            Some(Value::String(asked)) => {
                let Ok(asked) = Scopes::parse(asked) else { return };
                let is_known = |name: &str| {
                    self.has(name) || scope::is_administrative(name) || name == scope::INTROSPECTION
                };
                let left: Vec<&str> = asked.iter().filter(|name| !is_known(name)).collect();
                if !left.is_empty() {
                    warn(findings, SCOPE, format!("left out, since not allowed here: {}", left.join(" ")));
                }
                asked.filter(is_known)
            }
            Some(_) => return,
        };
        members.insert(SCOPE.to_owned(), kept.as_str().into());
    }

    fn has(&self, name: &str) -> bool {
        self.scopes.iter().any(|allowed| allowed == name)
    }
}

const GRANTS: &str = "grant_types";
const RESPONSES: &str = "response_types";
const METHOD: &str = "token_endpoint_auth_method";
const SCOPE: &str = "scope";
/// RFC 7591 §2
const IMPLICIT: &str = "implicit";

fn retain(asked: &mut Vec<Value>, member: &str, findings: &mut Findings, keep: impl Fn(&str) -> bool) {
    let (kept, left): (Vec<_>, Vec<_>) = asked.drain(..).partition(|value| value.as_str().is_none_or(&keep));
    *asked = kept;
    if !left.is_empty() {
        let left: Vec<&str> = left.iter().filter_map(Value::as_str).collect();
        warn(findings, member, format!("left out, since not allowed here: {}", left.join(", ")));
    }
}

fn one_of(allowed: &[String]) -> String {
    format!("must be one of {}", allowed.join(", "))
}

fn refuse(findings: &mut Findings, member: &str, text: impl Into<String>) {
    findings.refuse(Finding::new(pointer("", member), text));
}

fn warn(findings: &mut Findings, member: &str, text: impl Into<String>) {
    findings.warn(Finding::new(pointer("", member), text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> Allowed {
        let scopes = ["openid", "profile", "offline_access", "notes.read"].map(str::to_owned);
        let settings = RegistrationPolicy { scopes: Some(scopes.into()), ..RegistrationPolicy::default() };
        let auth_methods = vec![ClientAuthMethod::None, ClientAuthMethod::ClientSecretPost];
        Allowed { auth_methods, ..Allowed::of(&settings, &Resources::default()) }
    }

    fn narrowed(members: Value) -> (Value, Vec<String>, Vec<String>) {
        let mut findings = Findings::default();
        let mut members = members.as_object().cloned().expect("an object");
        allowed().narrow(&mut members, &mut findings);
        let texts = |list: &[Finding]| list.iter().map(|one| one.pointer.clone()).collect::<Vec<_>>();
        (members.into(), texts(&findings.wrongs), texts(&findings.warnings))
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn what_is_absent_gets_its_default() {
        let (members, wrongs, warnings) = narrowed(json!({}));
        assert_eq!((wrongs, warnings), (NONE.map(str::to_owned).into(), NONE.map(str::to_owned).into()));
        assert_eq!(members["scope"], "openid profile offline_access notes.read");
        assert_eq!(members["token_endpoint_auth_method"], "none", "the first that is allowed");
    }

    #[test]
    fn what_is_not_allowed_is_left_out_and_told() {
        let (members, wrongs, warnings) = narrowed(json!({
            "grant_types": ["authorization_code", "client_credentials", "implicit", "urn:x"],
            "response_types": ["code", "code id_token", "token"],
            "scope": "openid other notes.read",
        }));
        assert_eq!(wrongs, NONE);
        assert_eq!(warnings, ["/grant_types", "/response_types", "/scope"]);
        assert_eq!(members["grant_types"], json!(["authorization_code"]));
        assert_eq!(members["response_types"], json!(["code"]));
        assert_eq!(members["scope"], "openid notes.read");
    }

    #[test]
    fn a_registration_of_which_nothing_is_left_is_refused() {
        assert_eq!(narrowed(json!({"grant_types": ["client_credentials"]})).1, ["/grant_types"]);
        let method = json!({"token_endpoint_auth_method": "client_secret_basic"});
        assert_eq!(narrowed(method).1, ["/token_endpoint_auth_method"]);
    }

    /// It is left to the table, which refuses it: nobody gets it by being silently ignored in a list of others.
    #[test]
    fn an_administrative_scope_is_not_left_out() {
        assert_eq!(narrowed(json!({"scope": "openid passavant.admin"})).0["scope"], "openid passavant.admin");
        let settings = RegistrationPolicy {
            scopes: Some(vec!["passavant.admin".into(), "introspection".into(), "a".into()]),
            ..RegistrationPolicy::default()
        };
        assert_eq!(Allowed::of(&settings, &Resources::default()).scopes, ["a"]);
    }
}
