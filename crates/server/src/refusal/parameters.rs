//! How the parameters of a request differ from what is registered, for each reason that is about a parameter.

use std::fmt::Display;

use protocol::{Params, Prompt, ResponseMode, Scopes, limits};

use super::{Difference, uri_difference};
use crate::{
    reason::Reason,
    registry::{RegisteredClient, Resources},
};

/// What the parameters of a request are compared with.
#[derive(Clone, Copy)]
pub(crate) struct Registered<'a> {
    pub(crate) client: &'a RegisteredClient,
    pub(crate) resources: &'a Resources,
    /// The grant types of the server.
    pub(crate) grant_types: &'a [&'a str],
}

/// How the parameters differ. A parameter whose value is a credential is never among them.
pub(crate) fn difference(
    reason: Reason,
    params: &Params<'_>,
    registered: &Registered<'_>,
) -> Option<Difference> {
    of_client(reason, params, registered)
        .or_else(|| of_audience(reason, params, registered))
        .or_else(|| of_authorization(reason, params))
        .or_else(|| of_any(reason, params))
}

/// What the client must have registered.
fn of_client(reason: Reason, params: &Params<'_>, registered: &Registered<'_>) -> Option<Difference> {
    let Registered { client, grant_types, .. } = registered;
    let metadata = &client.metadata;
    Some(match reason {
        Reason::GrantTypeUnsupported => {
            Difference::new("grant_type", sent(params, "grant_type"), list(*grant_types))
        }
        Reason::GrantTypeNotRegistered => {
            Difference::new("grant_type", sent(params, "grant_type"), list(metadata.grant_types()))
        }
        Reason::ClientCredentialsNotAllowed => {
            Difference::new("token_endpoint_auth_method", "none", "that of a client with a credential")
        }
        Reason::ResponseTypeNotRegistered => Difference::new(
            "response_type",
            sent(params, "response_type"),
            format_args!(
                "registered are response_types {} and grant_types {}; the response type is needed, with authorization_code for \
                 code and implicit for tokens",
                list(metadata.response_types()),
                list(metadata.grant_types()),
            ),
        ),
        Reason::ScopeNotRegistered => {
            let asked = Scopes::parse(params.get("scope")?).ok()?;
            scopes(&asked.filter(|token| !client.scopes.contains(token)), &client.scopes)
        }
        _ => return None,
    })
}

/// Scopes that were sent and are not among those expected.
pub(crate) fn scopes(surplus: &Scopes, expected: &Scopes) -> Difference {
    let expected = if expected.is_empty() { "no scope" } else { expected.as_str() };
    Difference::new("scope", surplus.as_str(), expected)
}

/// RFC 8707 §2
fn of_audience(reason: Reason, params: &Params<'_>, registered: &Registered<'_>) -> Option<Difference> {
    let all = registered.resources;
    match reason {
        Reason::AudienceNotRegistered => {
            let is_unknown = |sent: &&str| all.by_identifier(&protocol::Audience::new(*sent)).is_none();
            let unknown = params.all("resource").find(is_unknown)?;
            let identifiers = all.all().iter().map(|resource| resource.identifier.as_str());
            Some(uri_difference("resource", unknown, identifiers))
        }
        Reason::ResourceNotAllowed => Some(Difference::new(
            "resource",
            list(params.all("resource")),
            format_args!(
                "a resource that was approved, and lists one of the client's scopes: {}",
                registered.client.scopes
            ),
        )),
        Reason::AudienceTooMany => {
            let named = list(params.all("resource"));
            let named = if named.is_empty() { "nothing".to_owned() } else { named };
            Some(Difference::new("resource", named, "one resource"))
        }
        _ => None,
    }
}

/// What an authorization request may say.
fn of_authorization(reason: Reason, params: &Params<'_>) -> Option<Difference> {
    Some(match reason {
        Reason::ResponseTypeMissing => Difference::absent("response_type", "code"),
        Reason::ResponseTypeUnsupported => Difference::new(
            "response_type",
            sent(params, "response_type"),
            "code; those with tokens need authorization.danger_front_channel_tokens",
        ),
        Reason::ResponseModeNotAllowed => {
            Difference::new("response_mode", sent(params, "response_mode"), "fragment or form_post")
        }
        Reason::NonceMissing => Difference::absent("nonce", "a value"),
        Reason::ScopeOpenidMissing => Difference::new("scope", sent(params, "scope"), "openid"),
        Reason::ResponseModeUnsupported => {
            Difference::new("response_mode", sent(params, "response_mode"), list(ResponseMode::ALL))
        }
        Reason::PkceMissing => Difference::absent("code_challenge", "a challenge of the method S256"),
        Reason::PkceOrNonceMissing => {
            Difference::absent("code_challenge", "a challenge, or a nonce with the scope openid")
        }
        Reason::PkceMalformed => {
            Difference::new("code_challenge", length(params, "code_challenge"), "43 characters of base64url")
        }
        Reason::PkceMethodUnsupported => {
            let method = params.get("code_challenge_method").unwrap_or("nothing, which means plain");
            Difference::new("code_challenge_method", method, "S256")
        }
        Reason::PromptInvalid => Difference::new(
            "prompt",
            sent(params, "prompt"),
            format_args!("none, or some of {}", list(&Prompt::ALL[1..])),
        ),
        Reason::MaxAgeInvalid => {
            Difference::new("max_age", sent(params, "max_age"), "a number of seconds, at most 10 digits")
        }
        Reason::HintInvalid => Difference::new(
            "id_token_hint",
            "a token that is not an ID token of this server",
            "an ID token of this server, expired or not",
        ),
        Reason::RequestObjectUnsupported => Difference::new("request", "a value", "nothing"),
        Reason::RequestUriUnsupported => Difference::new("request_uri", "a value", "nothing"),
        Reason::RegistrationUnsupported => Difference::new("registration", "a value", "nothing"),
        _ => return None,
    })
}

/// What is true of every parameter.
fn of_any(reason: Reason, params: &Params<'_>) -> Option<Difference> {
    Some(match reason {
        Reason::ParameterMissing(name) => Difference::absent(name, "a value"),
        Reason::ParameterTooLong(name) => {
            let limit = match name {
                "state" => limits::STATE_BYTES_MAX,
                "nonce" => limits::NONCE_BYTES_MAX,
                _ => limits::INTERACTION_BYTES_MAX,
            };
            Difference::new(name, length(params, name), format_args!("at most {limit} bytes"))
        }
        Reason::ScopeMalformed => {
            Difference::new("scope", sent(params, "scope"), "words of ASCII, separated by single spaces")
        }
        _ => return None,
    })
}

fn sent<'p>(params: &'p Params<'_>, name: &str) -> &'p str {
    params.get(name).unwrap_or("nothing")
}

fn length(params: &Params<'_>, name: &str) -> String {
    params.get(name).map_or_else(|| "too much".to_owned(), |value| format!("{} bytes", value.len()))
}

/// The names, separated by spaces.
pub(crate) fn list(names: impl IntoIterator<Item = impl Display>) -> String {
    names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ")
}
