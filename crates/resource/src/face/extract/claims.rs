//! The claims of a token as a type of the handler.

use http::Extensions;
use protocol::Scopes;
use serde::de::DeserializeOwned;

use crate::answer::challenge::Denied;
use crate::face::token::Token;
use crate::reason::Reason;

/// The claims of the accepted token, deserialized into a type of yours. An extractor in axum and actix-web.
///
/// ```
/// use passavant_resource::extract::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct Member {
///     sub: String,
///     department: String,
/// }
///
/// async fn welcome(Claims(member): Claims<Member>) -> String {
///     format!("{} of {}", member.sub, member.department)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims<T>(pub T);

impl<T: DeserializeOwned> Claims<T> {
    /// The claims of the token that the layer around this service accepted, from the extensions of the request.
    ///
    /// # Errors
    ///
    /// As [`Token::of`], and [`Reason::ClaimMalformed`] (401) if the claims do not fit the type.
    pub fn of(extensions: &Extensions) -> Result<Self, Denied> {
        let token = Token::of(extensions)?;
        T::deserialize(token.claims().as_map()).map(Self).map_err(|_| {
            // The error quotes the value, and claims must not be logged.
            tracing::debug!(
                expected = std::any::type_name::<T>(),
                "the claims do not fit the handler's type"
            );
            token.refuser().deny(Reason::ClaimMalformed, &Scopes::default())
        })
    }
}
