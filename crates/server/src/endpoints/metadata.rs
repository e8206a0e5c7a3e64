//! Discovery (OpenID Connect Discovery 1.0 §4, RFC 8414 §3): every installed endpoint writes its own part.

use std::collections::HashSet;

use protocol::ServerMetadata;

use super::{
    document::{Document, KeptDocument},
    offer::Offer,
    table::READ,
};
use crate::{
    AuthorizationServer,
    context::{Cors, Endpoint, Installed},
    error::Error,
};

/// The paths of the document.
const PATHS: [&str; 2] = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

pub(crate) fn install(installed: &mut Installed) {
    let kept = KeptDocument::default();
    for path in PATHS {
        installed.endpoint(Endpoint {
            path: path.into(),
            methods: READ,
            cors: Cors::Anyone,
            advertise: Box::new(|_, _| {}),
            answer: kept.clone().responder(|server| Box::pin(render(server))),
        });
    }
}

async fn render(server: &AuthorizationServer) -> Result<Document, Error> {
    Ok(Document::json("application/json", &describe(server).await?)?)
}

/// The current document: keys and scopes change while the server runs.
async fn describe(server: &AuthorizationServer) -> Result<ServerMetadata, Error> {
    let (keys, resources) = (server.keys().await?, server.registry().resources().await?);
    let Installed { grants, endpoints, advertised, .. } = server.installed();
    let grant_types: Vec<&str> = grants.keys().copied().collect();
    let issuer = server.settings().issuer.to_string();
    let mut metadata = ServerMetadata { issuer, ..ServerMetadata::default() };
    for endpoint in endpoints {
        let url = server.settings().url(&endpoint.path);
        let offer =
            Offer { url: &url, grant_types: &grant_types, installed: server.installed(), keys: &keys };
        (endpoint.advertise)(&mut metadata, &offer);
    }
    let url = server.settings().issuer.as_str();
    let offer = Offer { url, grant_types: &grant_types, installed: server.installed(), keys: &keys };
    for advertise in advertised {
        advertise(&mut metadata, &offer);
    }
    add_new(&mut metadata.scopes_supported, resources.listed_scopes());
    add_new(&mut metadata.authorization_details_types_supported, resources.details_types());
    add_new(&mut metadata.claims_supported, resources.released_claims());
    Ok(metadata)
}

/// Adds the names that are not in the list yet.
fn add_new(list: &mut Vec<String>, names: Vec<&str>) {
    let mut known: HashSet<String> = list.iter().cloned().collect();
    list.extend(names.into_iter().map(str::to_owned).filter(|name| known.insert(name.clone())));
}
