//! Presets: the settings that the access tokens of known servers need.

use std::sync::Arc;

use crate::face::builder::GuardBuilder;
use crate::face::builder::shape::Preset;
use crate::face::error::GuardError;
use crate::judging::audience::AudienceRule;
use crate::judging::claim_path::ClaimPath;
use crate::judging::kind::{OF_ID_TOKENS, UntypedRule};
use crate::judging::machine;
use crate::judging::remote::Remote;
use crate::judging::shape::TokenShape;
use crate::judging::tokeninfo::{GOOGLE, TokenInfo};
use crate::judging::verifier::Mode;
use crate::trust::discovery::endpoint_url;

/// Longest access token of these servers, in bytes: they put groups and roles into tokens.
const TOKEN_BYTES: usize = 16 * 1024;
/// The clocks of a service that is spread over the world differ by more than those of one machine room.
const LEEWAY_SECONDS: i64 = 60;

/// An authorization server whose access tokens differ from RFC 9068, as it issues them by default.
///
/// A preset only changes how access tokens of the issuer are recognized and read (also what [`Token::is_user`](crate::Token::is_user)
/// goes by), and how long they may be (16 KiB). Issuer,
/// audience, signature, times and scopes are checked as always, and ID tokens stay refused: each variant says how
/// they are told apart. An introspection answer must name the audience, except for GitLab's. `docs/guard.md` has a table with what
/// to configure at each server. [`Provider::Passavant`] only makes the guard stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// passavant itself, whose tokens need no preset. Introspection requests name the audience of the guard in `resource`, so
    /// that the answer is about that resource alone and says `aud`; one that does not is refused, as by
    /// [`require_audience`](GuardBuilder::require_audience). The audience must be a resource of the caller.
    Passavant,
    /// Keycloak: `typ` is `JWT`, the client is in `azp`, roles are in `realm_access.roles`. The claim `typ` of an access token
    /// is `Bearer` or `DPoP`, that of an ID token is `ID`, that of a refresh token `Refresh`. A machine has an account, named
    /// after its client.
    Keycloak,
    /// Microsoft Entra ID, versions 1.0 and 2.0 of its tokens: `typ` is `JWT`, scopes are in `scp`, app roles in `roles`, the
    /// client is in `azp` or `appid`, which ID tokens do not have. The leeway is 60 s.
    Entra,
    /// Okta, a custom authorization server: no `typ`, scopes are a list in `scp`, the client is in `cid`, which ID tokens do
    /// not have. Tokens of the org authorization server are for Okta alone.
    Okta,
    /// Auth0: `typ` is `JWT` or `at+jwt`, the client is in `azp`, permissions are read as roles. Access tokens have `scope`,
    /// `permissions` or `gty`, which ID tokens do not have.
    Auth0,
    /// Amazon Cognito: no `typ`, groups are in `cognito:groups`. An access token has `token_use: "access"`, an ID token `id`.
    /// Access tokens have no `aud` unless the client asked for a resource: then the client must be the audience of the guard
    /// ([`AudienceRule::ExactOrClient`]).
    Cognito,
    /// Duende IdentityServer: `typ` is `at+jwt`, by which ID tokens are told apart, `scope` is a list, and the tokens of
    /// machines have no `sub`.
    Duende,
    /// Ory Hydra: opaque tokens, which need credentials for introspection, or JWTs: `typ` is `JWT`, and scopes are a list in
    /// `scp`. Access tokens have `client_id`, which ID tokens do not have.
    Hydra,
    /// Google: opaque tokens, which are checked at its `tokeninfo` endpoint without credentials. The audience is the client, and
    /// the issuer `https://accounts.google.com`. Google's JWTs are ID tokens, which that endpoint does not take for access tokens.
    Google,
    /// GitLab: opaque tokens, which are introspected with the credentials of an application.
    GitLab,
    /// Dex: no `typ`, no scopes, groups are in `groups`; the audience is the client. **Dex writes access tokens as ID tokens.**
    /// Those that come with an authorization code have `c_hash`, and are refused; an ID token that was obtained with a refresh
    /// token or without a code can't be told from an access token, neither here nor by Dex itself.
    Dex,
}

