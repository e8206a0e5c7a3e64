//! Introspection answers that only this API can read (RFC 9701): signed by the server, then encrypted to a key of the
//! API. No proxy in between can read the claims.
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use passavant_resource::{AnswerForm, ContentEncryption, DecryptionKey, Guard, KeyManagement};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use std::slice::from_ref;
//!
//! # fn head(token: &str) -> http::request::Parts {
//! #     let request = http::Request::get("/notes").header("authorization", format!("Bearer {token}"));
//! #     request.body(()).expect("a request").into_parts().0
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Authority::start();
//! let api = "https://notes.example.org";
//! let key = DecryptionKey::generate(KeyManagement::EcdhEs)?; // or from_pem, from_private_jwk
//! let guard = Guard::builder(server.issuer(), api)
//!     .introspect("notes-rs", "its-secret")
//!     .response(AnswerForm::Jwt) // only JWTs
//!     .decryption_key(key.clone())
//!     .build()?;
//!
//! // What the server does once it has the key from `/jwks`, see below.
//! server.encrypt_to(key.public_jwk().expect("a key pair"), KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
//! let token = server.token(api).subject("alice").opaque();
//! assert_eq!(guard.check(&head(&token)).await?.subject(), "alice");
//!
//! // A rotation. From now on `/jwks` has the new key; answers to the old one can still be decrypted.
//! let next = DecryptionKey::generate(KeyManagement::EcdhEs)?;
//! guard.replace_decryption_keys(from_ref(&next), from_ref(&key))?;
//! let token = server.token(api).opaque();
//! assert!(guard.check(&head(&token)).await.is_ok());
//!
//! server.encrypt_to(next.public_jwk().expect("a key pair"), KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
//! guard.replace_decryption_keys(from_ref(&next), &[])?;
//! let token = server.token(api).opaque();
//! assert!(guard.check(&head(&token)).await.is_ok());
//! # Ok(())
//! # }
//! ```
//!
//! # Requirements of an answer
//!
//! With a decryption key, a JWT answer must be encrypted to one of the API's keys, and its plaintext signed by a
//! published key of the issuer. Its `typ` is `token-introspection+jwt`, `iss` the issuer, `aud` the client id that
//! asked, `iat` at most five minutes old; only `token_introspection` is used. Otherwise callers get 503
//! ([`Reason::AnswerUntrusted`](crate::Reason::AnswerUntrusted)), and the cause is logged. Plain JSON is refused as
//! well, unless [`AnswerForm::Json`](crate::AnswerForm::Json) is set.
//!
//! # The key
//!
//! RSA (`RSA-OAEP`, `RSA-OAEP-256`) or elliptic curves (`ECDH-ES`, `ECDH-ES+A128KW`, `ECDH-ES+A256KW`); `RSA1_5` is
//! not supported. The server chooses the content encryption; all of RFC 7518 §5.1 are supported. To load a key from a
//! file, use [`DecryptionKey::from_pem`](crate::DecryptionKey::from_pem) or `PASSAVANT_DECRYPTION_KEY_FILE`.
//!
//! If the guard's documents are served (`guard.metadata()`,
//! [`Guard::metadata_service`](crate::Guard::metadata_service)), the public key is at `/jwks` of the audience's
//! origin.
//!
//! # Rotation
//!
//! [`Guard::replace_decryption_keys`](crate::Guard::replace_decryption_keys) sets the published keys and those that
//! only decrypt, at run time.
//!
//! 1. With several nodes: add the new key to each as one that only decrypts. With one node, start at 2.
//! 2. Publish the new key; keep the old one for decryption.
//! 3. When no cached copy of the old document is in use (five minutes here, and however long the server caches it),
//!    remove the old key.
//!
//! # What to register
//!
//! At our server, as a resource in the file for `passavant apply`; the other members are in the README:
//!
//! ```json
//! { "resource": "https://notes.example.org", "scopes": ["notes.read"],
//!   "client_id": "notes-rs", "client_secret": "a-secret-of-22-characters-or-more",
//!   "jwks_uri": "https://notes.example.org/jwks",
//!   "introspection_signed_response_alg": "ES256",
//!   "introspection_encrypted_response_alg": "ECDH-ES",
//!   "introspection_encrypted_response_enc": "A256GCM" }
//! ```
//!
//! Without `introspection_allow_plain` our server then never gives this caller a plain answer.
//!
//! At node oidc-provider, as a client: `client_id`, `client_secret`, `jwks_uri` and the same three members, with
//! `features.introspection`, `features.jwtIntrospection` and `features.encryption` enabled. It introspects its opaque
//! tokens only; its JWTs are verified with its keys, as [`Mode::Auto`](crate::Mode::Auto) does.
//!
//! # Equivalents
//!
//! | django-lasuite | here |
//! |---|---|
//! | `OIDC_RS_BACKEND_CLASS = "..JWTResourceServerBackend"` | `.response(AnswerForm::Jwt)` |
//! | `OIDC_RS_PRIVATE_KEY_STR`, `OIDC_RS_ENCRYPTION_KEY_TYPE`, `OIDC_RS_ENCRYPTION_ALGO` | `.decryption_key(DecryptionKey::from_pem(text, KeyManagement::RsaOaep)?)` |
//! | `OIDC_RS_ENCRYPTION_ENCODING` | none: all are supported |
//! | `OIDC_RS_SIGNING_ALGO` | none, or `.algorithms(&[SignatureAlgorithm::Es256])` to accept no other |
//! | its view of the API's key set | `guard.metadata()` |
//!
//! Spring Security and django-oauth-toolkit have no equivalent.
