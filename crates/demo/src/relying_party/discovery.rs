//! The metadata of an authorization server, and the endpoints in them.

use fetching::{Fetch, NamedBy};
use protocol::{ServerMetadata, server_metadata::well_known_url};

use super::{error::RelyingPartyError, requests::get_document, response::object};

/// Fetches the metadata of an issuer (OpenID Connect Discovery 1.0 §4, else RFC 8414 §3), and checks that they are its
/// own.
pub(crate) async fn discover(fetch: &dyn Fetch, issuer: &str) -> Result<ServerMetadata, RelyingPartyError> {
    let urls = [Some(format!("{issuer}/.well-known/openid-configuration")), well_known_url(issuer)];
    for url in urls.into_iter().flatten() {
        let answer = get_document(fetch, &url, None).await?;
        if !answer.status().is_success() {
            continue;
        }
        let metadata: ServerMetadata = serde_json::from_value(object(answer.body())?.into())
            .map_err(|error| RelyingPartyError::AnswerInvalid(error.to_string()))?;
        if metadata.issuer != issuer {
            let (issuer, found) = (issuer.to_owned(), metadata.issuer);
            return Err(RelyingPartyError::MetadataMismatch { issuer, found });
        }
        return Ok(metadata);
    }
    Err(RelyingPartyError::MetadataMissing(issuer.to_owned()))
}

/// An endpoint from the metadata: credentials go there, so never over plain http to another machine.
pub(crate) fn endpoint<'m>(url: Option<&'m str>, name: &'static str) -> Result<&'m str, RelyingPartyError> {
    let url = url.ok_or(RelyingPartyError::EndpointMissing(name))?;
    let checked = NamedBy::Operator { http_to_loopback: true }.check(url);
    checked.map_err(|why| RelyingPartyError::EndpointInvalid { name, why })?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_over_plain_http_to_another_machine() {
        for good in ["https://id.example/token", "http://127.0.0.1:4000/token", "http://localhost:4000/token"]
        {
            assert_eq!(endpoint(Some(good), "token").expect("an endpoint"), good);
        }
        for bad in [Some("http://id.example/token"), Some("ftp://127.0.0.1/token"), Some("token"), None] {
            assert!(endpoint(bad, "token").is_err(), "{bad:?}");
        }
    }
}
