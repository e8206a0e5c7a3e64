//! A simulated browser: cookies, redirects, and the actions of its user on pages.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::{HeaderValue, Method, Request, header, request::Parts};
use protocol::Subject;
use server::{Ask, Error, OpenInteraction, RequestContext};

use super::{Authorize, Landing, Reply, Running, accounts::subject, call::form_of};

/// Maximum number of consecutive redirects.
const REDIRECTS_MAX: usize = 12;

/// A browser and its user. It keeps cookies, follows redirects inside the issuer, and on the pages of the
/// host acts as the user: signs in, allows or denies, signs out. Clones share one state.
#[derive(Clone, Debug)]
pub struct Browser {
    server: Running,
    user: Option<Subject>,
    allows: bool,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A navigation.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) method: Method,
    /// Absolute.
    pub(super) url: String,
    pub(super) params: Vec<(String, String)>,
    /// Whether it is cross-site.
    pub(super) is_cross_site: bool,
}

impl Visit {
    fn to(url: &str) -> Self {
        Self { method: Method::GET, url: url.to_owned(), params: Vec::new(), is_cross_site: false }
    }
}

impl Running {
    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self)
    }
}

impl Browser {
    pub(super) fn new(server: &Running) -> Self {
        Self { server: server.clone(), user: None, allows: true, cookies: Arc::default() }
    }

    /// Sets the account that signs in when a page asks.
    #[must_use]
    pub fn sign_in(mut self, name: &str) -> Self {
        self.user = Some(subject(name));
        self
    }

    /// Nobody signs in when a page asks: it stays there.
    #[must_use]
    pub fn without_user(mut self) -> Self {
        self.user = None;
        self
    }

    /// The user presses Deny.
    #[must_use]
    pub fn denying(mut self) -> Self {
        self.allows = false;
        self
    }

    /// The server that it uses.
    pub fn server(&self) -> &Running {
        &self.server
    }

    /// Builds an authorization request, as by a link on a page of the client.
    pub fn authorize(&self, client: &str) -> Authorize {
        Authorize::new(self, client)
    }

    /// Opens a URL of the issuer, and follows it to the end.
    pub async fn open(&self, url: &str) -> Landing {
        self.travel(Visit::to(url), None).await
    }

    /// Opens a URL of the issuer, and follows it to the page that asks for this. The user does nothing there.
    pub async fn open_until(&self, url: &str, ask: Ask) -> Landing {
        self.travel(Visit::to(url), Some(ask)).await
    }

    /// Submits a form of another site to a URL of the issuer, and follows it to the end.
    pub async fn submit(&self, url: &str, params: &[(&str, &str)]) -> Landing {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let visit = Visit { method: Method::POST, params, is_cross_site: true, ..Visit::to(url) };
        self.travel(visit, None).await
    }

    /// Types the code of a device, and follows to the end.
    pub async fn enter_user_code(&self, code: &str) -> Landing {
        self.enter_user_code_until(code, None, None).await
    }

    /// Types the code of a device, in a request with this context, and follows to the page that asks for this.
    pub async fn enter_user_code_until(
        &self,
        code: &str,
        stop_at: Option<Ask>,
        from: Option<RequestContext>,
    ) -> Landing {
        let server = &self.server.authorization_server;
        let url = server.settings().url(&server.settings().pages.device);
        let mut head = self.head(&Visit { method: Method::POST, ..Visit::to(&url) });
        from.map(|from| head.extensions.insert(from));
        let reply = match server.enter_user_code(&head, code).await {
            Ok(answer) => Reply::read(answer, self.server.issuer()).await,
            Err(error) => self.error_page(&head, &error).await,
        };
        self.keep_cookies(&reply);
        match reply.header("location").map(str::to_owned) {
            Some(location) => self.travel(Visit::to(&location), stop_at).await,
            None => Landing::at(&url, Vec::new(), Some(reply)),
        }
    }

    /// The interaction of a page's URL, as a host's page opens it.
    ///
    /// # Errors
    /// Those of [`server::AuthorizationServer::interaction`].
    pub async fn interaction(&self, url: &str) -> Result<OpenInteraction, Error> {
        self.server.authorization_server.interaction(&self.head(&Visit::to(url))).await
    }

    /// The head of a request for a page, as a host's page reads it.
    pub fn page_head(&self, url: &str) -> Parts {
        self.head(&Visit::to(url))
    }

    /// Whether it has a cookie whose name has this suffix.
    pub fn has_cookie(&self, name: &str) -> bool {
        self.jar().keys().any(|known| known.ends_with(name))
    }

    /// The names of its cookies.
    pub fn cookie_names(&self) -> Vec<String> {
        self.jar().keys().cloned().collect()
    }

    /// Stores the cookies of a response.
    pub fn keep_cookies(&self, reply: &Reply) {
        for cookie in reply.headers("set-cookie") {
            self.keep(cookie);
        }
    }

    /// Stores a cookie, given as the value of `Set-Cookie`.
    pub fn keep_cookie(&self, cookie: &str) {
        self.keep(cookie);
    }

