//! A real Chromium in a person's hands: fields by their label, buttons by their name, and what the browser complains of.

mod command;
mod driver;
mod failure;
mod log;

use std::{
    fmt,
    io::Write as _,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use command::Command;
use driver::Driver;
pub use failure::BrowserFailure;
use log::Complaint;

/// What a page is waited for at most.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// What one command may take at most: a start of the browser beside a busy build included.
const COMMAND_MAX: Duration = Duration::from_secs(60);
/// How often the page is looked at while it is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// The window, in CSS pixels, until [`Chromium::set_width`] says otherwise.
const WINDOW: (u32, u32) = (1280, 800);
/// What a person types into, and what a person presses.
const FIELDS: &str = "input:not([type=hidden]):not([type=submit]), textarea, select";
const BUTTONS: &str = "button, input[type=submit], a[href], [role=button]";

/// Says, as `BROWSER_TESTS=required`, that tests without a browser fail rather than being left out.
const REQUIRED: &str = "BROWSER_TESTS";

/// A Chromium without a screen, with a profile of its own that goes with it. Dropping it ends every process of it.
pub struct Chromium {
    client: Client,
    complaints: Mutex<Vec<Complaint>>,
    driver: Driver,
}

/// A cookie as the browser keeps it. Its value stays in the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// The path it is sent to.
    pub path: String,
    /// Whether scripts can't read it.
    pub is_http_only: bool,
    /// Whether it is sent over https alone.
    pub is_secure: bool,
    /// `Strict`, `Lax` or `None`; empty where the server did not say.
    pub same_site: String,
}

