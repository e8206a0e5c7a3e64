//! What a host knows of one request, and what it learns of it beside its answer.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::Extensions;
use protocol::{ClientId, Difference, Subject, display::Shown};

use crate::{
    origin::SharedAddress,
    reason::{Reason, Severity},
};

/// What is known of a request: its id and where it comes from, which the host says; and the client that sent it, the user
/// whom it concerns, and how it differs from what was expected, which the host reads afterwards. Clones share one state.
///
/// The host sets it as an extension of the request before [`HttpService`](crate::HttpService) or a page answers it.
#[derive(Clone, Debug, Default)]
pub struct RequestContext(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    id: Box<str>,
    address: Option<IpAddr>,
    shared: Option<SharedAddress>,
    is_logged_by_host: bool,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    client: Option<ClientId>,
    subject: Option<Subject>,
    inactive: Option<&'static str>,
    difference: Option<(Reason, Difference)>,
    refusal: Option<Refusal>,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the reason.
    pub slug: &'static str,
    /// The rule that the request broke.
    pub rule: &'static str,
    /// How much attention it deserves.
    pub severity: Severity,
    /// What differed, if that is known.
    pub difference: Option<Difference>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { slug: reason.slug(), rule: reason.rule(), severity: reason.severity(), difference: None }
    }
}

impl RequestContext {
    /// A request with an id, which is shown on error pages and in logs, and the address of the client.
    pub fn new(id: impl Into<Box<str>>, address: IpAddr) -> Self {
        Self(Arc::new(Known { id: id.into(), address: Some(address), ..Known::default() }))
    }

    /// The same where the address is that of a proxy, which many clients share.
    #[must_use]
    pub fn behind(mut self, proxy: SharedAddress) -> Self {
        if let Some(known) = Arc::get_mut(&mut self.0) {
            known.shared = Some(proxy);
        }
        self
    }

    /// The same for a host that logs refusals: see [`Self::refusal`]. For all others the server logs them.
    #[must_use]
    pub fn logged_by_host(mut self) -> Self {
        if let Some(known) = Arc::get_mut(&mut self.0) {
            known.is_logged_by_host = true;
        }
        self
    }

    /// The context of a request, if its host set one.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// The id; empty if the host set none.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The address of the client, or of the proxy in front of it.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.address
    }

    pub(crate) fn shared(&self) -> Option<SharedAddress> {
        self.0.shared
    }

    pub(crate) fn is_logged_by_host(&self) -> bool {
        self.0.is_logged_by_host
    }

    /// The client that sent it: the one that authenticated, or the one that it claims to be.
    pub fn client(&self) -> Option<ClientId> {
        self.noted().client.clone()
    }

    /// The user whom it concerns.
    pub fn subject(&self) -> Option<Subject> {
        self.noted().subject.clone()
    }

    /// Why an introspected token is not active, which its caller is not told.
    pub fn inactive(&self) -> Option<&'static str> {
        self.noted().inactive
    }

    /// Notes the client.
    pub fn set_client(&self, client: &ClientId) {
        self.noted().client = Some(client.clone());
    }

    /// Notes the user.
    pub fn set_subject(&self, subject: &Subject) {
        self.noted().subject = Some(subject.clone());
    }

    /// Notes that the request is refused for a reason of the host.
    pub fn refuse(&self, refusal: Refusal) {
        self.noted().refusal = Some(refusal);
    }

    /// Why the request was refused: for the reason that its answer has among its extensions, or for one of the host.
    pub fn refusal(&self, answer: &Extensions) -> Option<Refusal> {
        let noted = self.noted();
        let Some(reason) = answer.get::<Reason>() else { return noted.refusal.clone() };
        let difference = noted.difference.as_ref().filter(|(of, _)| of == reason);
        let difference = difference.map(|(_, difference)| difference).or_else(|| answer.get()).cloned();
        Some(Refusal { difference, ..Refusal::from(*reason) })
    }

    /// Logs a refusal, for a host that does not.
    pub(crate) fn log(&self, refusal: &Refusal) {
        let request_id = Some(self.id()).filter(|id| !id.is_empty());
        let reason = refusal.slug;
        let (client, subject) = (self.client(), self.subject());
        let client = client.as_ref().map(tracing::field::display);
        let subject = subject.as_ref().map(SubjectForLogs).map(tracing::field::display);
        let [what, sent, expected] = Difference::fields(refusal.difference.as_ref());
        match refusal.severity {
            Severity::Plain => {
                tracing::info!(request_id, client, subject, reason, what, sent, expected, "refused");
            }
            Severity::Suspicious => {
                tracing::warn!(request_id, client, subject, reason, what, sent, expected, "refused");
            }
        }
    }

    pub(crate) fn claim_client(&self, id: &str) {
        self.noted().client = Some(ClientId::new(Shown(id).to_string()));
    }

    pub(crate) fn set_inactive(&self, slug: &'static str) {
        self.noted().inactive = Some(slug);
    }

    pub(crate) fn differs(&self, reason: Reason, difference: Difference) {
        self.noted().difference = Some((reason, difference));
    }

    /// The difference that was noted for this reason.
    pub(crate) fn difference(&self, reason: Reason) -> Option<Difference> {
        self.noted().difference.as_ref().filter(|(of, _)| *of == reason).map(|(_, found)| found.clone())
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Number of hexadecimal digits of [`SubjectForLogs`].
const SUBJECT_DIGITS: usize = 16;

/// A user as a log may name it: the first 16 hexadecimal digits of the SHA-256 of the subject. It tells which lines are
/// about one user, and an operator who knows the user can compute it.
#[derive(Clone, Copy, Debug)]
pub struct SubjectForLogs<'a>(pub &'a Subject);

impl fmt::Display for SubjectForLogs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = jose::primitives::sha256(self.0.as_str().as_bytes());
        digest.iter().take(SUBJECT_DIGITS / 2).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;

    fn difference() -> Difference {
        Difference::new("scope", "a", "b")
    }

    #[test]
    fn a_difference_counts_only_for_the_reason_that_was_answered() {
        let notes = RequestContext::default();
        notes.differs(Reason::ScopeNotRegistered, difference());
        let mut answer = Response::new(());
        assert_eq!(notes.refusal(answer.extensions()), None);
        answer.extensions_mut().insert(Reason::ScopeNotRegistered);
        let refusal = notes.refusal(answer.extensions()).expect("refused");
        assert_eq!((refusal.slug, refusal.difference), ("scope_not_registered", Some(difference())));
        answer.extensions_mut().insert(Reason::CodeUnknown);
        let refusal = notes.refusal(answer.extensions()).expect("refused");
        assert_eq!((refusal.slug, refusal.difference), ("code_unknown", None));
    }

    /// `printf u-1 | sha256sum | cut -c-16`
    #[test]
    fn a_subject_is_named_by_the_start_of_its_sha_256() {
        let subject = Subject::new("u-1");
        assert_eq!(SubjectForLogs(&subject).to_string(), "a24a7f55f278dd49");
    }
}
