//! Starts `chromedriver` and its browser with a new profile, and ends both.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError, mpsc},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::BrowserFailure;

/// The program names of Chromium, in the order of preference.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const DRIVER: &str = "chromedriver";
/// Maximum time until the driver listens.
const START_MAX: Duration = Duration::from_secs(30);
/// Maximum time of each step of ending.
const END_MAX: Duration = Duration::from_secs(10);
/// Maximum time of a page load or a script of a test, in milliseconds.
const LOAD_MILLISECONDS_MAX: u64 = 30_000;

/// The driver and its browser. Dropping it ends both, and waits until they have ended.
pub(super) struct Driver {
    process: Child,
    port: u16,
    session: Option<Session>,
    ended: Mutex<mpsc::Receiver<()>>,
    // Dropped after `drop` has run, when no process writes to it any longer.
    profile: TempDir,
}

struct Session {
    id: String,
    browser: Option<u64>,
}

/// The path of the browser.
///
/// # Errors
/// [`BrowserFailure::Missing`].
pub(super) fn browser() -> Result<PathBuf, BrowserFailure> {
    BROWSERS.iter().find_map(|name| on_path(name)).ok_or(BrowserFailure::Missing(BROWSERS[0]))
}

impl Driver {
    /// Starts it on a port that the system picks.
    ///
    /// # Errors
    /// A driver that is not installed, or does not start.
    pub(super) async fn start() -> Result<Self, BrowserFailure> {
        let program = on_path(DRIVER).ok_or(BrowserFailure::Missing(DRIVER))?;
        let profile = TempDir::with_prefix("passavant-browser-")?;
        let mut process = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let said = process.stdout.take();
        let (told, listening) = oneshot::channel();
        let (last, ended) = mpsc::channel();
        std::thread::spawn(move || {
            if let Some(said) = said {
                listen(said, told);
            }
            let _ = last.send(());
        });
        let mut driver = Self { process, port: 0, session: None, ended: Mutex::new(ended), profile };
        let port = tokio::time::timeout(START_MAX, listening).await;
        driver.port = port.ok().and_then(Result::ok).ok_or(BrowserFailure::NotStarted)?;
        Ok(driver)
    }

    /// The URL at which it listens.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The capabilities of the session: headless, with its own profile, and with a complete log.
    pub(super) fn capabilities(&self, browser: &Path, (width, height): (u32, u32)) -> Value {
        let mut arguments = vec![
            "--headless=new".to_owned(),
            format!("--user-data-dir={}", self.profile.path().display()),
            format!("--window-size={width},{height}"),
            "--lang=en-US".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-crash-reporter".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-sync".to_owned(),
            // Tests connect to this machine, which a proxy of the environment can't reach.
            "--no-proxy-server".to_owned(),
        ];
        if is_root() {
            arguments.push("--no-sandbox".to_owned());
        }
        json!({
            "goog:chromeOptions": { "binary": browser, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "implicit": 0, "pageLoad": LOAD_MILLISECONDS_MAX, "script": LOAD_MILLISECONDS_MAX },
        })
    }

    /// Records the session that must be ended.
    pub(super) fn opened(&mut self, id: String, browser: Option<u64>) {
        self.session = Some(Session { id, browser });
    }

    /// Makes the driver close its browser (WebDriver §8.2).
    fn close(&self, session: &Session) -> std::io::Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect_timeout(&address, END_MAX)?;
        stream.set_read_timeout(Some(END_MAX))?;
        let (id, port) = (&session.id, self.port);
        write!(
            stream,
            "DELETE /session/{id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        )?;
        // It responds when the browser has ended.
        stream.read(&mut [0; 64]).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            let _ = self.close(session);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        // Every process of the browser inherits the driver's output, which is closed when all of them have ended.
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(END_MAX).is_ok() {
            return;
        }
        if let Some(browser) = self.session.as_ref().and_then(|session| session.browser) {
            let _ = Command::new("kill").arg("-KILL").arg(browser.to_string()).status();
            let _ = ended.recv_timeout(END_MAX);
        }
    }
}

/// Sends the port, and reads the output to its end so that no writer is blocked.
fn listen(said: ChildStdout, told: oneshot::Sender<u16>) {
    let mut told = Some(told);
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        if let Some(port) = port_of(&line)
            && let Some(told) = told.take()
        {
            let _ = told.send(port);
        }
    }
}

/// The port of `ChromeDriver was started successfully on port 4444.`
fn port_of(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("started successfully on port ")?;
    rest.trim_end_matches('.').parse().ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "programs are found on the PATH of the user who runs the tests"
)]
fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut files = std::env::split_paths(&folders).map(|folder| folder.join(name));
    files.find(|file| {
        fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// The owner of this process, from the kernel.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_is_read_from_the_startup_line() {
        assert_eq!(port_of("ChromeDriver was started successfully on port 43215."), Some(43215));
        assert_eq!(port_of("Starting ChromeDriver 156.0 on port 0"), None);
    }

    #[test]
    fn program_is_found_in_path() {
        assert!(on_path("sh").is_some_and(|file| file.is_absolute()));
        assert_eq!(on_path("no-such-program-of-passavant"), None);
    }
}
