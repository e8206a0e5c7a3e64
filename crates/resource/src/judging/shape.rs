//! What the tokens of one issuer look like, where they differ from RFC 9068 and RFC 7662.

use jose::{Claims, JoseError};
use protocol::Scopes;

use crate::judging::claim::malformed;
use crate::judging::claim_path::ClaimPath;
use crate::judging::kind::UntypedRule;
use crate::judging::machine::{self, MachineRule};
use crate::limits::{LEEWAY_SECONDS, TOKEN_BYTES_MAX};
use crate::reason::Reason;

/// What the tokens of one issuer look like.
#[derive(Clone, Debug)]
pub(crate) struct TokenShape {
    /// How a JWT without `typ: at+jwt` shows that it is an access token; `None` if it is refused.
    pub(crate) untyped: Option<UntypedRule>,
    /// The claims that hold the scopes of a JWT; if empty, `scope`, which must be a string.
    pub(crate) scopes: Vec<ClaimPath>,
    /// The claims that hold the roles of the user.
    pub(crate) roles: Vec<ClaimPath>,
    /// The claims that name the client: the first that is present.
    pub(crate) client: Vec<String>,
    /// How a token shows that it was issued to a machine, besides a `sub` that is its client.
    pub(crate) machine: MachineRule,
    /// Members of `cnf` that only describe the others: they are ignored (RFC 7800 §3.1).
    pub(crate) confirmation_notes: &'static [&'static str],
    /// Whether a JWT must have `sub`.
    pub(crate) subject_required: bool,
    /// How far the clocks may differ, in seconds.
    pub(crate) leeway_seconds: i64,
    /// Longest token, in bytes.
    pub(crate) token_bytes_max: usize,
}

impl Default for TokenShape {
    fn default() -> Self {
        Self {
            untyped: None,
            scopes: Vec::new(),
            roles: Vec::new(),
            client: vec!["client_id".to_owned()],
            machine: machine::by_subject,
            confirmation_notes: &[],
            subject_required: true,
            leeway_seconds: LEEWAY_SECONDS,
            token_bytes_max: TOKEN_BYTES_MAX,
        }
    }
}

impl TokenShape {
    /// The scopes of a JWT.
    pub(crate) fn scopes_of_jwt(&self, claims: &Claims) -> Result<Scopes, Reason> {
        if self.scopes.is_empty() { scope(claims) } else { self.listed(claims) }
    }

    /// The scopes of an introspected token: `scope` (RFC 7662 §2.2), and what the claims for JWTs hold.
    pub(crate) fn scopes_of_answer(&self, claims: &Claims) -> Result<Scopes, Reason> {
        let own = scope(claims)?;
        if self.scopes.is_empty() {
            return Ok(own);
        }
        let listed = self.listed(claims)?;
        Ok(own.iter().chain(listed.iter()).collect())
    }

    /// The roles of the user.
    pub(crate) fn roles(&self, claims: &Claims) -> Result<Vec<String>, Reason> {
        let mut roles: Vec<String> = Vec::new();
        for path in &self.roles {
            for role in path.values(claims)? {
                if !roles.iter().any(|known| known == role) {
                    roles.push(role.to_owned());
                }
            }
        }
        Ok(roles)
    }

    /// The values of all listed claims. An entry of a list that is not a scope, such as a group with a space in its name, is
    /// left out: it is never split, and no route can require it.
    fn listed(&self, claims: &Claims) -> Result<Scopes, Reason> {
        let mut found = Vec::new();
        for path in &self.scopes {
            found.extend(path.values(claims)?.into_iter().filter(|value| is_scope(value)));
        }
        Ok(found.into_iter().collect())
    }
}

fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// `scope` as one string (RFC 9068 §2.2.3, RFC 7662 §2.2).
fn scope(claims: &Claims) -> Result<Scopes, Reason> {
    let scope = claims.string("scope").map_err(|error| malformed(&error))?.unwrap_or_default();
    Scopes::parse(scope).map_err(|_| malformed(&JoseError::Claim("scope".to_owned())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn scopes(paths: &[&str], members: Value) -> Result<String, Reason> {
        let Value::Object(members) = members else { panic!("an object") };
        let scopes = paths.iter().filter_map(|path| ClaimPath::new(path)).collect();
        let shape = TokenShape { scopes, ..TokenShape::default() };
        shape.scopes_of_jwt(&Claims::from(members)).map(|scopes| scopes.as_str().to_owned())
    }

    #[test]
    fn scopes_are_read_from_the_configured_claims() {
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(scopes(&["scp"], json!({"scp": "a b", "scope": "evil"})), ok("a b"));
        assert_eq!(scopes(&["scope"], json!({"scope": ["a", "b", "a"]})), ok("a b"));
        assert_eq!(scopes(&["scp", "roles"], json!({"scp": "a", "roles": ["b"]})), ok("a b"));
        assert_eq!(scopes(&["scp"], json!({})), ok(""));
        assert_eq!(scopes(&[], json!({"scope": ["a"]})), Err(Reason::ClaimMalformed));
        assert_eq!(scopes(&["scp"], json!({"scp": [1]})), Err(Reason::ClaimMalformed));
    }

    #[test]
    fn list_entries_with_spaces_are_not_split_into_scopes() {
        let members = json!({"roles": ["Domain admin", "a\"b", "", "ok"]});
        assert_eq!(scopes(&["roles"], members), Ok("ok".to_owned()));
    }
}
