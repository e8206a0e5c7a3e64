//! Whether a token was issued to a machine that acts for itself, where its `sub` is not its client (RFC 9068 §2.2).

use jose::Claims;

/// Whether the claims are those of a machine's token, besides by their `sub`; the second argument is the client.
pub(crate) type MachineRule = fn(&Claims, &str) -> bool;

/// Nothing but `sub` tells.
pub(crate) fn by_subject(_: &Claims, _: &str) -> bool {
    false
}

/// Keycloak keeps an account for each client that acts for itself: `sub` is this account, whose name is that of the client
/// with a prefix. Clients that may not see `profile` have no name in JWTs, but the address of the request.
pub(crate) fn of_keycloak(claims: &Claims, client: &str) -> bool {
    let is_account = |name: &str| {
        let client_of = name.strip_prefix("service-account-");
        client_of.is_some_and(|found| found.eq_ignore_ascii_case(client))
    };
    ["preferred_username", "username"].iter().any(|name| string(claims, name).is_some_and(is_account))
        || ["clientAddress", "clientHost"].iter().any(|name| claims.value(name).is_some())
}

/// Entra ID: `idtyp` if the application asks for this claim, and else only the tokens of users have `scp`.
pub(crate) fn of_entra(claims: &Claims, _: &str) -> bool {
    match string(claims, "idtyp") {
        Some(kind) => kind == "app",
        None => claims.value("scp").is_none(),
    }
}

/// Auth0: `gty` names the grant type, and the subject is the client with a suffix.
pub(crate) fn of_auth0(claims: &Claims, client: &str) -> bool {
    let subject = string(claims, "sub").and_then(|subject| subject.strip_suffix("@clients"));
    subject == Some(client) || string(claims, "gty") == Some("client-credentials")
}

fn string<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.string(name).ok().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn is_machine(rule: MachineRule, members: Value) -> bool {
        let Value::Object(members) = members else { panic!("an object") };
        rule(&Claims::from(members), "Web")
    }

    #[test]
    fn accounts_of_keycloak_clients_are_machines() {
        for (members, expected) in [
            (json!({"sub": "a", "preferred_username": "service-account-web"}), true),
            (json!({"sub": "a", "username": "service-account-web"}), true),
            (json!({"sub": "a", "clientAddress": "127.0.0.1"}), true),
            (json!({"sub": "a", "clientHost": "127.0.0.1"}), true),
            (json!({"sub": "a", "preferred_username": "alice", "sid": "s"}), false),
            (json!({"sub": "a", "preferred_username": "service-account-phone"}), false),
            (json!({"sub": "a", "preferred_username": "web"}), false),
            (json!({"sub": "a"}), false),
        ] {
            assert_eq!(is_machine(of_keycloak, members.clone()), expected, "{members}");
        }
    }

    #[test]
    fn applications_of_entra_are_machines() {
        for (members, expected) in [
            (json!({"idtyp": "app", "roles": ["Notes.Read.All"]}), true),
            (json!({"roles": ["Notes.Read.All"]}), true),
            (json!({"scp": "notes.read"}), false),
            (json!({"idtyp": "user", "roles": ["Admin"]}), false),
        ] {
            assert_eq!(is_machine(of_entra, members.clone()), expected, "{members}");
        }
    }

    #[test]
    fn clients_of_auth0_are_machines() {
        for (members, expected) in [
            (json!({"sub": "Web@clients"}), true),
            (json!({"sub": "x", "gty": "client-credentials"}), true),
            (json!({"sub": "auth0|1", "gty": "password"}), false),
            (json!({"sub": "Phone@clients"}), false),
            (json!({"sub": "auth0|1"}), false),
        ] {
            assert_eq!(is_machine(of_auth0, members.clone()), expected, "{members}");
        }
    }
}
