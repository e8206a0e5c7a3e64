//! Server-rendered pages without script. Inputs are plain values, outputs whole documents.

pub(crate) mod account;
mod asset;
pub(crate) mod consent;
pub(crate) mod device;
mod error;
pub(crate) mod logo;
pub(crate) mod requests;
pub(crate) mod shown;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod style;

use askama::Template;
use http::StatusCode;
use protocol::uri;
use server::{Answer, ErrorPage, Fault, Settings, store::Provenance};
use shown::{initial, shown};

pub use logo::{LOGO_BYTES_MAX, Logo, LogoError};

/// Longest name of the organization that is shown, in characters.
const BRAND_CHARS_MAX: usize = 80;

/// The pages of one issuer. Implements the server's port for error pages.
#[derive(Clone, Debug)]
pub struct StyledPages {
    frame: Frame,
    settings: Settings,
    path: Box<str>,
    logo: Option<Logo>,
}

impl StyledPages {
    /// Pages that show the host of the issuer as their name.
    pub fn new(settings: &Settings) -> Self {
        let issuer = settings.issuer.as_str();
        let parts = uri::Parts::of(issuer).ok();
        let brand = parts.and_then(|parts| parts.host).unwrap_or(issuer).to_owned();
        let path = parts.map_or("", |parts| parts.path).trim_end_matches('/');
        let stylesheet = format!("{path}{}", style::PATH);
        let frame = Frame { stylesheet, initial: initial(&brand), brand, logo: None };
        Self { frame, path: path.into(), settings: settings.clone(), logo: None }
    }

    /// Pages that show this name.
    #[must_use]
    pub fn named(mut self, brand: &str) -> Self {
        self.frame.brand = shown(brand, BRAND_CHARS_MAX);
        self.frame.initial = initial(&self.frame.brand);
        self
    }

    /// Pages that show this logo.
    #[must_use]
    pub fn with_logo(mut self, logo: Logo) -> Self {
        self.frame.logo = Some(format!("{}{}", self.path, logo::PATH));
        self.logo = Some(logo);
        self
    }

    pub(crate) fn logo(&self) -> Option<&Logo> {
        self.logo.as_ref()
    }

    pub(crate) fn frame(&self) -> &Frame {
        &self.frame
    }

    /// A page with a form, which may be sent to `form_action` (sources of CSP 3 §6.4.1) and redirected there.
    pub(crate) fn with_form(
        &self,
        status: StatusCode,
        page: &impl Template,
        form_action: &str,
    ) -> Result<Answer, Fault> {
        let html = page.render().map_err(Fault::new)?;
        server::pages::document(&self.settings, status, html, Some(form_action))
    }

    /// A page without a form.
    pub(crate) fn without_form(&self, page: &impl Template) -> Result<Answer, Fault> {
        let html = page.render().map_err(Fault::new)?;
        server::pages::document(&self.settings, StatusCode::OK, html, None)
    }

    /// An error page as a whole answer.
    pub(crate) fn refusal(&self, page: &ErrorPage) -> Result<Answer, Fault> {
        let status = StatusCode::from_u16(page.status).map_err(Fault::new)?;
        server::pages::document(&self.settings, status, server::Pages::error(self, page), None)
    }
}

impl server::Pages for StyledPages {
    fn error(&self, page: &ErrorPage) -> String {
        error::render(&self.frame, self.settings.issuer.as_str(), page)
    }
}

/// What every page shows.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The name of the organization.
    pub(crate) brand: String,
    initial: String,
    /// The path of its logo; without one, the initial is shown.
    logo: Option<String>,
    stylesheet: String,
}

/// The hidden fields of every form of an interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) csrf: String,
    /// The request itself, for a page that is left open longer than its interaction is kept.
    pub(crate) request: Option<String>,
}

/// A client as pages show it.
#[derive(Clone, Debug)]
pub(crate) struct ShownClient {
    /// What the client calls itself.
    pub(crate) name: String,
    pub(crate) destination: Destination,
    pub(crate) policy_uri: Option<String>,
    pub(crate) tos_uri: Option<String>,
    /// What is said of one that the operator did not register.
    pub(crate) stranger: Option<Stranger>,
}

/// A client that the operator did not register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// The host that publishes its metadata, which is verified; `None` if it registered itself.
    pub(crate) publisher: Option<String>,
    /// How long ago it was seen first, in words.
    pub(crate) age: Option<String>,
}

impl Stranger {
    /// What is known of a client with this id.
    pub(crate) fn of(id: &str, provenance: &Provenance, age_seconds: Option<i64>) -> Option<Self> {
        let publisher = match provenance {
            Provenance::Operator => return None,
            Provenance::SelfRegistered { .. } => None,
            Provenance::MetadataDocument { .. } => uri::Parts::of(id).ok().and_then(|parts| parts.host),
        };
        Some(Self { publisher: publisher.map(str::to_ascii_lowercase), age: age_seconds.map(in_words) })
    }
}

/// A duration as a reader would say it.
fn in_words(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..60 => return "a moment ago".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// Where the answer goes: the only thing that is known about a client for certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Web {
        host: String,
        uri: String,
    },
    ThisDevice {
        uri: String,
    },
    /// To the client itself, which is not in this browser.
    Elsewhere,
}

impl Destination {
    /// What a redirect URI says about the client. `http` is registered only for loopback.
    pub(crate) fn of(redirect_uri: &str) -> Self {
        let uri = redirect_uri.to_owned();
        match uri::Parts::of(redirect_uri) {
            Ok(uri::Parts { scheme: "https", host: Some(host), .. }) => {
                Self::Web { host: host.to_ascii_lowercase(), uri }
            }
            Ok(_) | Err(_) => Self::ThisDevice { uri },
        }
    }

