//! The parameters of a valid authorization request, as they are stored while it is paused.

use jose::Thumbprint;
use protocol::{Audience, CodeChallenge, Prompt, ResponseType, Scopes, Subject, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::requested_claims::RequestedClaims;
use crate::{
    audience::RequestedResources,
    context::PushedKey,
    reason::Reason,
    store::{GrantDetails, Remember, Space},
};

/// The parameters of a valid request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requested {
    /// Absent from requests that an earlier version stored: `code`.
    #[serde(default = "code", with = "response_type_text", skip_serializing_if = "is_code")]
    pub(crate) response_type: ResponseType,
    pub(crate) scopes: Scopes,
    /// The `resource` parameters (RFC 8707).
    pub(crate) resources: Vec<String>,
    /// The audience when it was requested: what the user is asked for. A resource that lists a scope later is not in it.
    /// Absent from requests that an earlier version stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<Vec<Audience>>,
    pub(crate) challenge: Option<CodeChallenge>,
    /// The key that must redeem the code (RFC 9449 §10). Absent from requests that an earlier version stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_jkt: Option<Thumbprint>,
    pub(crate) nonce: Option<Box<str>>,
    pub(crate) prompt: Vec<Box<str>>,
    pub(crate) max_age: Option<i64>,
    pub(crate) login_hint: Option<Box<str>>,
    /// The subject of the `id_token_hint`.
    pub(crate) expected: Option<Subject>,
    /// The claims that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Box<RequestedClaims>>,
    /// What it asks for beside scopes (RFC 9396).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) authorization_details: Vec<Value>,
    /// Whether its ID tokens are to say how strong the authentication was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) names_acr: bool,
    /// The pushed request that it is, to be used up by the approval (RFC 9126 §7.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pushed: Option<PushedKey>,
    /// The request object that it is, to be remembered by the approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<OnceObject>,
}

/// A request object that is accepted once: the digest of its client and `jti`, and until when it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OnceObject {
    pub(super) key: Box<str>,
    pub(super) until: Timestamp,
}

impl OnceObject {
    /// The change that remembers it.
    pub(crate) fn remember(&self) -> Remember {
        let (space, replayed) = (Space::RequestObject, Reason::RequestObjectReplayed);
        Remember { space, key: self.key.clone(), until: self.until, replayed }
    }
}

impl Requested {
    pub(crate) fn asks(&self, prompt: Prompt) -> bool {
        self.prompt.iter().any(|asked| **asked == *prompt.as_str())
    }

    pub(super) fn asked<'a>(&'a self, wanted: &'a RequestedResources) -> Asked<'a> {
        let Self { response_type, scopes, authorization_details, .. } = self;
        Asked { response_type: *response_type, scopes, wanted, details: authorization_details }
    }

    /// The scopes that the user must approve: those of the request, and those that would release the claims that it names.
    pub(crate) fn asked_scopes(&self) -> Scopes {
        let of_claims = self.claims.iter().flat_map(|claims| claims.scopes.iter());
        self.scopes.iter().chain(of_claims).collect()
    }

    /// What a grant holds of it beside scopes and audience.
    pub(crate) fn details(&self) -> Option<Box<GrantDetails>> {
        let claims = self.claims.as_deref();
        let names = |of: fn(&RequestedClaims) -> &Vec<Box<str>>| claims.map(of).cloned().unwrap_or_default();
        let details = GrantDetails {
            id_token_claims: names(|claims| &claims.id_token),
            userinfo_claims: names(|claims| &claims.userinfo),
            names_acr: self.names_acr,
            authorization_details: self.authorization_details.clone(),
        };
        (details != GrantDetails::default()).then(|| Box::new(details))
    }

    pub(crate) fn wanted(&self) -> RequestedResources {
        RequestedResources(self.resources.iter().map(|resource| Audience::new(resource.as_str())).collect())
    }
}

const fn code() -> ResponseType {
    ResponseType::Code
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_code(response_type: &ResponseType) -> bool {
    *response_type == ResponseType::Code
}

/// A response type as its text.
mod response_type_text {
    use protocol::ResponseType;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(value: &ResponseType, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ResponseType, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        ResponseType::read(&text).ok_or_else(|| de::Error::custom("not a response type"))
    }
}

/// What must be allowed.
pub(super) struct Asked<'a> {
    pub(super) response_type: ResponseType,
    pub(super) scopes: &'a Scopes,
    pub(super) wanted: &'a RequestedResources,
    pub(super) details: &'a [Value],
}