impl Provider {
    /// All of them, with the names that [`Guard::from_env`](crate::Guard::from_env) and `passavant guard` use.
    pub const ALL: [(&'static str, Self); 11] = [
        ("passavant", Self::Passavant),
        ("keycloak", Self::Keycloak),
        ("entra", Self::Entra),
        ("okta", Self::Okta),
        ("auth0", Self::Auth0),
        ("cognito", Self::Cognito),
        ("duende", Self::Duende),
        ("hydra", Self::Hydra),
        ("google", Self::Google),
        ("gitlab", Self::GitLab),
        ("dex", Self::Dex),
    ];

    /// The shape of its tokens.
    fn shape(self) -> TokenShape {
        let common = TokenShape { token_bytes_max: TOKEN_BYTES, ..TokenShape::default() };
        let untyped = |rule| TokenShape { untyped: Some(rule), ..common.clone() };
        match self {
            Self::Passavant => TokenShape::default(),
            Self::Keycloak => TokenShape {
                roles: paths(&["realm_access.roles"]),
                client: names(&["azp", "client_id"]),
                machine: machine::of_keycloak,
                // It says `DPoP` beside the thumbprint of a DPoP key.
                confirmation_notes: &["kc-jkt-type"],
                ..untyped(UntypedRule::named("typ", &["Bearer", "DPoP"]))
            },
            Self::Entra => TokenShape {
                scopes: paths(&["scp"]),
                roles: paths(&["roles"]),
                client: names(&["azp", "appid"]),
                machine: machine::of_entra,
                leeway_seconds: LEEWAY_SECONDS,
                ..untyped(UntypedRule::marked(&["azp", "appid"]))
            },
            Self::Okta => TokenShape {
                scopes: paths(&["scp"]),
                roles: paths(&["groups"]),
                client: names(&["cid"]),
                ..untyped(UntypedRule::marked(&["cid"]))
            },
            Self::Auth0 => TokenShape {
                roles: paths(&["permissions"]),
                client: names(&["azp", "client_id"]),
                machine: machine::of_auth0,
                ..untyped(UntypedRule::marked(&["scope", "permissions", "gty", "client_id"]))
            },
            Self::Cognito => TokenShape {
                roles: paths(&["cognito:groups"]),
                ..untyped(UntypedRule::named("token_use", &["access"]))
            },
            Self::Duende => TokenShape {
                scopes: paths(&["scope"]),
                roles: paths(&["role"]),
                subject_required: false,
                ..common
            },
            Self::Hydra => TokenShape {
                scopes: paths(&["scp", "scope"]),
                ..untyped(UntypedRule { marks: &["client_id"], named: None, foreign: OF_ID_TOKENS })
            },
            Self::Google => TokenShape { client: names(&["azp"]), ..common },
            Self::GitLab => common,
            Self::Dex => TokenShape {
                roles: paths(&["groups"]),
                client: names(&["azp"]),
                ..untyped(UntypedRule { marks: &["at_hash"], named: None, foreign: &["c_hash", "s_hash"] })
            },
        }
    }
}

impl GuardBuilder {
    /// Sets what the access tokens of this server need. Settings that are made before this call are replaced where the preset
    /// has its own; later ones take precedence.
    ///
    /// ```
    /// use passavant_resource::{Guard, Provider};
    ///
    /// let builder = Guard::builder("https://id.example.org/realms/notes", "https://notes.example.org")
    ///     .provider(Provider::Keycloak)
    ///     .required_scopes("notes.read");
    /// # let _ = builder;
    /// ```
    pub fn provider(mut self, provider: Provider) -> Self {
        self.shape = provider.shape();
        self.preset = Preset { scopes: true, roles: true };
        self.asks_tokeninfo = false;
        self.names_audience = false;
        // They answer about every token of the issuer, Hydra's admin port even to everybody: that a token is active does not say
        // that it is for this API (RFC 7662 §4). GitLab names no audience.
        self.audience_required |= provider != Provider::GitLab;
        match provider {
            Provider::Passavant => self.names_audience = true,
            Provider::Cognito => self.audience_rule = AudienceRule::ExactOrClient,
            Provider::Google => self.asks_tokeninfo = true,
            Provider::GitLab => self.mode = Mode::Introspection,
            Provider::Keycloak
            | Provider::Entra
            | Provider::Okta
            | Provider::Auth0
            | Provider::Duende
            | Provider::Hydra
            | Provider::Dex => {}
        }
        self
    }
}

impl GuardBuilder {
    /// What asks about tokens instead of introspection; `introspection_url` names another endpoint, as of an emulator.
    pub(super) fn tokeninfo(&self, remote: &Arc<Remote>) -> Result<Option<Arc<TokenInfo>>, GuardError> {
        if !self.asks_tokeninfo {
            return Ok(None);
        }
        let url = self.endpoints.introspection.as_deref().unwrap_or(GOOGLE);
        let url = endpoint_url(&remote.expected.issuer, url);
        let url = url.map_err(|why| GuardError::Endpoint("tokeninfo", why))?;
        Ok(Some(Arc::new(TokenInfo::new(Arc::clone(remote), &url))))
    }
}

fn paths(claims: &[&str]) -> Vec<ClaimPath> {
    claims.iter().filter_map(|claim| ClaimPath::new(claim)).collect()
}

fn names(claims: &[&str]) -> Vec<String> {
    claims.iter().copied().map(str::to_owned).collect()
}
