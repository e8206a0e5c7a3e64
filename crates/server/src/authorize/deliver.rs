//! How the parameters of an authorization response reach the client, by response mode.

pub(crate) mod form_post;
pub(crate) mod jarm;
pub(crate) mod web_message;

use protocol::{ClientId, ResponseMode};

use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    error::{Error, Fault},
};

/// The parameters of a response, in order.
pub(super) type ResponseParams<'a> = Vec<(&'a str, String)>;

/// Sends these parameters of an authorization response to a redirect URI of the client.
pub(super) async fn deliver(
    server: &AuthorizationServer,
    client: &ClientId,
    uri: &str,
    mode: ResponseMode,
    params: ResponseParams<'_>,
) -> Result<Answer, Error> {
    let params = match mode.is_jwt() {
        true => vec![("response", jarm::sign(server, client, params).await?)],
        false => params,
    };
    match mode {
        ResponseMode::Query | ResponseMode::QueryJwt => see_other(&with_params(uri, '?', &params)),
        ResponseMode::Fragment | ResponseMode::FragmentJwt => see_other(&with_params(uri, '#', &params)),
        ResponseMode::FormPost | ResponseMode::FormPostJwt => form_post::page(server, uri, &params),
        ResponseMode::WebMessage => web_message::page(server, uri, &params),
        other => Err(Fault::new(format!("the response mode {other} has no form of its own")).into()),
    }
}

/// Appends parameters to the query (`?`) or as the fragment (`#`) of the URI, which may have a query (RFC 6749 §3.1.2).
pub(crate) fn with_params(uri: &str, part: char, params: &[(&str, String)]) -> String {
    let mut location = uri.to_owned();
    for (name, value) in params {
        location.push(if location.contains(part) { '&' } else { part });
        location.push_str(name);
        location.push('=');
        location.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_go_behind_a_registered_query_or_into_the_fragment() {
        let params = [("state", "a b&c".to_owned()), ("iss", "https://as.example".to_owned())];
        let sent = "state=a+b%26c&iss=https%3A%2F%2Fas.example";
        let uri = "https://c.example/cb?a=1";
        assert_eq!(with_params(uri, '?', &params), format!("{uri}&{sent}"));
        assert_eq!(with_params(uri, '#', &params), format!("{uri}#{sent}"));
        let code = [("code", "x".to_owned())];
        assert_eq!(with_params("com.example.app:/cb", '?', &code), "com.example.app:/cb?code=x");
    }
}
