//! Discovery (OpenID Connect Discovery 1.0 §4, RFC 8414 §3): generated from what is mounted.

use http::{HeaderValue, header};
use jose::{ContentEncryption, KeyManagement, SignatureAlgorithm};
use protocol::{ClientAuthMethod, Prompt, ResponseMode, ServerMetadata, TokenType};

use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    cors,
    endpoints::Endpoint,
    error::Error,
};

/// How long a public document may be kept: short enough for key rotation, long enough to matter.
pub(crate) const DOCUMENT_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(crate) async fn metadata(server: &AuthorizationServer) -> Answer {
    let answer = match describe(server).await {
        Ok(metadata) => answer::json(&metadata),
        Err(error) => Err(error),
    };
    match answer {
        Ok(mut answer) => {
            answer.headers_mut().insert(header::CACHE_CONTROL, DOCUMENT_CACHE);
            answer.headers_mut().remove(header::PRAGMA);
            cors::allow_all(answer)
        }
        Err(error) => cors::allow_all(answer::json_error(&error, Scheme::Basic)),
    }
}

/// The document as it is now: keys and scopes change while the server runs.
async fn describe(server: &AuthorizationServer) -> Result<ServerMetadata, Error> {
    let url =
        |endpoint: Endpoint| server.is_mounted(endpoint).then(|| server.settings().url(endpoint.path()));
    let keys = server.keys().await?;
    let signing: Vec<String> = owned(keys.algorithms());
    let with_secrets: Vec<String> =
        [SignatureAlgorithm::Hs256, SignatureAlgorithm::Hs384, SignatureAlgorithm::Hs512]
            .map(|algorithm| algorithm.as_str().to_owned())
            .into();
    let methods = |public: bool| {
        let offered =
            ClientAuthMethod::ALL.iter().filter(|method| public || **method != ClientAuthMethod::None);
        owned(offered.map(|method| method.as_str()))
    };
    let assertion_algorithms = owned(SignatureAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()));
    let has_browser = server.is_mounted(Endpoint::Authorize);
    let encryption_alg =
        owned(KeyManagement::ALL.iter().filter(|alg| !alg.is_symmetric()).map(|alg| alg.as_str()));
    let encryption_enc = owned(ContentEncryption::ALL.iter().map(|enc| enc.as_str()));
    let when = |yes: bool, list: Vec<String>| if yes { list } else { Vec::new() };
    let resources = server.registry().resources().await?;
    let mut scopes = when(has_browser, owned(["openid", "offline_access"]));
    for scope in resources.all.iter().flat_map(|resource| resource.scopes.iter().map(str::to_owned)) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let userinfo = server.is_mounted(Endpoint::UserInfo);
    Ok(ServerMetadata {
        issuer: server.settings().issuer.to_string(),
        authorization_endpoint: url(Endpoint::Authorize),
        token_endpoint: url(Endpoint::Token),
        userinfo_endpoint: url(Endpoint::UserInfo),
        jwks_uri: url(Endpoint::Jwks),
        introspection_endpoint: url(Endpoint::Introspect),
        revocation_endpoint: url(Endpoint::Revoke),
        end_session_endpoint: url(Endpoint::EndSession),
        scopes_supported: scopes,
        response_types_supported: when(has_browser, owned(["code"])),
        response_modes_supported: when(
            has_browser,
            owned(ResponseMode::ALL.iter().map(|mode| mode.as_str())),
        ),
        grant_types_supported: owned(server.grant_types().map(|grant_type| grant_type.as_str())),
        token_endpoint_auth_methods_supported: methods(true),
        token_endpoint_auth_signing_alg_values_supported: assertion_algorithms.clone(),
        revocation_endpoint_auth_methods_supported: methods(true),
        revocation_endpoint_auth_signing_alg_values_supported: assertion_algorithms.clone(),
        introspection_endpoint_auth_methods_supported: {
            // RFC 8414 §2: a name of an access token type may stand among those of authentication methods.
            let mut offered = methods(false);
            offered.push(TokenType::Bearer.as_str().to_owned());
            offered
        },
        introspection_endpoint_auth_signing_alg_values_supported: assertion_algorithms,
        introspection_signing_alg_values_supported: signing.clone(),
        introspection_encryption_alg_values_supported: encryption_alg.clone(),
        introspection_encryption_enc_values_supported: encryption_enc.clone(),
        code_challenge_methods_supported: when(has_browser, owned(["S256"])),
        subject_types_supported: when(has_browser, owned(["public"])),
        id_token_signing_alg_values_supported: when(
            has_browser,
            [signing.clone(), with_secrets.clone()].concat(),
        ),
        id_token_encryption_alg_values_supported: when(has_browser, encryption_alg.clone()),
        id_token_encryption_enc_values_supported: when(has_browser, encryption_enc.clone()),
        userinfo_signing_alg_values_supported: when(userinfo, [signing, with_secrets].concat()),
        userinfo_encryption_alg_values_supported: when(userinfo, encryption_alg),
        userinfo_encryption_enc_values_supported: when(userinfo, encryption_enc),
        prompt_values_supported: when(has_browser, owned(Prompt::ALL.iter().map(|prompt| prompt.as_str()))),
        claims_supported: when(
            has_browser,
            owned(["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid"]),
        ),
        authorization_response_iss_parameter_supported: has_browser,
        request_parameter_supported: has_browser.then_some(false),
        request_uri_parameter_supported: has_browser.then_some(false),
        claims_parameter_supported: has_browser.then_some(false),
    })
}

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
