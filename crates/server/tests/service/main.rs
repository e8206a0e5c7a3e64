//! Tests of the authorization server through its service: one file for each specification, one test for each
//! requirement. They are one binary, since each further one would link the whole server again.

mod any_request;
mod approved_before;
mod approved_pairs;
mod bad_input;
mod cors;
mod differences;
mod going_on;
mod ids;
mod interaction;
mod oidc_core_authorize;
mod oidc_core_id_token;
mod oidc_core_userinfo;
mod oidc_rp_logout;
mod own_grant;
mod races;
mod reasons;
mod rfc6749_authorize;
mod rfc6749_client_authentication;
mod rfc6749_refresh;
mod rfc6749_token;
mod rfc6750_own_routes;
mod rfc7009_revocation;
mod rfc7517_jwks;
mod rfc7523_client_assertion;
mod rfc7636_pkce;
mod rfc7662_introspection;
mod rfc8414_metadata;
mod rfc8707_resource;
mod rfc9068_access_token;
mod rfc9101_jar;
mod rfc9126_par;
mod rfc9449_dpop;
mod rfc9701_introspection;
mod roles;
mod stored;
