//! `GET` and `POST /userinfo` (OpenID Connect Core 1.0 §5.3), as JSON or as a JWT.

use http::{Method, header};
use jose::SignatureAlgorithm;
use protocol::{ServerMetadata, TokenType, limits, scope};
use serde_json::{Map, Value};

use super::{
    offer::{Offer, names},
    table::BROWSE,
};
use crate::{
    AuthorizationServer, access,
    answer::{self, Answer},
    context::{Cors, Endpoint, Installed, Responder},
    cors,
    error::{Error, Fault},
    incoming::{Incoming, PresentedToken, RequestHead as _},
    pairwise,
    ports::Standing,
    reason::Reason,
    refusal::Difference,
    registry::RegisteredClient,
    sender,
    tokens::{
        claims::{Releasing, standing_and_released},
        recipient::{Encryption, Recipient, not_served, sign_for},
    },
};

pub(crate) fn install(installed: &mut Installed) {
    installed.endpoint(Endpoint {
        path: "/userinfo".into(),
        methods: BROWSE,
        cors: Cors::ClientOrigins,
        advertise: Box::new(advertise),
        answer: Responder::new(|server, incoming| Box::pin(userinfo(server, incoming))),
    });
}

fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>) {
    metadata.userinfo_endpoint = Some(offer.url.to_owned());
    metadata.userinfo_signing_alg_values_supported = offer.client_signing_algorithms();
    metadata.userinfo_encryption_alg_values_supported = Offer::encryption_algorithms();
    metadata.userinfo_encryption_enc_values_supported = Offer::content_encryptions();
    for (scope, claims) in scope::STANDARD_CLAIMS {
        metadata.scopes_supported.push(scope.to_owned());
        metadata.claims_supported.extend(names(claims.iter().copied()));
    }
}

async fn userinfo(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    let mut client = None;
    let answer = match respond(server, incoming, &mut client).await {
        Ok(answer) => answer,
        Err(error) => answer::token_error(&error, scope::OPENID, incoming.head.tried_scheme()),
    };
    let answer = sender::with_nonce(server, &incoming.head, answer);
    cors::allow_origin_of(server, answer, client.as_deref(), incoming.headers()).await
}

async fn respond(
    server: &AuthorizationServer,
    incoming: &Incoming,
    found: &mut Option<std::sync::Arc<RegisteredClient>>,
) -> Result<Answer, Error> {
    let (scheme, token) = presented(incoming)?;
    let presented = PresentedToken { scheme, token: &token };
    // With any audience.
    let head = &incoming.head;
    let access = access::live(server, head, access::find(server, &token).await?, &presented).await?;
    let subject = access.subject.as_ref().filter(|_| access.scopes.contains(scope::OPENID));
    let lacking = || Some(Difference::new("scope", &access.scopes, "openid, of a token of a user"));
    let subject = subject.ok_or_else(|| head.differs(Reason::ScopeInsufficient, lacking))?;
    let client = server.registry().client(access.client.as_str()).await?.ok_or(Reason::TokenInactive)?;
    let named = access.details.as_ref().map_or(&[][..], |details| &details.userinfo_claims);
    let releasing = Releasing { scopes: &access.scopes, named, of_client: &client.scopes };
    let (standing, mut claims) = standing_and_released(server, subject, releasing).await?;
    match standing {
        Standing::Active => {}
        Standing::Disabled | Standing::Gone => return Err(Reason::TokenInactive.into()),
    }
    *found = Some(client.clone());
    claims.insert("sub".to_owned(), Value::String(pairwise::told(server.master(), &client, subject)));
    send(server, &client, claims).await.map_err(|error| match error {
        // The error codes of RFC 6750 §3.1 differ from those of RFC 6749 §5.2.
        Error::Refused(Reason::RegistrationNotServed) => Reason::UserinfoNotServed.into(),
        other => other,
    })
}

/// The token and its scheme, in the header or in a form, never in both (RFC 6750 §2). In a form it is a bearer token (RFC
/// 9449 §7.1 has only the header). A body of another type can't hold one: with a
/// token in the header it is ignored.
fn presented(incoming: &Incoming) -> Result<(TokenType, String), Reason> {
    let in_header = incoming.head.access_token()?;
    let has_body = incoming.head.method == Method::POST
        && incoming.headers().contains_key(header::CONTENT_TYPE)
        && !incoming.body.is_empty();
    let params = match has_body.then(|| incoming.form()).transpose() {
        Err(Reason::BodyTypeWrong) if in_header.is_some() => None,
        params => params?,
    };
    let in_form = params.as_ref().and_then(|params| params.get("access_token"));
    match (in_header, in_form) {
        (Some(_), Some(_)) => Err(Reason::TokenRepeated),
        (Some(PresentedToken { scheme, token }), None) => Ok((scheme, token.to_owned())),
        (None, Some(token)) if token.len() <= limits::TOKEN_BYTES_MAX => {
            Ok((TokenType::Bearer, token.to_owned()))
        }
        (None, Some(_)) => Err(Reason::TokenInactive),
        (None, None) => Err(Reason::TokenMissing),
    }
}

/// As the client registered it: plain, signed, encrypted, or signed and then encrypted (OpenID Connect Core 1.0
/// §5.3.2).
async fn send(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    claims: Map<String, Value>,
) -> Result<Answer, Error> {
    let (metadata, recipient) = (&client.metadata, Recipient::client(client));
    let (alg, enc) = (&metadata.userinfo_encrypted_response_alg, &metadata.userinfo_encrypted_response_enc);
    let encrypted = Encryption::registered(alg.as_deref(), enc.as_deref());
    let token = match (metadata.userinfo_signed_response_alg.as_deref(), encrypted) {
        (None, None) => return answer::json(&claims),
        (None, Some(wanted)) => {
            let payload = addressed(server, client, claims)?;
            recipient.encrypt_claims(server, wanted, &payload).await?
        }
        (Some(name), encrypted) => {
            let algorithm = SignatureAlgorithm::parse(name);
            let algorithm = algorithm.ok_or_else(|| not_served(client.id(), name))?;
            let payload = addressed(server, client, claims)?;
            let signed = sign_for(server, client, algorithm, "JWT", &payload).await?;
            match encrypted {
                Some(wanted) => recipient.encrypt_jwt(server, wanted, &signed).await?,
                None => signed,
            }
        }
    };
    Ok(answer::jwt("application/jwt", token))
}

/// The claims of a JWT, with `iss`, `aud` and `iat` (OpenID Connect Core 1.0 §5.3.2).
fn addressed(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    mut claims: Map<String, Value>,
) -> Result<Vec<u8>, Fault> {
    claims.insert("iss".to_owned(), Value::String(server.settings().issuer.to_string()));
    claims.insert("aud".to_owned(), Value::String(client.id().to_string()));
    claims.insert("iat".to_owned(), Value::from(server.now().0));
    serde_json::to_vec(&claims).map_err(Fault::new)
}
