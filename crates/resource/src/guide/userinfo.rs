//! UserInfo (OpenID Connect Core 1.0 §5.3) in both roles: asking an issuer, and answering for one.
//!
#![cfg_attr(all(feature = "axum", feature = "client"), doc = "```")]
#![cfg_attr(not(all(feature = "axum", feature = "client")), doc = "```text")]
//! use async_trait::async_trait;
//! use axum::Router;
//! use passavant_resource::Guard;
//! use passavant_resource::userinfo::{ClaimName, ClaimsProvider, ProviderFault, UserInfoForm};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use serde_json::{Map, Value, json};
//!
//! /// Answering: what this API knows of people.
//! struct People;
//!
//! #[async_trait]
//! impl ClaimsProvider for People {
//!     async fn claims(
//!         &self,
//!         subject: &str,
//!         wanted: &[ClaimName<'_>],
//!     ) -> Result<Option<Map<String, Value>>, ProviderFault> {
//!         let known = json!({ "name": "Alice", "name#ja": "アリス", "email": "alice@example.org" });
//!         let value = |claim: &ClaimName<'_>| Some((claim.to_string(), known.get(claim.to_string())?.clone()));
//!         Ok((subject == "alice").then(|| wanted.iter().filter_map(value).collect()))
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Authority::start();
//! let guard = Guard::builder(server.issuer(), "https://people.example.org").build()?;
//! let app: Router = Router::new().route_service("/userinfo", guard.userinfo_endpoint(People));
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let url = format!("http://{}/userinfo", listener.local_addr()?);
//! # tokio::spawn(async move { axum::serve(listener, app).await });
//!
//! // Asking: as the client "shop", with the access token that it got.
//! let userinfo = guard.userinfo("shop").url(&url).form(UserInfoForm::Json).build()?;
//! let token = server.token("https://people.example.org").subject("alice").scope("openid profile").sign();
//! let claims = userinfo.ask(&token, "alice").await?;
//! assert_eq!(claims.string("name"), Ok(Some("Alice")));
//! assert_eq!(claims.value("email"), None); // the token was not granted `email`
//!
//! assert!(userinfo.ask(&token, "bob").await.is_err()); // an answer about somebody else
//! # Ok(())
//! # }
//! ```
//!
//! # Asking
//!
//! `guard.userinfo(client_id)` asks the guard's issuer, at the address that discovery names unless
//! [`url`](crate::userinfo::UserInfoBuilder::url) says another, over the guard's own client and bounds. Nothing is kept
//! between two questions.
//!
//! * [`ask`](crate::userinfo::UserInfo::ask) wants the `sub` beside the token, from the ID token or from
//!   [`Token::subject`](crate::Token::subject): an answer about anybody else is refused (§5.3.2).
//! * Answers are JSON, signed, encrypted, or both ([`UserInfoForm`](crate::userinfo::UserInfoForm)). A signed one must name
//!   the issuer and the client. Where you registered a form, demand it: with `Auto` whoever stands in between chooses.
//! * An encrypted answer that nobody signed could be anybody's: prefer `Nested`.
//! * [`UserInfoError`](crate::userinfo::UserInfoError) says why not, and whether to try again.
//!
//! # Answering
//!
//! [`Guard::userinfo_endpoint`](crate::Guard::userinfo_endpoint) is a `tower` service for `GET` and `POST`. It demands
//! `openid`, works out which claims the scopes and the `claims` request ask for, in which languages, and asks the
//! [`ClaimsProvider`](crate::userinfo::ClaimsProvider) for those; whatever else that returns stays here. `sub` is always the
//! token's. [`ClaimsProvider::response`](crate::userinfo::ClaimsProvider::response) says in which form a client registered
//! to read it; [`UserInfoResponse::registered`](crate::userinfo::UserInfoResponse::registered) reads that from its metadata.
//!
//! # From elsewhere
//!
//! | there | here |
//! |---|---|
//! | Spring `OidcUserService` | `guard.userinfo("client").build()?.ask(token, sub)` |
//! | django-lasuite, mozilla-django-oidc `OIDC_OP_USER_ENDPOINT` | by discovery, or `UserInfoBuilder::url` |
//! | django-oauth-toolkit `OAuth2Validator.get_additional_claims` | `ClaimsProvider::claims` |
