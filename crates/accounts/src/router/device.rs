//! `/device`: a code is typed, and what it asks for is confirmed.

use http::{StatusCode, header, request::Parts};
use protocol::{DeferredId, Params};
use server::{Answer, Error, Incoming, OpenInteraction, Origin, Reason, WaitingRequest};

use super::{AccountPages, hidden, shown_client};
use crate::pages::{
    consent::{Group, ShownAccount},
    device::{self, ConfirmPage, DeviceCodePage, DeviceDonePage, ShownRequest},
    requests::{RequestsPage, ShownWaiting},
    shown::shown,
};

/// Longest code from a link that is filled in, in characters.
const TYPED_CHARS_MAX: usize = 32;

/// Seconds in `Retry-After` where too many codes were wrong.
const CODES_RETRY_AFTER_SECONDS: u64 = 3_600;

/// Whether the request is about a code, and not about a request that was found.
pub(super) fn is_code_page(head: &Parts) -> bool {
    let query = head.uri.query().unwrap_or_default();
    !Params::parse(query.as_bytes()).is_ok_and(|params| params.get("interaction").is_some())
}

impl AccountPages {
    /// The page for a code, and the one that follows an answer.
    pub(super) fn show_code_page(&self, head: &Parts) -> Result<Answer, Error> {
        let query = head.uri.query().unwrap_or_default();
        let params = Params::parse(query.as_bytes()).map_err(|_| Reason::BodyMalformed)?;
        if let Some(done) = params.get("done") {
            let page = DeviceDonePage { frame: self.pages.frame(), allowed: done == "allowed" };
            return Ok(self.pages.without_form(&page)?);
        }
        self.code_page(params.get("user_code").unwrap_or_default(), None)
    }

    fn code_page(&self, typed: &str, problem: Option<&'static str>) -> Result<Answer, Error> {
        let typed = shown(typed, TYPED_CHARS_MAX);
        let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let page = DeviceCodePage { frame: self.pages.frame(), typed, problem };
        Ok(self.pages.with_form(status, &page, "'self'")?)
    }

    /// A code was typed.
    pub(super) async fn enter_code(&self, incoming: &Incoming) -> Result<Answer, Error> {
        let params = incoming.form()?;
        let typed = params.get("user_code").unwrap_or_default();
        match self.server.enter_user_code(&incoming.head, typed).await {
            Err(Error::Refused(Reason::UserCodeUnknown)) => self.code_page(typed, Some(device::UNKNOWN)),
            Err(error @ Error::Refused(Reason::UserCodesTooMany)) => {
                let mut answer = self.refusal(&incoming.head, &error);
                answer.headers_mut().insert(header::RETRY_AFTER, CODES_RETRY_AFTER_SECONDS.into());
                Ok(answer)
            }
            answer => answer,
        }
    }

    /// What clients ask the user for from elsewhere; a link of it leads to the page that asks.
    pub(super) async fn requests_page(&self, head: &Parts) -> Result<Answer, Error> {
        let query = head.uri.query().unwrap_or_default();
        let params = Params::parse(query.as_bytes()).map_err(|_| Reason::BodyMalformed)?;
        let Some(waiting) = self.server.waiting_requests(head).await? else {
            return self.server.without_interaction(head).await;
        };
        if let Some(id) = params.get("request").and_then(DeferredId::parse) {
            return self.server.answer_request(head, id).await;
        }
        let settings = self.server.settings();
        let (page, now) = (settings.url(&settings.pages.requests), self.server.now());
        let shown = |request: &WaitingRequest| ShownWaiting::of(request, now.since(request.asked_at), &page);
        let requests = waiting.iter().map(shown).collect();
        Ok(self.pages.without_form(&RequestsPage { frame: self.pages.frame(), requests })?)
    }

    pub(super) async fn confirm_page(
        &self,
        interaction: OpenInteraction,
        head: &Parts,
    ) -> Result<Answer, Error> {
        let (Some(client), Some(account)) = (shown_client(&interaction), self.account(&interaction).await?)
        else {
            return interaction.switch_account().await;
        };
        let facts = interaction.deferred().ok_or(Reason::InteractionUnknown)?;
        let age = self.server.now().since(facts.asked_at);
        let ShownRequest { code, asked, from, agent, message } =
            ShownRequest::of(facts, &Origin::of(&head.extensions), age);
        let page = ConfirmPage {
            frame: self.pages.frame(),
            client: &client,
            code,
            asked,
            from,
            agent,
            message,
            subject: account.subject.as_str(),
            account: ShownAccount::of(&account),
            groups: Group::all(interaction.scopes()),
            hidden: hidden(&interaction)?,
        };
        Ok(self.pages.with_form(StatusCode::OK, &page, &interaction.form_action())?)
    }
}
