//! Every section of the configuration, in the order of the reference: a new one is a file and a line here.

mod audience;
pub(crate) mod authorization;
mod backchannel_authentication;
pub(crate) mod branding;
mod clients;
mod database;
mod device;
mod dpop;
mod http;
mod interactions;
mod jwt_bearer;
pub(super) mod log;
mod management;
mod mtls;
pub(crate) mod passwords;
pub(super) mod pkce;
mod refresh_tokens;
pub(super) mod registration;
mod secrets;
mod sessions;
pub(crate) mod sign_in;
mod signing_keys;
mod tls;
mod token_exchange;
mod tokens;
mod top;

use super::table::{Key, Section, Source};

macro_rules! sections {
    ($($(#[doc = $about:literal])+ $field:ident: $section:ty,)+) => {
        /// All of them, typed and within their ranges.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) struct Sections {
            $($(#[doc = $about])+ pub(crate) $field: $section,)+
        }

        impl Sections {
            /// Reads every section, so that every problem is found.
            pub(crate) fn read(source: &mut impl Source) -> Option<Self> {
                $(let $field = <$section>::read(source);)+
                Some(Self { $($field: $field?,)+ })
            }
        }

        /// The rows of all sections.
        pub(crate) const SECTIONS: &[Section] = &[$(<$section>::SECTION),+];
    };
}

sections! {
    /// Keys above all tables.
    top: top::Top,
    /// `[http]`
    http: http::Http,
    /// `[http.tls]`
    tls: tls::Tls,
    /// `[http.mtls]`
    mtls: mtls::Mtls,
    /// `[management]`
    management: management::Management,
    /// `[database]`
    database: database::Database,
    /// `[secrets]`
    secrets: secrets::Secrets,
    /// `[signing_keys]`
    signing_keys: signing_keys::SigningKeys,
    /// `[clients]`
    clients: clients::Clients,
    /// `[clients.registration]`
    registration: registration::Registration,
    /// `[token_exchange]`
    token_exchange: token_exchange::TokenExchange,
    /// `[jwt_bearer]`
    jwt_bearer: jwt_bearer::JwtBearer,
    /// `[backchannel_authentication]`
    backchannel_authentication: backchannel_authentication::BackchannelAuthentication,
    /// `[device]`
    device: device::Device,
    /// `[audience]`
    audience: audience::Audience,
    /// `[authorization]`
    authorization: authorization::Authorization,
    /// `[sessions]`
    sessions: sessions::Sessions,
    /// `[interactions]`
    interactions: interactions::Interactions,
    /// `[tokens]`
    tokens: tokens::Tokens,
    /// `[refresh_tokens]`
    refresh_tokens: refresh_tokens::RefreshTokens,
    /// `[dpop]`
    dpop: dpop::Dpop,
    /// `[pkce]`
    pkce: pkce::Pkce,
    /// `[sign_in]`
    sign_in: sign_in::SignIn,
    /// `[passwords]`
    passwords: passwords::Passwords,
    /// `[branding]`
    branding: branding::Branding,
    /// `[log]`
    log: log::Log,
}

/// Every key of every section.
pub(crate) fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}
