//! Drives a real Chromium as a person would: fields by label, buttons by name; and reads the browser's errors.

mod command;
mod cookie;
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
pub use cookie::Cookie;
use driver::Driver;
pub use failure::BrowserFailure;
use log::Complaint;

/// Maximum time to wait for a page.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Maximum time of one command, including a start of the browser on a busy machine.
const COMMAND_MAX: Duration = Duration::from_secs(60);
/// Interval between two checks of a page that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// The default size of the window, in CSS pixels; see [`Chromium::set_width`].
const WINDOW: (u32, u32) = (1280, 800);
/// The member that refers to an element (WebDriver §12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Selectors of fields and buttons.
const FIELDS: &str = "input:not([type=hidden]):not([type=submit]), textarea, select";
const BUTTONS: &str = "button, input[type=submit], a[href], [role=button]";

/// The environment variable that, as `BROWSER_TESTS=required`, makes tests without a browser fail instead of skipping
/// them.
const REQUIRED: &str = "BROWSER_TESTS";

/// A headless Chromium with its own temporary profile. Dropping it ends all of its processes.
pub struct Chromium {
    client: Client,
    complaints: Mutex<Vec<Complaint>>,
    driver: Driver,
}

/// The color scheme that a page is told to prefer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorScheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Chromium {
    /// Starts `chromedriver` and a headless Chromium, both from `PATH`. The sandbox is disabled only if this
    /// process is root, since Chromium refuses to start otherwise.
    ///
    /// # Errors
    /// [`BrowserFailure::Missing`] if one of them is not installed; others if the start fails.
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

    /// Starts one if it is installed. If not, reports on standard error that this test did not run, unless the
    /// environment has `BROWSER_TESTS=required`.
    ///
    /// # Errors
    /// Those of [`Self::start`]; [`BrowserFailure::Missing`] only if a browser is required.
    pub async fn start_if_installed(test: &str) -> Result<Option<Self>, BrowserFailure> {
        #[expect(clippy::disallowed_methods, reason = "a test's own switch, set by who runs the tests")]
        let is_required = std::env::var_os(REQUIRED).is_some_and(|value| value == "required");
        match Self::start().await {
            Ok(browser) => Ok(Some(browser)),
            Err(missing @ BrowserFailure::Missing(_)) if !is_required => {
                // Written directly, since the test harness hides the output of a passing test.
                let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {missing}");
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Navigates to a URL, and waits until the page is loaded.
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

    /// Loads the page again.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn reload(&self) -> Result<(), BrowserFailure> {
        bounded(self.client.refresh()).await
    }

    /// Opens each URL in a tab of its own, all at once, and returns the names of the tabs.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn open_tabs(&self, urls: &[&str]) -> Result<Vec<String>, BrowserFailure> {
        let mut tabs = Vec::with_capacity(urls.len());
        for url in urls {
            let body = json!({ "cmd": "Target.createTarget", "params": { "url": url } });
            let made = self.issue(Command::post("goog/cdp/execute", body)).await?;
            tabs.push(made["targetId"].as_str().unwrap_or_default().to_owned());
        }
        Ok(tabs)
    }

    /// Turns to a tab of [`Self::open_tabs`].
    ///
    /// # Errors
    /// A tab that was closed.
    pub async fn turn_to(&self, tab: &str) -> Result<(), BrowserFailure> {
        self.issue(Command::post("window", json!({ "handle": tab }))).await.map(drop)
    }

    /// Clears the field with this accessible name, and types into it.
    ///
    /// # Errors
    /// No such field within ten seconds, or several.
    pub async fn fill(&self, label: &str, text: &str) -> Result<(), BrowserFailure> {
        let field = self.named("field", FIELDS, label).await?;
        bounded(field.clear()).await?;
        bounded(field.send_keys(text)).await
    }

    /// Clicks the button or link with this accessible name.
    ///
    /// # Errors
    /// No such button within ten seconds, or several.
    pub async fn press(&self, name: &str) -> Result<(), BrowserFailure> {
        let button = self.named("button", BUTTONS, name).await?;
        bounded(button.click()).await
    }

    /// Clicks the button or link with this accessible name twice, as fast as a mouse can.
    ///
    /// # Errors
    /// As for [`Self::press`].
    pub async fn press_twice(&self, name: &str) -> Result<(), BrowserFailure> {
        let button = self.named("button", BUTTONS, name).await?;
        let origin = json!({ ELEMENT: &*button.element_id() });
        let (down, up) =
            (json!({ "type": "pointerDown", "button": 0 }), json!({ "type": "pointerUp", "button": 0 }));
        let at = json!({ "type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": origin });
        let actions = json!([at, down, up, down, up]);
        let body = json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] });
        self.issue(Command::post("actions", body)).await.map(drop)
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

    /// The visible text of the page.
    ///
    /// # Errors
    /// A page without a body.
    pub async fn text(&self) -> Result<String, BrowserFailure> {
        let body = bounded(self.client.find(Locator::Css("body"))).await?;
        bounded(body.text()).await
    }

    /// The cookies that are sent to the URL of the page.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn cookies(&self) -> Result<Vec<Cookie>, BrowserFailure> {
        let cookies = self.issue(Command::get("cookie")).await?;
        Ok(cookies.as_array().into_iter().flatten().map(Cookie::of).collect())
    }

    /// Every error that the browser's console has shown since the start, except violations of a policy. Chromium
    /// writes one for each document that is answered with 4xx or 5xx.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn console_errors(&self) -> Result<Vec<String>, BrowserFailure> {
        self.complaints(Complaint::is_console_error).await
    }

    /// Every violation of a Content Security Policy that the browser has reported since the start.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn csp_violations(&self) -> Result<Vec<String>, BrowserFailure> {
        self.complaints(Complaint::is_csp_violation).await
    }

    /// Sets the preferred color scheme of this page and the next ones.
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

    /// Sets the width and height of the window, in CSS pixels. The smallest phones are 320 wide (WCAG 2.2 §1.4.10).
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn set_size(&self, width: u32, height: u32) -> Result<(), BrowserFailure> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await
    }

    /// The width of the page's content, in CSS pixels: more than that of the window if it scrolls horizontally.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn content_width(&self) -> Result<u32, BrowserFailure> {
        let width =
            bounded(self.client.execute("return document.documentElement.scrollWidth", vec![])).await?;
        Ok(width.as_u64().and_then(|width| width.try_into().ok()).unwrap_or(u32::MAX))
    }

    /// Sets whether the next pages run their scripts.
    ///
    /// # Errors
    /// A browser that does not answer.
    pub async fn set_scripts(&self, run: bool) -> Result<(), BrowserFailure> {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !run })).await
    }

    /// The violations that axe finds in the page, each with its rule, description and elements. The caller provides
    /// the source of a released axe-core.
    ///
    /// # Errors
    /// If the source is not axe-core, or if it checked nothing.
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

    /// Writes a screenshot of the window, as PNG.
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

    /// Repeats a check until it returns a value. An element that vanishes during it belonged to the previous page.
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

    /// Reads the log. Reading empties it in the browser, so the entries are kept here.
    async fn complaints(&self, wanted: fn(&Complaint) -> bool) -> Result<Vec<String>, BrowserFailure> {
        // The page's log entries arrive through the same pipe as this response, and before it.
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

/// The response to a command, within its time limit.
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
