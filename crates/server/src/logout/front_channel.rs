//! Telling the clients of a session, through the browser, that it ended (OpenID Connect Front-Channel Logout 1.0).

use http::StatusCode;
use protocol::{limits, uri};

use crate::{
    AuthorizationServer,
    answer::Answer,
    authorize::deliver::with_params,
    error::Fault,
    pages::{Framing, Script, escape, scripted},
    session::Leavable,
    store::Of,
};

/// Goes on once every frame has loaded or failed, and after three seconds at the latest. Without scripts the browser does
/// it by itself, or the user follows the link.
const GO_ON: &str = "(()=>{const go=()=>location.replace(document.getElementById(\"on\").href);\
                     addEventListener(\"load\",go);setTimeout(go,3000)})()";
/// Most grants of a session that are looked at for clients.
const GRANTS_MAX: u32 = 500;

/// The URLs that tell the clients of a session, each with `iss` and `sid` (Front-Channel Logout 1.0 §2). They are those of
/// clients that have a grant in it, and are found before it ends.
#[derive(Debug, Default)]
pub(crate) struct FrontChannel(Vec<String>);

impl FrontChannel {
    /// Of a session that is about to end.
    pub(crate) async fn of(server: &AuthorizationServer, session: &Leavable) -> Result<Self, Fault> {
        let of = Of::Session(session.id);
        let grants = server.store().list_grants(Some(&of), None, GRANTS_MAX).await?;
        let (mut told, mut urls) = (Vec::new(), Vec::new());
        for grant in grants {
            if told.contains(&grant.client) || urls.len() == limits::FRONT_CHANNEL_CLIENTS_MAX {
                continue;
            }
            let client = server.registry().client(grant.client.as_str()).await?;
            told.push(grant.client);
            let registered =
                client.as_ref().and_then(|client| client.metadata.frontchannel_logout_uri.as_deref());
            let Some(url) = registered.filter(|url| uri::origin(url).is_some()) else { continue };
            let issuer = server.settings().issuer.to_string();
            urls.push(with_params(url, '?', &[("iss", issuer), ("sid", session.id.to_string())]));
        }
        Ok(Self(urls))
    }

    /// A page that opens the URLs in frames and then goes on; `None` if there are none.
    pub(super) fn page(&self, server: &AuthorizationServer, location: &str) -> Option<Result<Answer, Fault>> {
        if self.0.is_empty() {
            return None;
        }
        let frame = |url: &String| format!("<iframe hidden title=\"\" src=\"{}\"></iframe>", escape(url));
        let frames: String = self.0.iter().map(frame).collect();
        let location = escape(location);
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Signing out</title>\
             <noscript><meta http-equiv=\"refresh\" content=\"3;url={location}\"></noscript>\
             <main><h1>Signing out</h1><p><a id=\"on\" href=\"{location}\">Continue</a></p></main>{frames}\
             <script>{GO_ON}</script></html>"
        );
        let mut origins: Vec<String> = self.0.iter().filter_map(|url| uri::origin(url)).collect();
        origins.sort_unstable();
        origins.dedup();
        let frames = origins.join(" ");
        let page = Script { text: GO_ON, form_action: "'none'", framing: Framing::Nobody, frames: &frames };
        Some(scripted(server.settings(), StatusCode::OK, html, &page))
    }
}
