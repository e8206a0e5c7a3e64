//! Members about backchannel authentication (OpenID Connect Client-Initiated Backchannel Authentication 1.0 §4).

use jose::SignatureAlgorithm;
use protocol::uri;

use crate::registration::{entry::Entry, rules::Rules};

/// `backchannel_token_delivery_mode`: `push` sends tokens to an address and is not served.
pub(crate) fn delivery(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    match entry.text(name).map(str::to_owned).as_deref() {
        Some("ping") if !entry.has("backchannel_client_notification_endpoint") => {
            entry.refuse(name, "ping needs backchannel_client_notification_endpoint");
        }
        Some("poll" | "ping") | None => {}
        Some("push") => entry.warn(name, "`push` is stored, but not supported here"),
        Some(_) => entry.refuse(name, "must be poll, ping or push"),
    }
}

/// `backchannel_client_notification_endpoint`: the operator or the client names it, and tokens of the client go there.
pub(crate) fn endpoint(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    let is_https = |text: &str| uri::Parts::of(text).is_ok_and(|parts| parts.scheme == "https");
    if entry.text(name).is_some_and(|text| !is_https(text)) {
        entry.refuse(name, "must be an https address");
    }
}

/// `backchannel_authentication_request_signing_alg`: asymmetric (§4).
pub(crate) fn signing(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    let is_public =
        |name: &str| SignatureAlgorithm::parse(name).is_some_and(|algorithm| !algorithm.is_symmetric());
    if entry.text(name).is_some_and(|name| !is_public(name)) {
        entry.refuse(name, "must be an algorithm with a public key, like ES256");
    }
}
