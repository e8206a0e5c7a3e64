//! In development, the answer says what differed.

use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::Full;
use protocol::Difference;

use super::context::RequestContext;
use crate::{answer::Answer, reason::Reason};

/// Differences that no answer says, not even in development: about a secret, or about what another client holds.
const UNSAID: [Reason; 3] =
    [Reason::ClientSecretWrong, Reason::CodeClientMismatch, Reason::RefreshClientMismatch];

/// The difference that an answer may say where [`Settings::explain_refusals`](crate::Settings::explain_refusals) is set.
pub(crate) fn sayable(notes: &RequestContext, reason: Reason) -> Option<Difference> {
    notes.difference(reason).filter(|_| !UNSAID.contains(&reason))
}

/// The answer with the difference in its `error_description`, as JSON or in the redirect to the client. Pages have it
/// already.
pub(crate) fn told(mut answer: Answer, notes: &RequestContext) -> Answer {
    let Some(reason) = answer.extensions().get::<Reason>().copied() else { return answer };
    let Some(difference) = sayable(notes, reason) else { return answer };
    let text = description(reason, &difference);
    if let Some(location) = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()) {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let plain = format!("error_description={}", encoded(reason.description()));
        let longer = location.replacen(&plain, &format!("error_description={}", encoded(&text)), 1);
        if let Ok(location) = HeaderValue::try_from(longer) {
            answer.headers_mut().insert(header::LOCATION, location);
        }
        return answer;
    }
    if answer.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json") {
        let body = serde_json::json!({ "error": reason.code().as_str(), "error_description": text });
        *answer.body_mut() = Full::new(Bytes::from(body.to_string()));
    }
    answer
}

/// In the characters of RFC 6749 §5.2.
fn description(reason: Reason, difference: &Difference) -> String {
    let (Difference { what, expected, .. }, sent) = (difference, difference.sent());
    let text = format!("{}. {what}: sent {sent}, expected {expected}", reason.description());
    let fitting = |character| match character {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => character,
        _ => '?',
    };
    text.chars().map(fitting).collect()
}

#[cfg(test)]
mod tests {
    use http::Response;
    use http_body_util::BodyExt as _;

    use super::*;

    fn refused(reason: Reason) -> (Answer, RequestContext) {
        let notes = RequestContext::default();
        notes.differs(reason, Difference::new("scope", "a\"\\é", "b"));
        let mut answer = Response::new(Full::new(Bytes::from_static(b"{}")));
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer.extensions_mut().insert(reason);
        (answer, notes)
    }

    async fn body(answer: Answer) -> String {
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        String::from_utf8(body.to_vec()).expect("text")
    }

    #[tokio::test]
    async fn json_says_it_in_the_characters_of_an_error_description() {
        let (answer, notes) = refused(Reason::ScopeNotRegistered);
        assert_eq!(
            body(told(answer, &notes)).await,
            "{\"error\":\"invalid_scope\",\"error_description\":\"A requested scope is not registered to this client. \
             scope: sent a'/?, expected b\"}"
        );
    }

    #[tokio::test]
    async fn a_redirect_says_it() {
        let (mut answer, notes) = refused(Reason::ScopeMalformed);
        let location = "https://c.example/cb?error=x&error_description=scope+is+malformed&state=s";
        answer.headers_mut().insert(header::LOCATION, HeaderValue::from_static(location));
        let answer = told(answer, &notes);
        assert_eq!(
            answer.headers()[header::LOCATION],
            "https://c.example/cb?error=x&error_description=scope+is+malformed.+scope%3A+sent+a%27%2F%3F%2C+expected+b\
             &state=s"
        );
    }

    #[tokio::test]
    async fn nothing_is_said_of_secrets_and_of_other_clients() {
        for reason in UNSAID {
            let (answer, notes) = refused(reason);
            assert_eq!(body(told(answer, &notes)).await, "{}", "{reason:?}");
        }
    }
}
