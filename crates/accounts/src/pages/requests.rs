//! What clients ask the user for from elsewhere (CIBA).

use askama::Template;
use server::WaitingRequest;

use super::{
    Frame,
    device::age,
    shown::{NAME_CHARS_MAX, shown},
};

/// The data of the page.
#[derive(Template)]
#[template(path = "requests.html")]
pub(crate) struct RequestsPage<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) requests: Vec<ShownWaiting>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownWaiting {
    name: String,
    message: Option<String>,
    asked: String,
    link: String,
}

impl ShownWaiting {
    /// As it is shown this many seconds after it was sent, with a link to this page.
    pub(crate) fn of(request: &WaitingRequest, seconds: i64, page: &str) -> Self {
        Self {
            name: shown(&request.client_name, NAME_CHARS_MAX),
            message: request.binding_message.as_deref().map(|text| shown(text, NAME_CHARS_MAX)),
            asked: age(seconds),
            link: format!("{page}?request={}", request.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{DeferredId, Timestamp};

    use super::*;
    use crate::pages::fixture;

    #[test]
    fn each_request_names_its_client_and_its_message_escaped() {
        let request = WaitingRequest {
            id: DeferredId(7),
            client_name: "</bdi><b>Bank".into(),
            binding_message: Some("W4SCT".into()),
            asked_at: Timestamp(0),
        };
        let requests = vec![ShownWaiting::of(&request, 30, "https://id.example/account/requests")];
        let frame = fixture::frame();
        let html = RequestsPage { frame: &frame, requests }.render().expect("renders");
        assert!(html.contains("W4SCT") && html.contains("30 seconds ago") && !html.contains("</bdi><b>Bank"));
        let link = format!("href=\"https://id.example/account/requests?request={}\"", DeferredId(7));
        assert!(html.contains(&link) && !html.contains("<form"), "{html}");
        let none = RequestsPage { frame: &frame, requests: Vec::new() }.render().expect("renders");
        assert!(none.contains("Nobody is waiting for you."));
    }
}
