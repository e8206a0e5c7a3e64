//! Access tokens of Keycloak, Entra ID, Okta, Auth0, Cognito and other servers.
//!
//! RFC 9068 types access tokens `at+jwt`, has `scope` as one string, and requires `aud`. Most servers do otherwise, and each in its
//! own way. A preset accepts the access tokens of one server as it issues them by default, and nothing else that it signs:
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use passavant_resource::{AudienceRule, Guard, Policy, Provider};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let api = "https://notes.example.org";
//! let keycloak = Guard::builder("https://id.example.org/realms/notes", api)
//!     .provider(Provider::Keycloak)
//!     .required_scopes("notes.read")
//!     .build()?;
//!
//! // Roles are not scopes: a policy names them.
//! let editors = keycloak.require(Policy::any_role(&["editor"]));
//!
//! // The clients are known, and the server issues no audience.
//! let clients = vec!["web".to_owned(), "phone".to_owned()];
//! let by_client = Guard::builder("https://id.example.org/realms/notes", api)
//!     .provider(Provider::Keycloak)
//!     .audience_rule(AudienceRule::Claim { name: "azp".to_owned(), values: clients })
//!     .build()?;
//!
//! // A server without a preset.
//! let other = Guard::builder("https://other.example", api)
//!     .accept_untyped_jwt()
//!     .scopes_from("scp")
//!     .client_from("azp")
//!     .build()?;
//! # let _ = (editors, by_client, other);
//! # Ok(())
//! # }
//! ```
//!
//! * **ID tokens are refused by every preset.** Each variant of [`Provider`](crate::Provider) says how they are told apart; with
//!   Dex that is not always possible.
//! * Without a preset, [`accept_untyped_jwt`](crate::GuardBuilder::accept_untyped_jwt) accepts JWTs that are not typed, if their
//!   claims are those of an access token.
//! * Presets do not change the audience rule (except Cognito's). A token that names no audience, or another one, is refused
//!   until the server issues the audience or [`audience_rule`](crate::GuardBuilder::audience_rule) says otherwise.
//! * `docs/guard.md` has a table of what to configure at each server.
//!
//! | Spring Security | here |
//! |---|---|
//! | `JwtGrantedAuthoritiesConverter.setAuthoritiesClaimName("scp")` | `.scopes_from("scp")` |
//! | a converter for `realm_access.roles`, `hasRole("editor")` | `.roles_from("realm_access.roles")`, `Policy::any_role(&["editor"])` |
//! | `JwtTimestampValidator(Duration.ofSeconds(60))`, its default | `.leeway(Duration::from_secs(60))` |
