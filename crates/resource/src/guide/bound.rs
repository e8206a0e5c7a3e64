//! Tokens that are useless to a thief: bound to a key that only the client has.
//!
//! The token itself says whether it is bound (`cnf`), and a bound token is **never** accepted from a sender who does
//! not prove possession of the key, whatever the configuration. The configuration only decides how it can be proved.
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
//! let api = "https://notes.example.org"; // also where clients reach it: proofs name that URL
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
//! * **URL.** A proof names method and URL. If clients reach the API at another origin than that of the audience, or
//!   the audience is not a URL, set [`GuardBuilder::origin`](crate::GuardBuilder::origin); `Host` and `X-Forwarded-*`
//!   are never trusted.
//! * **Replays.** A proof is accepted once, within 60 seconds. Several processes that serve one API must share a
//!   [`Replays`](crate::Replays), for which an insert under a unique key is enough. If it is full or unavailable,
//!   requests get 503.
//! * **Nonces.** [`GuardBuilder::dpop_nonces`](crate::GuardBuilder::dpop_nonces) requires one in each proof, so that
//!   proofs can't be made in advance. A client without a nonce gets 401 `use_dpop_nonce` with `DPoP-Nonce` and
//!   retries.
//! * **Browsers** can read `WWW-Authenticate` and `DPoP-Nonce` only if CORS exposes them.
//!
//! # Client certificates (RFC 8705)
//!
//! A token with `cnf.x5t#S256` is accepted only on a connection with that client certificate. The host inserts it into
//! the request after the TLS handshake; it is never read from a header.
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
//! // Once for each connection: `der` is `peer_certificates()[0]` of rustls.
//! head.extensions.insert(ClientCertificate::from_der(der));
//! assert!(guard.check(&head).await.is_ok());
//! # Ok(())
//! # }
//! ```
//!
//! # Equivalents
//!
//! | elsewhere | here |
//! |---|---|
//! | Spring Security, DPoP-bound tokens in addition to bearer tokens | `GuardBuilder::dpop(Dpop::Accept)` |
//! | Spring's check of `x5t#S256` | no configuration: the host inserts the certificate |
//! | django-oauth-toolkit, django-lasuite | put `passavant guard --dpop require` in front |
