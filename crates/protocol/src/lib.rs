//! The vocabulary of OAuth 2.x and OpenID Connect, as types.
//!
//! Nothing here reads a clock, performs I/O or awaits. A value of one of these types has been parsed and is within its
//! limits, and nothing more is implied. Start with [`ids`] (who), [`secrets`] (what possession proves) and [`error`]
//! (how a refusal is written on the wire).

pub mod audience;
pub mod challenge;
pub mod client_metadata;
pub mod difference;
pub mod display;
pub mod error;
pub mod fields;
pub mod ids;
pub mod limits;
pub mod params;
pub mod pkce;
pub mod proof;
pub mod registry;
pub mod resource_metadata;
pub mod scope;
pub mod secret_text;
pub mod secrets;
pub mod server_metadata;
pub mod time;
pub mod uri;
pub mod user_code;

pub use audience::Audience;
pub use challenge::Challenge;
pub use client_metadata::{ClientMetadata, IdTokenClaims, TokenExchangePolicy};
pub use difference::Difference;
pub use error::ErrorCode;
pub use ids::{ClientId, DeferredId, FamilyId, GrantId, Issuer, JwtId, SessionId, Subject, TokenId};
pub use params::Params;
pub use pkce::CodeChallenge;
pub use proof::Confirmation;
pub use registry::{ClientAuthMethod, GrantType, Prompt, ResponseMode, ResponseType, TokenType};
pub use resource_metadata::ResourceMetadata;
pub use scope::Scopes;
pub use secrets::{
    AccessToken, AuthorizationCode, BrowserSecret, DeferredCode, Digest, Handle, InteractionToken,
    PushedRequest, RefreshToken, RegistrationToken, SessionToken, Stored,
};
pub use server_metadata::ServerMetadata;
pub use time::Timestamp;
pub use user_code::UserCode;
