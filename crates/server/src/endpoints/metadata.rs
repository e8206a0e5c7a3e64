//! Discovery (OpenID Connect Discovery 1.0 §4, RFC 8414 §3): every installed endpoint writes its own part.

use http::{HeaderValue, header};
use protocol::ServerMetadata;

use super::{
    offer::{Offer, names},
    table::READ,
};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    context::{Cors, Endpoint, Installed, Responder},
    error::Error,
};

/// How long a public document may be cached: short enough for key rotation.
pub(crate) const DOCUMENT_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The paths of the document.
const PATHS: [&str; 2] = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

pub(crate) fn install(installed: &mut Installed) {
    for path in PATHS {
        installed.endpoint(Endpoint {
            path: path.into(),
            methods: READ,
            cors: Cors::Anyone,
            advertise: Box::new(|_, _| {}),
            answer: Responder::new(|server, _| Box::pin(metadata(server))),
        });
    }
}

async fn metadata(server: &AuthorizationServer) -> Answer {
    match describe(server).await.and_then(|metadata| answer::json(&metadata)) {
        Ok(mut answer) => {
            answer.headers_mut().insert(header::CACHE_CONTROL, DOCUMENT_CACHE);
            answer.headers_mut().remove(header::PRAGMA);
            answer
        }
        Err(error) => answer::json_error(&error, Scheme::Basic),
    }
}

/// The current document: keys and scopes change while the server runs.
async fn describe(server: &AuthorizationServer) -> Result<ServerMetadata, Error> {
    let (keys, resources) = (server.keys().await?, server.registry().resources().await?);
    let Installed { grants, endpoints, .. } = server.installed();
    let grant_types: Vec<&str> = grants.keys().copied().collect();
    let issuer = server.settings().issuer.to_string();
    let mut metadata = ServerMetadata { issuer, ..ServerMetadata::default() };
    for endpoint in endpoints {
        let url = server.settings().url(&endpoint.path);
        let offer = Offer { url: &url, grant_types: &grant_types, keys: &keys };
        (endpoint.advertise)(&mut metadata, &offer);
    }
    let registered = resources.all.iter().flat_map(|resource| resource.scopes.iter());
    for scope in names(registered) {
        if !metadata.scopes_supported.contains(&scope) {
            metadata.scopes_supported.push(scope);
        }
    }
    let released = resources.scopes.iter().flat_map(|scope| scope.claims.iter().map(String::as_str));
    for claim in names(released) {
        if !metadata.claims_supported.contains(&claim) {
            metadata.claims_supported.push(claim);
        }
    }
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JWKS_MAX_AGE_SECONDS;

    /// A key is published for longer than this before it signs.
    #[test]
    fn the_key_set_is_cached_for_as_long_as_rotation_counts_with() {
        let expected = format!("public, max-age={JWKS_MAX_AGE_SECONDS}");
        assert_eq!(DOCUMENT_CACHE, expected);
    }
}
