//! What a host learns of one request beside its answer.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::Extensions;
use protocol::{ClientId, Difference, Subject, display::Shown};

use crate::reason::{Reason, Severity};

/// What is known of a request: the client that sent it, the user whom it concerns, and how it differs from what was
/// expected. Clones share one state.
///
/// A host that logs requests sets it as an extension of the request before [`HttpService`](crate::HttpService) or a page
/// answers it, and reads it afterwards. Where it is absent, the server logs refusals itself.
#[derive(Clone, Debug, Default)]
pub struct RequestNotes(Arc<Mutex<Noted>>);

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

impl RequestNotes {
    /// The notes of a request, if its host set them.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
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
    pub(crate) fn log(&self, request_id: Option<&str>, refusal: &Refusal) {
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let notes = RequestNotes::default();
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
