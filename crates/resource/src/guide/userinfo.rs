//! UserInfo (OpenID Connect Core 1.0 §5.3) in both roles: as a client, and as the endpoint.
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
//! /// The endpoint: what this API knows about users.
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
//! // The client "shop", with its access token.
//! let userinfo = guard.userinfo("shop").url(&url).form(UserInfoForm::Json).build()?;
//! let token = server.token("https://people.example.org").subject("alice").scope("openid profile").sign();
//! let claims = userinfo.ask(&token, "alice").await?;
//! assert_eq!(claims.string("name"), Ok(Some("Alice")));
//! assert_eq!(claims.value("email"), None); // the token was not granted `email`
//!
//! assert!(userinfo.ask(&token, "bob").await.is_err()); // an answer about another user
//! # Ok(())
//! # }
//! ```
//!
//! # The client
//!
//! `guard.userinfo(client_id)` sends requests to the guard's issuer, at the discovered endpoint or at
//! [`url`](crate::userinfo::UserInfoBuilder::url), with the guard's HTTP client and limits. Answers are not cached.
//!
//! * [`ask`](crate::userinfo::UserInfo::ask) needs the `sub` as well as the token, from the ID token or from
//!   [`Token::subject`](crate::Token::subject): an answer about another user is refused (§5.3.2).
//! * Answers are JSON, signed, encrypted, or both ([`UserInfoForm`](crate::userinfo::UserInfoForm)). A signed one must
//!   name the issuer and the client. If you registered a form, require it: with `Auto` an intermediary can choose.
//! * An encrypted answer without a signature could come from anybody: prefer `Nested`.
//! * [`UserInfoError`](crate::userinfo::UserInfoError) tells why it failed, and whether to retry.
//!
//! # The endpoint
//!
//! [`Guard::userinfo_endpoint`](crate::Guard::userinfo_endpoint) is a `tower` service for `GET` and `POST`. It
//! requires `openid`, derives the wanted claims and their languages from the scopes and the `claims` request, and gets
//! them from the [`ClaimsProvider`](crate::userinfo::ClaimsProvider); other claims that it returns are dropped. `sub`
//! is always that of the token. [`ClaimsProvider::response`](crate::userinfo::ClaimsProvider::response) returns the
//! form in which a client registered to receive answers;
//! [`UserInfoResponse::registered`](crate::userinfo::UserInfoResponse::registered) derives it from the client's
//! metadata.
//!
//! # Equivalents
//!
//! | elsewhere | here |
//! |---|---|
//! | Spring `OidcUserService` | `guard.userinfo("client").build()?.ask(token, sub)` |
//! | django-lasuite, mozilla-django-oidc `OIDC_OP_USER_ENDPOINT` | by discovery, or `UserInfoBuilder::url` |
//! | django-oauth-toolkit `OAuth2Validator.get_additional_claims` | `ClaimsProvider::claims` |
