//! Tokens that are of no use to a thief: bound to a key that only their client has.
//!
//! Whether a token is bound is said by the token (`cnf`), and a bound one is **never** accepted from a sender who does not
//! show the key, whatever is set up here. What is set up is how it can be shown.
//!
//! # DPoP: a proof with each request (RFC 9449)
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use passavant_resource::{Dpop, Guard, Reason};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use serde_json::json;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let client_key = jose::SigningKey::generate(jose::SignatureAlgorithm::Es256)?;
//! # let thumbprint = client_key.public_jwk().expect("a key pair").thumbprint().to_string();
//! # let proof = |token: &str| {
//! #     let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
//! #     let claims = json!({
//! #         "jti": "once", "htm": "GET", "htu": "https://notes.example.org/notes", "iat": now,
//! #         "ath": jose::base64url::encode(&jose::primitives::sha256(token.as_bytes())),
//! #     });
//! #     jose::SelfSigned::sign(claims.to_string().as_bytes(), &client_key).expect("a proof")
//! # };
//! # let request = |scheme: &str, token: &str, proof: Option<&str>| {
//! #     let mut request = http::Request::get("/notes").header("authorization", format!("{scheme} {token}"));
//! #     if let Some(proof) = proof { request = request.header("dpop", proof) }
//! #     request.body(()).expect("a request").into_parts().0
//! # };
//! let server = Authority::start();
//! let api = "https://notes.example.org"; // also where clients reach it: proofs name that address
//! let guard = Guard::builder(server.issuer(), api).dpop(Dpop::Accept).build()?;
//!
//! let token = server.token(api).subject("alice").claim("cnf", json!({ "jkt": thumbprint })).sign();
//! let proof = proof(&token); // made by the client, with its key
//!
//! let with_proof = request("DPoP", &token, Some(&proof));
//! assert_eq!(guard.check(&with_proof).await?.subject(), "alice");
//! assert_eq!(guard.check(&with_proof).await.expect_err("used up").reason(), Reason::ProofReplayed);
//!
//! let stolen = request("Bearer", &token, None);
//! assert_eq!(guard.check(&stolen).await.expect_err("no key").reason(), Reason::TokenBound);
//! # Ok(())
//! # }
//! ```
//!
//! | [`Dpop`](crate::Dpop) | bearer token | bound token with its proof | bound token without |
//! |---|---|---|---|
//! | `Off`, the default | accepted | 401 | 401 |
//! | `Accept` | accepted | accepted | 401 |
//! | `Require` | 401 | accepted | 401 |
//!
//! * **The address.** A proof names method and URL. Where clients reach the API under another origin than that of the
//!   audience, or the audience is no URL, say [`GuardBuilder::origin`](crate::GuardBuilder::origin); `Host` and
//!   `X-Forwarded-*` are never believed.
//! * **Replays.** A proof is taken once, within 60 seconds. Several processes that serve one API need one
//!   [`Replays`](crate::Replays) between them: an insert under a unique key will do. Full or away, it means 503.
//! * **Nonces.** [`GuardBuilder::dpop_nonces`](crate::GuardBuilder::dpop_nonces) demands one in each proof, so that none
//!   can be made ahead. A client that has none reads 401 `use_dpop_nonce` with `DPoP-Nonce` and tries again.
//! * **Browsers** read `WWW-Authenticate` and `DPoP-Nonce` only if CORS exposes them.
//!
//! # Client certificates (RFC 8705)
//!
//! A token with `cnf.x5t#S256` is taken on a connection by that certificate alone. The TLS stack of the host puts it into
//! the request; it is never read from a header.
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use http::Request;
//! use passavant_resource::{ClientCertificate, Guard, Reason, Thumbprint};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use serde_json::json;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Authority::start();
//! let api = "https://notes.example.org";
//! let guard = Guard::builder(server.issuer(), api).build()?;
//! # let der: &[u8] = b"as it came in the handshake";
//! let fingerprint = Thumbprint::of_certificate(der).to_string();
//! let token = server.token(api).claim("cnf", json!({ "x5t#S256": fingerprint })).sign();
//!
//! let request = Request::get("/notes").header("authorization", format!("Bearer {token}"));
//! let (mut head, ()) = request.body(())?.into_parts();
//! assert_eq!(guard.check(&head).await.expect_err("no certificate").reason(), Reason::CertificateMissing);
//!
//! // Once for a connection: `der` is `peer_certificates()[0]` of rustls.
//! head.extensions.insert(ClientCertificate::from_der(der));
//! assert!(guard.check(&head).await.is_ok());
//! # Ok(())
//! # }
//! ```
//!
//! # From elsewhere
//!
//! | there | here |
//! |---|---|
//! | Spring Security, DPoP-bound tokens beside bearer tokens | `GuardBuilder::dpop(Dpop::Accept)` |
//! | Spring's check of `x5t#S256` | nothing to set up: the host hands over the certificate |
//! | django-oauth-toolkit, django-lasuite | put `passavant guard --dpop require` in front |
