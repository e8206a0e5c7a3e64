//! A whole HTML document as an answer: the headers that every page of the server and of its host has.

use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::{
    answer::{self, Answer},
    error::Fault,
    settings::Settings,
};

/// What every page says, beside its policy.
const FIXED: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// A page with style and images of this origin only. `form_action` names the sources that its forms may be sent to and
/// redirected to (CSP 3 §6.4.1), such as those of [`OpenInteraction::form_action`]; `None` where it has no form.
///
/// # Errors
/// A `form_action` that would add a directive.
///
/// [`OpenInteraction::form_action`]: crate::OpenInteraction::form_action
pub fn document(
    settings: &Settings,
    status: StatusCode,
    html: String,
    form_action: Option<&str>,
) -> Result<Answer, Fault> {
    // With no-referrer, a form's own POST would carry `Origin: null`.
    let referrer = if form_action.is_some() { "same-origin" } else { "no-referrer" };
    let form_action = form_action.unwrap_or("'none'");
    let rules = Rules { form_action, script: None, framing: &Framing::Nobody, frames: "", referrer };
    page(settings, status, html, &rules)
}

/// The one script of a page that sends an authorization response on.
pub(crate) struct Script<'a> {
    /// The whole text between its tags.
    pub(crate) text: &'static str,
    /// Where the forms of the page may be sent.
    pub(crate) form_action: &'a str,
    /// Who may frame the page.
    pub(crate) framing: Framing<'a>,
    /// The origins of what it frames itself, separated by spaces.
    pub(crate) frames: &'a str,
}

/// Who may frame a page.
pub(crate) enum Framing<'a> {
    /// Nobody.
    Nobody,
    /// Pages of this origin.
    Origin(&'a str),
}

/// A page that runs this script, by its hash (CSP 3 §6.7.3.3), and no other. The client that it sends a form to learns
/// the origin of the server, and not the path.
///
/// # Errors
/// As for [`document`].
pub(crate) fn scripted(
    settings: &Settings,
    status: StatusCode,
    html: String,
    script: &Script<'_>,
) -> Result<Answer, Fault> {
    let Script { text, form_action, framing, frames } = script;
    let rules = Rules { form_action, script: Some(text), framing, frames, referrer: "strict-origin" };
    page(settings, status, html, &rules)
}

/// What a page may do.
struct Rules<'a> {
    form_action: &'a str,
    script: Option<&'a str>,
    framing: &'a Framing<'a>,
    frames: &'a str,
    referrer: &'static str,
}

fn page(settings: &Settings, status: StatusCode, html: String, rules: &Rules<'_>) -> Result<Answer, Fault> {
    let policy = content_security_policy(rules)?;
    let mut answer = answer::empty(status);
    *answer.body_mut() = html.into();
    let headers = answer.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if matches!(rules.framing, Framing::Nobody) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(rules.referrer));
    if settings.is_https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    Ok(answer)
}

fn content_security_policy(rules: &Rules<'_>) -> Result<HeaderValue, Fault> {
    let Rules { form_action, script, framing, frames, .. } = rules;
    if form_action.contains([';', ',']) || frames.contains([';', ',']) {
        return Err(Fault::new("a source must not contain a semicolon or comma"));
    }
    let frames = if frames.is_empty() { String::new() } else { format!("frame-src {frames}; ") };
    let framing = match framing {
        Framing::Nobody => "'none'",
        Framing::Origin(origin) => origin,
    };
    let script = script.map(hash).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; {script}{frames}style-src 'self'; img-src 'self' data:; base-uri 'none'; \
         frame-ancestors {framing}; form-action {form_action}"
    );
    HeaderValue::from_str(&policy).map_err(Fault::new)
}

/// The directive that permits a script by its hash, in the base64 that browsers write (CSP 3 §6.7.3.3).
fn hash(script: &str) -> String {
    let hash = jose::base64url::encode(&jose::primitives::sha256(script.as_bytes()));
    format!("script-src 'sha256-{}='; ", hash.replace('-', "+").replace('_', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of CSP 2 §7.17.
    #[test]
    fn a_script_is_permitted_by_its_hash() {
        let expected = "script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='; ";
        assert_eq!(hash("alert('Hello, world.');"), expected);
    }

    #[test]
    fn a_form_action_can_not_add_directives() {
        for bad in ["'self'; script-src *", "'self', script-src *", "'self'\r\nx: y"] {
            let framing = &Framing::Nobody;
            let rules =
                Rules { form_action: bad, script: None, framing, frames: "", referrer: "no-referrer" };
            assert!(content_security_policy(&rules).is_err(), "{bad}");
        }
    }
}