/// What a page is told that its reader prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorScheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Chromium {
    /// Starts `chromedriver` and a headless Chromium, both from `PATH`. The sandbox is left off only where this
    /// process is root, since Chromium refuses to start otherwise.
    ///
    /// # Errors
    /// [`BrowserFailure::Missing`] where one of them is not installed; a start that fails.
    pub async fn start() -> Result<Self, BrowserFailure> {
        let browser = driver::browser()?;
        let mut driver = Driver::start().await?;
        let capabilities: Capabilities = match driver.capabilities(&browser, WINDOW) {
            Value::Object(members) => members,
            _ => Capabilities::new(),
        };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut builder = ClientBuilder::new(connector);
        builder.capabilities(capabilities);
        let client = tokio::time::timeout(COMMAND_MAX, builder.connect(&driver.url())).await;
        let client = client.map_err(|_| BrowserFailure::Silent)??;
        let browser = client.capabilities().and_then(|found| found.get("goog:processID")?.as_u64());
        driver.opened(client.session_id().await?.unwrap_or_default(), browser);
        Ok(Self { client, complaints: Mutex::default(), driver })
    }

    /// Starts one where it is installed. Where it is not, says on standard error that this test did not run, unless
    /// the environment says `BROWSER_TESTS=required`.
    ///
    /// # Errors
    /// Those of [`Self::start`]; [`BrowserFailure::Missing`] only where a browser is required.
    pub async fn start_if_installed(test: &str) -> Result<Option<Self>, BrowserFailure> {
        #[expect(clippy::disallowed_methods, reason = "a test's own switch, set by who runs the tests")]
        let is_required = std::env::var_os(REQUIRED).is_some_and(|value| value == "required");
        match Self::start().await {
            Ok(browser) => Ok(Some(browser)),
            Err(missing @ BrowserFailure::Missing(_)) if !is_required => {
                // Written past the harness, which hides what a passing test prints.
                let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {missing}");
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Goes there, and waits until the page is loaded.
    ///
    /// # Errors
    /// An address that does not answer.
    pub async fn open(&self, url: &str) -> Result<(), BrowserFailure> {
        bounded(self.client.goto(url)).await
    }

    /// Presses the Back button of the browser.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn back(&self) -> Result<(), BrowserFailure> {
        bounded(self.client.back()).await
    }

    /// Empties the field that assistive technology calls so, and types into it.
    ///
    /// # Errors
    /// No such field within ten seconds, or several.
    pub async fn fill(&self, label: &str, text: &str) -> Result<(), BrowserFailure> {
        let field = self.named("field", FIELDS, label).await?;
        bounded(field.clear()).await?;
        bounded(field.send_keys(text)).await
    }

    /// Presses the button, or follows the link, that assistive technology calls so.
    ///
    /// # Errors
    /// No such button within ten seconds, or several.
    pub async fn press(&self, name: &str) -> Result<(), BrowserFailure> {
        let button = self.named("button", BUTTONS, name).await?;
        bounded(button.click()).await
    }

    /// Waits until the page shows this text.
    ///
    /// # Errors
    /// A page that does not show it within ten seconds.
    pub async fn see(&self, text: &str) -> Result<(), BrowserFailure> {
        let look = async || Ok(self.text().await?.contains(text).then_some(()));
        self.until(&format!("text `{text}`"), look).await
    }

    /// The address of the page.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn url(&self) -> Result<String, BrowserFailure> {
        Ok(bounded(self.client.current_url()).await?.into())
    }

    /// The title of the page.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn title(&self) -> Result<String, BrowserFailure> {
        bounded(self.client.title()).await
    }

    /// The text of the page, as it is shown.
    ///
    /// # Errors
    /// A page without a body.
    pub async fn text(&self) -> Result<String, BrowserFailure> {
        let body = bounded(self.client.find(Locator::Css("body"))).await?;
        bounded(body.text()).await
    }

    /// The cookies that are sent with the page's address.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn cookies(&self) -> Result<Vec<Cookie>, BrowserFailure> {
        let cookies = self.issue(Command::get("cookie")).await?;
        Ok(cookies.as_array().into_iter().flatten().map(Cookie::of).collect())
    }

    /// Every error that the browser's console has shown since the start, violations of a policy left out. Chromium
    /// writes one for each document that is answered with 4xx or 5xx.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn console_errors(&self) -> Result<Vec<String>, BrowserFailure> {
        self.complaints(Complaint::is_console_error).await
    }

    /// Every violation of a Content Security Policy that the browser has told of since the start.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn csp_violations(&self) -> Result<Vec<String>, BrowserFailure> {
        self.complaints(Complaint::is_csp_violation).await
    }

    /// Tells this page and the ones after it which colors are preferred.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn set_color_scheme(&self, scheme: ColorScheme) -> Result<(), BrowserFailure> {
        let value = match scheme {
            ColorScheme::Light => "light",
            ColorScheme::Dark => "dark",
        };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features).await
    }

    /// Makes the window this wide and high, in CSS pixels. A phone is 320 wide at the least (WCAG 2.2 §1.4.10).
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn set_size(&self, width: u32, height: u32) -> Result<(), BrowserFailure> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await
    }

    /// How wide the page's content is, in CSS pixels: more than the window where it scrolls sideways.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn content_width(&self) -> Result<u32, BrowserFailure> {
        let width =
            bounded(self.client.execute("return document.documentElement.scrollWidth", vec![])).await?;
        Ok(width.as_u64().and_then(|width| width.try_into().ok()).unwrap_or(u32::MAX))
    }

    /// Whether the next pages run their scripts.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn set_scripts(&self, run: bool) -> Result<(), BrowserFailure> {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !run })).await
    }

    /// What axe finds wrong with the page, each as its rule, what it asks for, and where. The caller brings the source
    /// of axe-core, as it is released.
    ///
    /// # Errors
    /// A source that is no axe, or an axe that checked nothing.
    pub async fn axe(&self, source: &str) -> Result<Vec<String>, BrowserFailure> {
        const RUN: &str = "const done = arguments[arguments.length - 1];\
            window.axe.run().then(done, (error) => done({ problem: String(error) }));";
        bounded(self.client.execute(source, vec![])).await?;
        let found = bounded(self.client.execute_async(RUN, vec![])).await?;
        if found["passes"].as_array().is_none_or(Vec::is_empty) {
            return Err(BrowserFailure::Unchecked(found["problem"].to_string()));
        }
        let violations = found["violations"].as_array().into_iter().flatten();
        Ok(violations.map(in_words).collect())
    }

    /// Writes a picture of the window, as PNG.
    ///
    /// # Errors
    /// A file that can't be written.
    pub async fn screenshot(&self, file: &Path) -> Result<(), BrowserFailure> {
        let picture = bounded(self.client.screenshot()).await?;
        Ok(std::fs::write(file, picture)?)
    }

    async fn named(&self, kind: &str, css: &str, name: &str) -> Result<Element, BrowserFailure> {
        self.until(&format!("{kind} `{name}`"), async || {
            let mut found = Vec::new();
            for element in bounded(self.client.find_all(Locator::Css(css))).await? {
                let id = element.element_id();
                let label = Command::get(&format!("element/{}/computedlabel", &*id));
                if self.issue(label).await?.as_str() == Some(name) && bounded(element.is_displayed()).await? {
                    found.push(element);
                }
            }
            match found.len() {
                0 | 1 => Ok(found.pop()),
                count => Err(BrowserFailure::Ambiguous { wanted: format!("{kind} `{name}`"), count }),
            }
        })
        .await
    }

    /// Looks until there is something to see. What vanishes while it is looked at belonged to the page before.
    async fn until<T>(
        &self,
        wanted: &str,
        look: impl AsyncFn() -> Result<Option<T>, BrowserFailure>,
    ) -> Result<T, BrowserFailure> {
        let looking = async {
            loop {
                match look().await {
                    Ok(Some(found)) => return Ok(found),
                    Ok(None) => {}
                    Err(failure) if failure.is_of_a_page_that_went() => {}
                    Err(failure) => return Err(failure),
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if let Ok(found) = tokio::time::timeout(WAIT_MAX, looking).await {
            return found;
        }
        let url = self.url().await.unwrap_or_default();
        let shown = self.text().await.unwrap_or_default();
        Err(BrowserFailure::NotShown { wanted: wanted.to_owned(), url, shown })
    }

    /// The log is emptied by reading it, so what was read is kept.
    async fn complaints(&self, wanted: fn(&Complaint) -> bool) -> Result<Vec<String>, BrowserFailure> {
        // The page's complaints come through the same pipe as this answer, and before it.
        bounded(self.client.execute("return 0", vec![])).await?;
        let entries = self.issue(Command::post("se/log", json!({ "type": "browser" }))).await?;
        let mut kept = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(entries.as_array().into_iter().flatten().map(Complaint::of));
        Ok(kept.iter().filter(|complaint| wanted(complaint)).map(Complaint::to_string).collect())
    }

    /// A command of the DevTools protocol.
    async fn devtools(&self, name: &str, parameters: Value) -> Result<(), BrowserFailure> {
        let body = json!({ "cmd": name, "params": parameters });
        self.issue(Command::post("goog/cdp/execute", body)).await.map(drop)
    }

    async fn issue(&self, command: Command) -> Result<Value, BrowserFailure> {
        bounded(self.client.issue_cmd(command)).await
    }
}

impl fmt::Debug for Chromium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chromium").field("driver", &self.driver.url()).finish_non_exhaustive()
    }
}

impl Cookie {
    fn of(cookie: &Value) -> Self {
        let text = |member: &str| cookie[member].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            path: text("path"),
            is_http_only: cookie["httpOnly"] == true,
            is_secure: cookie["secure"] == true,
            same_site: text("sameSite"),
        }
    }
}

/// A command's answer, or an end to waiting for it.
async fn bounded<T>(
    command: impl Future<Output = Result<T, fantoccini::error::CmdError>>,
) -> Result<T, BrowserFailure> {
    Ok(tokio::time::timeout(COMMAND_MAX, command).await.map_err(|_| BrowserFailure::Silent)??)
}

fn in_words(violation: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let places: Vec<_> = nodes.map(|node| text(&node["html"])).collect();
    format!("{}: {}: {}", text(&violation["id"]), text(&violation["help"]), places.join(" "))
}