    /// Follows redirects inside the issuer, and does on each page what the user wants; stops at the page that asks
    /// for `stop_at`, before the user does anything.
    pub(super) async fn travel(&self, mut visit: Visit, stop_at: Option<Ask>) -> Landing {
        let mut asked = Vec::new();
        for _ in 0..REDIRECTS_MAX {
            let page = self.page_at(&visit.url);
            asked.extend(page);
            if page.is_some() && page == stop_at {
                return Landing::at(&visit.url, asked, None);
            }
            let reply = match page {
                Some(ask) => match self.use_page(&visit.url, ask).await {
                    Some(reply) => reply,
                    None => return Landing::at(&visit.url, asked, None),
                },
                None => self.call(&visit).await,
            };
            self.keep_cookies(&reply);
            let location = reply.header("location").map(str::to_owned);
            match location {
                Some(location) if self.is_inside(&location) && !self.is_end(&location) => {
                    visit = Visit::to(&location);
                }
                Some(location) => return Landing::at(&location, asked, Some(reply)),
                None => return Landing::at(&visit.url, asked, Some(reply)),
            }
        }
        panic!("more than {REDIRECTS_MAX} redirects: {asked:?}, {visit:?}");
    }

    /// Sends one request without following redirects.
    pub(super) async fn call(&self, visit: &Visit) -> Reply {
        let body = match visit.method {
            Method::POST => form_of(&visit.params),
            _ => String::new(),
        };
        let head = self.head(visit);
        let reply = self.server.call(Request::from_parts(head, body)).await;
        self.keep_cookies(&reply);
        reply
    }

    /// The action of the user on a page of the host. `None` if there is none.
    async fn use_page(&self, url: &str, ask: Ask) -> Option<Reply> {
        let head = self.head(&Visit::to(url));
        let open = match self.interaction(url).await {
            Ok(open) => open,
            Err(error) => return Some(self.error_page(&head, &error).await),
        };
        assert_eq!(open.ask(), ask, "the browser was sent to another page than the one that is asked for");
        let form = Visit { method: Method::POST, ..Visit::to(url) };
        open.check_form(&self.head(&form), Some(&open.csrf())).expect("its own form");
        let answer = match (ask, &self.user) {
            (Ask::SignIn, Some(user)) => {
                let seen = self.server.seen(user).await;
                open.signed_in(&seen, "pwd").await
            }
            (Ask::SignIn, None) => return None,
            (Ask::Consent | Ask::Confirm, _) if self.allows => open.approve().await,
            (Ask::Consent | Ask::Confirm, _) => open.deny().await,
            (Ask::SignOut, _) if self.allows => open.sign_out().await,
            (Ask::SignOut, _) => return None,
        };
        Some(match answer {
            Ok(answer) => Reply::read(answer, self.server.issuer()).await,
            Err(error) => self.error_page(&head, &error).await,
        })
    }

    async fn error_page(&self, head: &Parts, error: &Error) -> Reply {
        let page = self.server.authorization_server.error_page(head, error);
        Reply::read(page, self.server.issuer()).await
    }

    fn page_at(&self, url: &str) -> Option<Ask> {
        let settings = self.server.authorization_server.settings();
        let path = url.split('?').next()?.strip_prefix(self.server.issuer())?;
        let pages = &settings.pages;
        match path {
            path if path == pages.sign_in => Some(Ask::SignIn),
            path if path == pages.consent => Some(Ask::Consent),
            // Without an interaction, it is the page for a code.
            path if path == pages.device && url.contains("interaction=") => Some(Ask::Confirm),
            path if path == pages.sign_out => Some(Ask::SignOut),
            _ => None,
        }
    }

    fn is_inside(&self, url: &str) -> bool {
        url.strip_prefix(self.server.issuer()).is_some_and(|path| path.starts_with('/'))
    }

    /// The pages that report completion.
    fn is_end(&self, url: &str) -> bool {
        let settings = self.server.authorization_server.settings();
        url == settings.url(&settings.pages.signed_out) || url == settings.url(&settings.pages.account)
    }

    /// The head of the request. A cross-site form carries no `SameSite=Lax` cookie.
    fn head(&self, visit: &Visit) -> Parts {
        let path = visit.url.strip_prefix(self.server.issuer()).expect("a URL of the issuer");
        let query = form_of(&visit.params);
        let is_post = visit.method == Method::POST;
        let uri = if is_post || query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let host = self.server.issuer().split("://").nth(1).and_then(|rest| rest.split('/').next());
        let mut request = Request::new(());
        *request.method_mut() = visit.method.clone();
        *request.uri_mut() = uri.parse().expect("a path and query");
        let mut add = |name: header::HeaderName, value: &str| {
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("visible characters"));
        };
        add(header::HOST, host.expect("an issuer has a host"));
        let site = if visit.is_cross_site { "cross-site" } else { "same-origin" };
        add(header::HeaderName::from_static("sec-fetch-site"), site);
        add(header::HeaderName::from_static("sec-fetch-mode"), "navigate");
        add(header::HeaderName::from_static("sec-fetch-dest"), "document");
        if is_post {
            add(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let cookies: Vec<String> = self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let keeps_back = is_post && visit.is_cross_site;
        if !cookies.is_empty() && !keeps_back {
            add(header::COOKIE, &cookies.join("; "));
        }
        request.into_parts().0
    }

    /// Stores a cookie as browsers do: `__Host-` requires `Secure`, `Path=/` and no `Domain`, or the cookie is
    /// dropped.
    fn keep(&self, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let has = |attribute: &str| attributes.iter().any(|known| known == attribute);
        let is_host_only =
            has("secure") && has("path=/") && !attributes.iter().any(|a| a.starts_with("domain"));
        if name.starts_with("__Host-") && !is_host_only {
            return;
        }
        if has("max-age=0") || value.is_empty() {
            self.jar().remove(name);
        } else {
            self.jar().insert(name.to_owned(), value.to_owned());
        }
    }

    fn jar(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
