//! The port to the claims of users.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::userinfo::response::UserInfoResponse;

/// Why a provider has no answer. It is logged; the client gets 503 without details.
pub type ProviderFault = Box<dyn Error + Send + Sync>;

/// Provides the claims of users, and how clients registered to receive them.
///
/// ```
/// use async_trait::async_trait;
/// use passavant_resource::userinfo::{ClaimName, ClaimsProvider, ProviderFault};
/// use serde_json::{Map, Value, json};
///
/// struct Alice;
///
/// #[async_trait]
/// impl ClaimsProvider for Alice {
///     async fn claims(
///         &self,
///         subject: &str,
///         wanted: &[ClaimName<'_>],
///     ) -> Result<Option<Map<String, Value>>, ProviderFault> {
///         if subject != "u-1" {
///             return Ok(None);
///         }
///         let value = |claim: &ClaimName<'_>| match (claim.name(), claim.locale()) {
///             ("name", None) => Some(json!("Alice")),
///             ("name", Some("ja")) => Some(json!("アリス")),
///             _ => None,
///         };
///         Ok(Some(wanted.iter().filter_map(|claim| Some((claim.to_string(), value(claim)?))).collect()))
///     }
/// }
/// ```
#[async_trait]
pub trait ClaimsProvider: Send + Sync + 'static {
    /// The values of the wanted claims that the user has, with the names that [`ClaimName`] displays. Other claims and
    /// nulls are left out of the answer. `None` if there is no such user.
    ///
    /// # Errors
    ///
    /// [`ProviderFault`] if that is unavailable now.
    async fn claims(
        &self,
        subject: &str,
        wanted: &[ClaimName<'_>],
    ) -> Result<Option<Map<String, Value>>, ProviderFault>;

    /// The form in which this client registered to receive UserInfo answers; plain JSON by default. `client` is `None`
    /// if the token names none.
    ///
    /// # Errors
    ///
    /// [`ProviderFault`] if that is unavailable now.
    async fn response(&self, client: Option<&str>) -> Result<UserInfoResponse, ProviderFault> {
        let _everybody = client;
        Ok(UserInfoResponse::Json)
    }
}

/// One wanted claim, with a language if one is wanted: `name`, or `name#ja` (OpenID Connect Core 1.0 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimName<'a> {
    name: &'a str,
    locale: Option<&'a str>,
}

impl<'a> ClaimName<'a> {
    pub(super) const fn new(name: &'a str, locale: Option<&'a str>) -> Self {
        Self { name, locale }
    }

    /// The claim, without its language.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The language tag (RFC 5646), case-insensitive; `None` without a language.
    pub const fn locale(&self) -> Option<&'a str> {
        self.locale
    }
}

impl fmt::Display for ClaimName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.locale.map_or(Ok(()), |locale| write!(f, "#{locale}"))
    }
}
