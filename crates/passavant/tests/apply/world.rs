//! Worlds to apply, and the installation that they are applied to.

use serde_json::{Value, json};

use crate::{
    browser::Peer,
    installation::{Installation, Outcome},
};

/// A secret that is long enough.
pub(crate) const SECRET: &str = "a-secret-of-22-characters-or-more";
/// Another one.
pub(crate) const OTHER: &str = "another-secret-of-22-characters";

/// The redirect URI of [`whole`].
pub(crate) const REDIRECT: &str = "https://shop.example/cb";
/// The resource of [`whole`].
pub(crate) const NOTES: &str = "https://notes.example";

/// One object of each kind, as the manual shows it.
pub(crate) fn whole() -> Value {
    json!({
        "clients": [{
            "client_id": "shop", "client_secret": SECRET, "client_name": "Shop", "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "response_types": ["code"], "token_endpoint_auth_method": "client_secret_basic",
            "scope": "openid notes.read", "id_token_signed_response_alg": "ES256",
        }],
        "resources": [{
            "resource": NOTES, "scopes": ["notes.read"], "client_id": "notes-rs", "client_secret": SECRET,
        }],
        "users": [{
            "sub": "u-1", "username": "alice", "password": "correct-horse",
            "claims": { "name": "Alice", "email": "alice@example.org" },
        }],
        "scopes": [{ "scope": "notes.read", "description": { "en": "Read your notes" }, "claims": [] }],
    })
}

/// The client of [`whole`], with some members replaced.
pub(crate) fn shop_with(members: Value) -> Value {
    let mut shop = whole()["clients"][0].clone();
    let members = members.as_object().cloned().expect("an object");
    shop.as_object_mut().expect("an object").extend(members);
    shop.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    shop
}

impl Outcome {
    /// The last line of standard output.
    pub(crate) fn last_line(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }

    /// Fails unless it ended with exit code 3, and with a problem at each of these pointers and at no other.
    pub(crate) fn must_refuse(&self, pointers: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (3, ""), "{self:?}");
        let lines = self.err.lines().map(str::trim).filter(|line| line.starts_with('/'));
        let mut found: Vec<_> = lines.filter_map(|line| line.split_once(": ")).map(|(at, _)| at).collect();
        let mut expected = pointers.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{}", self.err);
    }
}

impl Installation {
    /// Applies a world.
    pub(crate) fn apply(&self, world: &Value, flags: &[&str]) -> Outcome {
        let file = self.write("world.json", &world.to_string());
        self.run(&[&["apply", "-f", file.to_str().expect("UTF-8")], flags].concat(), "")
    }

    /// Applies a world that changes so many objects.
    pub(crate) fn must_apply(&self, world: &Value, changes: usize) -> Outcome {
        let outcome = self.apply(world, &[]);
        let count = if changes == 1 { "1 change".to_owned() } else { format!("{changes} changes") };
        assert_eq!((outcome.code, outcome.last_line()), (0, count.as_str()), "{outcome:?}");
        outcome
    }

    /// What a command prints as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let outcome = self.run(&[arguments, &["--format", "json"]].concat(), "");
        assert_eq!(outcome.code, 0, "{arguments:?}: {outcome:?}");
        serde_json::from_str(&outcome.out).expect("JSON")
    }

    /// Everything that is registered, but for secrets.
    pub(crate) fn everything(&self) -> Value {
        let list = |noun| self.json(&[noun, "list"]);
        json!({ "clients": list("client"), "resources": list("resource"), "users": list("user") })
    }
}

impl Peer {
    /// Asks for tokens by client_credentials until the answer has this status: a running server sees within a second
    /// what another process wrote.
    pub(crate) async fn token_with_status(&self, client: (&str, &str), status: u16) -> Value {
        const PATIENCE_SECONDS: u64 = 5;
        let until = tokio::time::Instant::now() + std::time::Duration::from_secs(PATIENCE_SECONDS);
        loop {
            let answer = self.client_credentials(client).await.expect("an answer");
            if answer.status == status {
                return answer.member("access_token");
            }
            assert!(tokio::time::Instant::now() < until, "still {answer:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}
