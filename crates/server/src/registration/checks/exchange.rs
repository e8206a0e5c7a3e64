//! `token_exchange`: passavant's own member about whose tokens a client may exchange (RFC 8693).

use protocol::{ClientAuthMethod, TokenExchangePolicy, scope};

use crate::registration::{entry::Entry, rules::Rules};

/// The policy is complete, and its client has a credential: whoever exchanges a user's token must be known.
pub(crate) fn policy(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    let Some(value) = entry.value(name).cloned() else { return };
    let policy: TokenExchangePolicy = match serde_json::from_value(value) {
        Ok(policy) => policy,
        Err(error) => return entry.refuse(name, format!("is not a policy of token exchange: {error}")),
    };
    if policy.subject_clients.is_empty() && policy.subject_audiences.is_empty() {
        entry.refuse(name, "must name subject_clients or subject_audiences: whose tokens are exchanged");
    }
    if policy.audiences.is_empty() {
        entry.refuse(name, "must name audiences: the resources that tokens are exchanged for");
    }
    if policy.scopes.iter().any(|token| scope::is_administrative(token) || token == scope::INTROSPECTION) {
        entry.refuse(name, "scopes of this server's own API are never exchanged for");
    }
    if entry.text("token_endpoint_auth_method") == Some(ClientAuthMethod::None.as_str()) {
        entry.refuse(name, "needs a client with a credential");
    }
}
