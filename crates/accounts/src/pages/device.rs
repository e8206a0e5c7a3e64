//! The pages of the device grant. Contract: a field `user_code`, and then two submits named `decision`, `allow` and
//! `deny`, with ids of the same names.

use std::net::IpAddr;

use askama::Template;
use protocol::UserCode;
use server::{DeferredFacts, Origin};

use super::{
    Frame, Hidden, ShownClient,
    consent::{Group, ShownAccount},
    shown::{NAME_CHARS_MAX, shown},
};

/// What the page says of a code that no request waits with.
pub(crate) const UNKNOWN: &str =
    "No device is waiting with this code. Check it, or get a new one on the device.";

/// The page where a code is typed. Nothing sends its form but the user, even where a link brought the code (RFC 8628
/// §3.3.1).
#[derive(Template)]
#[template(path = "device_code.html")]
pub(crate) struct DeviceCodePage<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) typed: String,
    pub(crate) problem: Option<&'static str>,
}

/// The page that asks for confirmation.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) client: &'a ShownClient,
    pub(crate) code: Option<String>,
    pub(crate) asked: String,
    pub(crate) from: Option<String>,
    pub(crate) agent: Option<String>,
    /// What the client shows its user, too.
    pub(crate) message: Option<String>,
    /// The subject that is asked, sent back with the decision.
    pub(crate) subject: &'a str,
    pub(crate) account: ShownAccount,
    pub(crate) groups: Vec<Group>,
    pub(crate) hidden: Hidden,
}

/// What the page tells of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownRequest {
    pub(crate) code: Option<String>,
    pub(crate) asked: String,
    pub(crate) from: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) message: Option<String>,
}

impl ShownRequest {
    /// As it is shown to a browser at `here`, this many seconds after it was sent.
    pub(crate) fn of(facts: &DeferredFacts, here: &Origin, seconds: i64) -> Self {
        Self {
            code: facts.user_code.as_ref().map(UserCode::to_string),
            asked: age(seconds),
            from: facts.peer.map(|peer| from(peer, here)),
            agent: facts.agent.as_deref().map(|agent| shown(agent, NAME_CHARS_MAX)),
            message: facts.binding_message.as_deref().map(|text| shown(text, NAME_CHARS_MAX)),
        }
    }
}

/// The address, and whether it is in the network of the browser (RFC 8628 §5.4: it may be a remote attacker's device).
fn from(peer: IpAddr, here: &Origin) -> String {
    let is_same = Origin::at(peer).network() == here.network();
    let network = if is_same { "your network" } else { "not your network" };
    format!("{peer} · {network}")
}

pub(super) fn age(seconds: i64) -> String {
    match seconds {
        ..2 => "just now".to_owned(),
        2..120 => format!("{seconds} seconds ago"),
        _ => format!("{} minutes ago", seconds / 60),
    }
}

/// The page that follows the answer.
#[derive(Template)]
#[template(path = "device_done.html")]
pub(crate) struct DeviceDonePage<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) allowed: bool,
}

#[cfg(test)]
mod tests {
    use protocol::Timestamp;

    use super::*;
    use crate::{directory::fixture::alice, pages::fixture};

    fn facts(agent: &str) -> DeferredFacts {
        DeferredFacts {
            user_code: UserCode::parse("WDJB-MJHT"),
            asked_at: Timestamp(0),
            peer: Some([203, 0, 113, 24].into()),
            agent: Some(agent.to_owned()),
            binding_message: None,
        }
    }

    fn page(request: ShownRequest) -> String {
        let (frame, client) = (fixture::frame(), fixture::client("Living-room TV"));
        let ShownRequest { code, asked, from, agent, message } = request;
        let page = ConfirmPage {
            frame: &frame,
            client: &client,
            code,
            asked,
            from,
            agent,
            message,
            subject: "u-1",
            account: ShownAccount::of(&alice()),
            groups: Vec::new(),
            hidden: fixture::hidden(),
        };
        page.render().expect("renders")
    }

    /// RFC 8628 §5.4: the page shows what the user can compare, and denying comes first.
    #[test]
    fn the_page_shows_the_code_the_age_and_the_address_with_deny_first() {
        let here = Origin::at([198, 51, 100, 7].into());
        let html = page(ShownRequest::of(&facts("SmartTV / Linux"), &here, 40));
        for part in [
            "<h1>Sign in “<bdi>Living-room TV</bdi>”?</h1>",
            "<code>WDJB-MJHT</code>",
            "<b>Somebody sent you this link or code?</b> Then it is not your device. Choose Deny.",
            "<dd>40 seconds ago</dd>",
            "<dd>203.0.113.24 · not your network</dd>",
            "<bdi>SmartTV / Linux</bdi>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        let at = |part: &str| html.find(part).expect("it is there");
        assert!(at("id=\"deny\"") < at("id=\"allow\""));
        assert_eq!(html.matches("name=\"decision\"").count(), 2);
        assert!(!html.contains("autofocus") && !html.contains("action=") && !html.contains("<script"));
    }

    #[test]
    fn what_a_device_says_of_itself_is_escaped() {
        let here = Origin::at([203, 0, 113, 24].into());
        let request = ShownRequest::of(&facts("</bdi><b>x\u{202e}"), &here, 0);
        assert_eq!(request.from.as_deref(), Some("203.0.113.24 · your network"));
        assert_eq!(
            (age(0), age(119), age(600)),
            ("just now".into(), "119 seconds ago".into(), "10 minutes ago".into())
        );
        let html = page(request);
        assert!(!html.contains("</bdi><b>x") && !html.contains('\u{202e}'), "{html}");
    }

    /// RFC 8628 §3.3.1: a link may bring the code, and never sends it.
    #[test]
    fn a_code_from_a_link_is_filled_in_and_not_sent() {
        let frame = fixture::frame();
        let page = DeviceCodePage { frame: &frame, typed: "WDJB-MJHT\"".into(), problem: Some(UNKNOWN) };
        let html = page.render().expect("renders");
        assert!(html.contains("name=\"user_code\" type=\"text\" value=\"WDJB-MJHT&#34;\""), "{html}");
        assert!(html.contains("role=\"alert\" id=\"problem\"") && !html.contains("<script"));
        let done = |allowed| DeviceDonePage { frame: &frame, allowed }.render().expect("renders");
        assert!(done(true).contains("<h1>Done</h1>") && done(false).contains("<h1>Nothing was allowed</h1>"));
    }
}
