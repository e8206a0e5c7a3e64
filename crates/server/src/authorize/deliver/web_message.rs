//! A response as a message to the page of the client that opened or framed the endpoint (OAuth 2.0 Web Message Response
//! Mode §4): for pages that ask silently whether their user is signed in.

use http::StatusCode;
use protocol::{ResponseMode, uri};
use serde_json::{Map, Value};

use crate::{
    AuthorizationServer,
    answer::Answer,
    context::Installed,
    error::{Error, Fault},
    pages::{Framing, Script, escape, scripted},
};

/// Posts the message to the origin of the redirect URI only: a page of another origin that framed or opened this one
/// receives nothing.
const POST: &str = "(()=>{const d=document.body.dataset,t=window.opener||window.parent;\
                    if(t&&t!==window)t.postMessage({type:\"authorization_response\",\
                    response:JSON.parse(d.response)},d.origin)})()";

pub(crate) fn install(installed: &mut Installed, (): &()) {
    installed.response_modes.push(ResponseMode::WebMessage);
}

pub(super) fn page(
    server: &AuthorizationServer,
    uri: &str,
    params: &[(&str, String)],
) -> Result<Answer, Error> {
    let origin = uri::origin(uri).ok_or_else(|| Fault::new("the redirect URI has no origin"))?;
    let response: Map<String, Value> =
        params.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Back to the application</title>\
         <body data-origin=\"{}\" data-response=\"{}\"><script>{POST}</script></body></html>",
        escape(&origin),
        escape(&Value::Object(response).to_string()),
    );
    let page = Script { text: POST, form_action: "'none'", framing: Framing::Origin(&origin), frames: "" };
    Ok(scripted(server.settings(), StatusCode::OK, html, &page)?)
}