    pub(crate) fn host(&self) -> Option<&str> {
        match self {
            Self::Web { host, .. } => Some(host),
            Self::ThisDevice { .. } | Self::Elsewhere => None,
        }
    }
}

/// A link that a client registered, if it is safe to follow.
pub(crate) fn link(uri: Option<&str>) -> Option<String> {
    let uri = uri?;
    let parts = uri::Parts::of(uri).ok()?;
    (matches!(parts.scheme, "https" | "http") && parts.host.is_some()).then(|| uri.to_owned())
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A frame and a client, for tests of the pages.

    use super::{
        Destination, Frame, Hidden, ShownClient,
        shown::{NAME_CHARS_MAX, shown},
    };

    pub(crate) fn frame() -> Frame {
        let stylesheet = "/assets/ui.css".into();
        Frame { brand: "Example Org".into(), initial: "E".into(), logo: None, stylesheet }
    }

    pub(crate) fn hidden() -> Hidden {
        Hidden { csrf: "c-1".into(), request: Some("r-1".into()) }
    }

    pub(crate) fn client(name: &str) -> ShownClient {
        ShownClient {
            name: shown(name, NAME_CHARS_MAX),
            destination: Destination::of("https://shop.example/cb"),
            policy_uri: Some("https://shop.example/policy".into()),
            tos_uri: Some("https://shop.example/terms".into()),
            stranger: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header;
    use server::Pages as _;

    use super::*;

    fn pages(issuer: &str) -> StyledPages {
        StyledPages::new(&Settings::new(issuer).expect("an issuer"))
    }

    fn sign_out(pages: &StyledPages) -> sign_out::SignOutPage<'_> {
        sign_out::SignOutPage { frame: pages.frame(), hidden: fixture::hidden() }
    }

    #[test]
    fn a_page_with_a_form_has_the_headers_of_the_browser_facts() {
        let pages = pages("https://id.example");
        let answer =
            pages.with_form(StatusCode::OK, &sign_out(&pages), "'self' https: com.example:").expect("page");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors \
                 'none'; form-action 'self' https: com.example:",
            ),
            ("content-type", "text/html; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ] {
            assert_eq!(header(name), Some(value), "{name}");
        }
        assert_eq!(header("cross-origin-opener-policy"), None, "it would break sign-in in a popup");
    }

    #[test]
    fn only_https_issuers_send_hsts() {
        let pages = pages("http://localhost:4000");
        let answer = pages.with_form(StatusCode::OK, &sign_out(&pages), "'self'").expect("page");
        assert!(!answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn an_error_page_has_no_form_and_leaks_no_address() {
        let page = ErrorPage {
            status: 400,
            slug: "client_unknown",
            code: "invalid_client",
            description: String::new(),
            facts: Vec::new(),
            request_id: String::new(),
        };
        let answer = pages("https://id.example").refusal(&page).expect("page");
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.headers()[header::REFERRER_POLICY], "no-referrer");
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
        assert!(policy.ends_with("form-action 'none'"), "{policy}");
    }

    #[test]
    fn pages_show_the_host_of_the_issuer_and_find_their_style_below_its_path() {
        let pages = pages("https://example.org/tenants/one");
        assert_eq!(pages.frame.brand, "example.org");
        assert_eq!(pages.frame.stylesheet, "/tenants/one/assets/ui.css");
        assert_eq!(pages.named("Example Org").frame.initial, "E");
    }

    #[test]
    fn a_logo_takes_the_place_of_the_initial_on_every_page() {
        let pages = pages("https://example.org/tenants/one");
        let shown = |pages: &StyledPages| sign_out(pages).render().expect("renders");
        assert!(shown(&pages).contains("aria-hidden=\"true\">E</span>") && !shown(&pages).contains("<img"));
        let pages = pages.with_logo(Logo::new(b"<svg/>".to_vec()).expect("an image"));
        let image = "<img class=\"logo\" src=\"/tenants/one/assets/logo\" alt=\"\">";
        assert!(shown(&pages).contains(image) && !shown(&pages).contains("aria-hidden"), "{}", shown(&pages));
    }

    #[test]
    fn every_page_has_what_assistive_technology_asks_for() {
        let pages = pages("https://id.example");
        let page = ErrorPage {
            status: 400,
            slug: "client_unknown",
            code: "invalid_client",
            description: String::new(),
            facts: Vec::new(),
            request_id: String::new(),
        };
        for html in [sign_out(&pages).render().expect("renders"), pages.error(&page)] {
            for part in ["<html lang=\"en\"", "<title>", "<main", "<h1>", "name=\"viewport\""] {
                assert_eq!(html.matches(part).count(), 1, "{part} in {html}");
            }
            assert!(!html.contains("<script") && !html.contains("style="), "{html}");
        }
    }

    #[test]
    fn only_links_that_a_browser_may_follow_are_links() {
        assert_eq!(link(Some("https://shop.example/terms")).as_deref(), Some("https://shop.example/terms"));
        for bad in ["javascript:alert(1)", "data:text/html,x", "//shop.example", "https:", "https://a\"b/"] {
            assert_eq!(link(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn the_destination_of_an_answer_is_a_host_or_this_device() {
        assert_eq!(Destination::of("https://Shop.example:8443/cb?x=1").host(), Some("shop.example"));
        assert_eq!(Destination::of("http://127.0.0.1:33418/cb").host(), None);
        assert_eq!(Destination::of("com.example.app:/cb").host(), None);
    }
}
