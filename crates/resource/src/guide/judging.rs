//! Choose how tokens are judged: local verification of JWTs, or introspection.
//!
//! | | JWT, verified locally (RFC 9068) | introspection (RFC 7662, RFC 9701) |
//! |---|---|---|
//! | requests to the server | for its keys, every ten minutes | once for each token, every ten seconds |
//! | a revoked token works | until its `exp` | for up to ten seconds ([`caching`](super::caching)) |
//! | server unavailable | continues with the cached keys, for a day | 503, once the cached answer is too old |
//! | needs | nothing | credentials at the server |
//! | claims | those of the token | those of the server now, often with `username` |
//!
//! By default ([`Mode::Auto`](crate::Mode::Auto)) a guard does both: a JWT that names its issuer is verified locally,
//! every other token is introspected if credentials are configured. The choice depends on the form and issuer of the
//! token; a token that fails one way is never tried the other. **So `Auto` verifies JWTs locally even if it could
//! introspect them**: to notice revocations of JWTs, choose [`Mode::Introspection`](crate::Mode::Introspection).
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use passavant_resource::{Guard, Mode, Reason};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//!
//! # fn head(token: &str) -> http::request::Parts {
//! #     let request = http::Request::get("/notes").header("authorization", format!("Bearer {token}"));
//! #     request.body(()).expect("a request").into_parts().0
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Authority::start(); // stands in for https://id.example.org
//! let api = "https://notes.example.org";
//! let auto = Guard::builder(server.issuer(), api).introspect("notes-rs", "its-secret").build()?;
//! let introspecting = Guard::builder(server.issuer(), api)
//!     .introspect("notes-rs", "its-secret")
//!     .mode(Mode::Introspection)
//!     .build()?;
//!
//! let jwt = server.token(api).subject("alice").sign();
//! let opaque = server.token(api).subject("alice").opaque();
//! assert_eq!(auto.check(&head(&opaque)).await?.subject(), "alice");
//! assert_eq!(server.requests("/introspect"), 1);
//!
//! server.revoke(&jwt);
//! assert!(auto.check(&head(&jwt)).await.is_ok()); // verified locally: valid until `exp`
//! let denied = introspecting.check(&head(&jwt)).await.expect_err("the server says so");
//! assert_eq!(denied.reason(), Reason::TokenInactive);
//! # Ok(())
//! # }
//! ```
//!
//! # Credentials
//!
//! The default is a secret with HTTP Basic. [`Credentials`](crate::Credentials) has stronger methods: private keys
//! never leave the API.
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use passavant_resource::{ClientTls, Credentials, Guard, ReqwestFetch, SignatureAlgorithm, SigningKey};
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let jwk = SigningKey::generate(SignatureAlgorithm::Es256)?.to_private_jwk()?;
//! // private_key_jwt (RFC 7523 §2.2)
//! let key = SigningKey::from_private_jwk(jwk.as_bytes(), SignatureAlgorithm::Es256)?;
//! let by_key = Credentials::private_key_jwt("notes-rs", key);
//!
//! // An access token, renewed automatically (RFC 7662 §2.1)
//! let by_token = by_key.clone().with_access_token("introspection");
//!
//! // A client certificate (RFC 8705 §2), with its key in one PEM text
//! # let made = rcgen::generate_simple_self_signed(["notes-rs".to_owned()])?;
//! # let chain_and_key = made.cert.pem() + &made.signing_key.serialize_pem();
//! let tls = ClientTls::new().certificate(&chain_and_key);
//! let by_certificate = Credentials::tls_client_auth("notes-rs");
//!
//! let guard = Guard::builder("https://id.example.org", "https://notes.example.org")
//!     .introspect_as(by_certificate)
//!     .fetch(Arc::new(ReqwestFetch::with_tls(&tls)?))
//!     .build()?;
//! # let _ = (guard, by_token);
//! # Ok(())
//! # }
//! ```
//!
//! # Other servers
//!
//! | the server | setting |
//! |---|---|
//! | has no metadata | `GuardBuilder::jwks_url`, `GuardBuilder::introspection_url` |
//! | names no audience in introspection answers | none: it may be absent there, unless `GuardBuilder::require_audience` or a preset other than `Provider::GitLab` is set |
//! | names a URL above the API's as audience | `GuardBuilder::audience_rule(AudienceRule::UrlPrefix)` |
//! | names the client instead of an audience | `AudienceRule::Claim`, with the accepted clients |
//! | identifies users by `username`, not by `sub` | `GuardBuilder::subject(SubjectClaim::Username)` |
//! | expects assertions for its token endpoint | `Credentials::assertion_audience` |
//!
//! # Equivalents
//!
//! | elsewhere | here |
//! |---|---|
//! | Spring `oauth2.resourceserver.jwt.jwk-set-uri`, `.jws-algorithms` | `GuardBuilder::jwks_url`, `GuardBuilder::algorithms` |
//! | Spring `oauth2.resourceserver.opaquetoken.*` | `GuardBuilder::introspect`, with `introspection_url` without discovery |
//! | django-oauth-toolkit `RESOURCE_SERVER_INTROSPECTION_URL`, `.._CREDENTIALS` | the same two |
//! | django-oauth-toolkit `RESOURCE_SERVER_AUTH_TOKEN` | `.introspect("", token).client_auth(ClientAuth::Bearer)` |
//! | django-lasuite `OIDC_OP_URL`, `OIDC_OP_INTROSPECTION_ENDPOINT`, `OIDC_OP_JWKS_ENDPOINT` | the issuer, by discovery |
//! | django-lasuite `OIDC_RS_CLIENT_ID`, `OIDC_RS_CLIENT_SECRET` | `GuardBuilder::introspect` |
