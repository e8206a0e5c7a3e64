//! Who acts for the user: `actor_token`, `act` and `may_act` (RFC 8693 §1.1, §4.1, §4.4).

use protocol::{TokenExchangePolicy, limits};
use serde_json::{Map, Value, json};

use super::{
    subject::{self, SubjectToken},
    token_types::{ACCESS_TOKEN, ID_TOKEN, JWT},
};
use crate::{
    AuthorizationServer, context::TokenRequest, error::Error, reason::Reason, registry::RegisteredClient,
    tokens::id_token,
};

/// The claim of an account that names who may act for it (RFC 8693 §4.4): an object, or an array of objects. A claim of the
/// account holds for opaque tokens too.
const MAY_ACT: &str = "may_act";

/// An actor: the claims that identify it.
type Actor = Map<String, Value>;

/// Reads `actor_token`, which must be the client's own, and live: a token that was issued to somebody else proves
/// nothing about who sends it.
pub(super) async fn read(
    server: &AuthorizationServer,
    request: &TokenRequest<'_>,
) -> Result<Option<Actor>, Error> {
    let (token, token_type) = (request.params.get("actor_token"), request.params.get("actor_token_type"));
    let (token, token_type) = match (token, token_type) {
        (None, None) => return Ok(None),
        (Some(token), Some(token_type)) => (token, token_type),
        (Some(_), None) => return Err(Reason::ParameterMissing("actor_token_type").into()),
        (None, Some(_)) => return Err(Reason::ParameterMissing("actor_token").into()),
    };
    let (client, sub) = match token_type {
        ACCESS_TOKEN | JWT => {
            let access = subject::live(server, token, request.now).await?;
            let access = access.ok_or(Reason::ActorTokenInactive)?;
            if !access.confirmation.as_deref().is_none_or(|bound| request.shows(bound)) {
                return Err(Reason::ActorTokenInactive.into());
            }
            let sub = access.subject.map_or_else(|| access.client.to_string(), |subject| subject.to_string());
            (access.client, sub)
        }
        ID_TOKEN => {
            let hint = id_token::read_hint(server, token).await?;
            let hint = hint.filter(|hint| hint.expires_at > request.now).ok_or(Reason::ActorTokenInactive)?;
            (hint.client, hint.subject.to_string())
        }
        _ => return Err(Reason::TokenTypeUnsupported.into()),
    };
    if client != *request.client.id() {
        return Err(Reason::ActorTokenInactive.into());
    }
    Ok(Some(identity(&sub, &request.client)))
}

fn identity(sub: &str, client: &RegisteredClient) -> Actor {
    Map::from_iter([("sub".to_owned(), json!(sub)), ("client_id".to_owned(), json!(client.id().as_str()))])
}

/// The `act` of the new token. Without an actor token the client itself is the actor, unless its policy lets it
/// impersonate. Those who acted before stay below the current actor (RFC 8693 §4.1).
pub(super) async fn act(
    server: &AuthorizationServer,
    policy: &TokenExchangePolicy,
    subject: &SubjectToken,
    actor: Option<Actor>,
    client: &RegisteredClient,
) -> Result<Option<Value>, Error> {
    let named = actor.is_some();
    let actor = actor.unwrap_or_else(|| identity(client.id().as_str(), client));
    let claims = server.accounts().claims(&subject.subject, &[MAY_ACT.to_owned()]).await?;
    if claims.get(MAY_ACT).is_some_and(|may_act| !permits(may_act, &actor)) {
        return Err(Reason::ActorNotAllowed.into());
    }
    if policy.impersonation && !named {
        return Ok(subject.act.clone());
    }
    let chained = chain(actor, subject.act.as_ref());
    if depth(&chained) > limits::ACTORS_MAX {
        return Err(Reason::ActorsTooMany.into());
    }
    Ok(Some(chained))
}

/// Whether the account permits this actor: every claim that one of its entries names has this value.
fn permits(may_act: &Value, actor: &Actor) -> bool {
    let is_it = |entry: &Value| {
        let named = entry.as_object().filter(|named| !named.is_empty());
        named.is_some_and(|named| named.iter().all(|(name, value)| actor.get(name) == Some(value)))
    };
    match may_act {
        Value::Array(entries) => entries.iter().any(is_it),
        entry => is_it(entry),
    }
}

fn chain(mut actor: Actor, before: Option<&Value>) -> Value {
    if let Some(before) = before {
        actor.insert("act".to_owned(), before.clone());
    }
    Value::Object(actor)
}

fn depth(act: &Value) -> usize {
    std::iter::successors(Some(act), |act| act.get("act")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(sub: &str) -> Actor {
        Map::from_iter([("sub".to_owned(), json!(sub)), ("client_id".to_owned(), json!("orders"))])
    }

    #[test]
    fn who_acted_before_stays_in_the_chain() {
        let first = chain(actor("a"), None);
        let second = chain(actor("b"), Some(&first));
        assert_eq!((depth(&first), depth(&second)), (1, 2));
        assert_eq!(
            (&second["sub"], &second["act"]["sub"], &second["act"]["act"]),
            (&json!("b"), &json!("a"), &Value::Null)
        );
    }

    #[test]
    fn an_account_names_who_may_act_for_it() {
        let actor = actor("orders");
        for may_act in [
            json!({ "sub": "orders" }),
            json!({ "sub": "orders", "client_id": "orders" }),
            json!([{ "sub": "x" }, { "client_id": "orders" }]),
        ] {
            assert!(permits(&may_act, &actor), "{may_act}");
        }
        for other in [
            json!({ "sub": "x" }),
            json!({ "sub": "orders", "iss": "https://other.example" }),
            json!({}),
            json!([]),
            json!("orders"),
            json!(null),
        ] {
            assert!(!permits(&other, &actor), "{other}");
        }
    }
}
