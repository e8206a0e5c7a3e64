//! A whole HTML document as an answer: the headers that every page of the server and of its host has.

use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::{
    answer::{self, Answer},
    error::Fault,
    settings::Settings,
};

/// What every page says: it is framed by nobody, runs no scripts and may not be cached.
const FIXED: [(HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
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
    let policy = content_security_policy(form_action.unwrap_or("'none'"))?;
    let mut answer = answer::empty(status);
    *answer.body_mut() = html.into();
    let headers = answer.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    // With no-referrer, a form's own POST would carry `Origin: null`.
    let referrer = if form_action.is_some() { "same-origin" } else { "no-referrer" };
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    if settings.is_https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    Ok(answer)
}

fn content_security_policy(form_action: &str) -> Result<HeaderValue, Fault> {
    if form_action.contains([';', ',']) {
        return Err(Fault::new("a form-action must not contain a semicolon or comma"));
    }
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; \
         form-action {form_action}"
    );
    HeaderValue::from_str(&policy).map_err(Fault::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_action_can_not_add_directives() {
        for bad in ["'self'; script-src *", "'self', script-src *", "'self'\r\nx: y"] {
            assert!(content_security_policy(bad).is_err(), "{bad}");
        }
    }
}
