//! Error pages: the port that renders them, and a plain implementation.

mod document;
mod host;
pub(crate) mod refusal;

pub use document::document;

pub(crate) use document::{Framing, Script, scripted};

/// The label of a fact that is a URL of this issuer, which a page may show as a link.
pub const OPEN: &str = "Open";

/// Renders error pages. A host implements this with its own templates.
pub trait Pages: Send + Sync + 'static {
    /// A whole HTML document.
    fn error(&self, page: &ErrorPage) -> String;
}

/// The content of an error page.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The status of the answer.
    pub status: u16,
    /// The slug of the reason.
    pub slug: &'static str,
    /// The registered error code.
    pub code: &'static str,
    /// The public text of the reason.
    pub description: String,
    /// What was sent, what was expected, how to fix it: label and text.
    pub facts: Vec<(&'static str, String)>,
    /// The identifier of the request, for support.
    pub request_id: String,
}

/// Unstyled pages, for hosts without templates.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainPages;

impl Pages for PlainPages {
    fn error(&self, page: &ErrorPage) -> String {
        let mut html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>This request can't go on</title>\
             <main><h1>This request can't go on</h1><p>{}</p><dl><dt>Error</dt><dd><code>{}</code> \
             <code>{}</code></dd>",
            escape(&page.description),
            escape(page.slug),
            escape(page.code),
        );
        for (label, text) in &page.facts {
            html.push_str(&format!("<dt>{}</dt><dd><code>{}</code></dd>", escape(label), escape(text)));
        }
        html.push_str(&format!(
            "<dt>Request</dt><dd><code>{}</code></dd></dl></main>",
            escape(&page.request_id)
        ));
        html
    }
}

pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untrusted_text_is_escaped() {
        let page = ErrorPage {
            status: 400,
            slug: "redirect_uri_mismatch",
            code: "invalid_request",
            description: "no".into(),
            facts: vec![("Sent", "<script>\"'&".into())],
            request_id: "r".into(),
        };
        let html = PlainPages.error(&page);
        assert!(html.contains("&lt;script&gt;&quot;&#39;&amp;") && !html.contains("<script>"));
    }
}
