//! A response as a form that the browser posts to the client (OAuth 2.0 Form Post Response Mode §2).

use http::StatusCode;
use protocol::uri;

use crate::{
    AuthorizationServer,
    answer::Answer,
    error::Error,
    pages::{Framing, Script, escape, scripted},
};

/// Submits the form. Without scripts the user presses its button.
const SUBMIT: &str = "document.forms[0].submit()";

/// The page with the form. It may be sent where the redirect URI leads to: a form's own target and what that redirects
/// to are both limited by the policy of the page (CSP 3 §6.4.1).
pub(super) fn page(
    server: &AuthorizationServer,
    uri: &str,
    params: &[(&str, String)],
) -> Result<Answer, Error> {
    let field = |(name, value): &(&str, String)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
    };
    let fields: String = params.iter().map(field).collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Back to the application</title>\
         <main><h1>Back to the application</h1><form method=\"post\" action=\"{}\">{fields}\
         <button>Continue</button></form></main><script>{SUBMIT}</script></html>",
        escape(uri),
    );
    let scheme = uri::Parts::of(uri).map_or("https", |parts| parts.scheme).to_ascii_lowercase();
    let sources = format!("https: {scheme}:");
    let page = Script { text: SUBMIT, form_action: &sources, framing: Framing::Nobody, frames: "" };
    Ok(scripted(server.settings(), StatusCode::OK, html, &page)?)
}
