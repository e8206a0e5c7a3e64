//! The errors of a browser in a test.

use fantoccini::error::{CmdError, NewSessionError};

/// The error of Chromium's inspector for a node of a former document.
const GONE: &str = "Node with given id does not belong to the document";

/// The browser could not be started, or a page was not as expected.
#[derive(Debug, thiserror::Error)]
pub enum BrowserFailure {
    /// A program is not on `PATH`.
    #[error("`{0}` is not installed (Debian: apt-get install chromium chromium-driver)")]
    Missing(&'static str),
    /// `chromedriver` could not be started, or a file could not be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// `chromedriver` ended, or did not report its port in time.
    #[error("chromedriver did not start")]
    NotStarted,
    /// The browser did not start.
    #[error("chromium did not start: {0}")]
    Session(#[from] NewSessionError),
    /// A command timed out.
    #[error("the browser does not answer")]
    Silent,
    /// A command was refused.
    #[error("the browser refused: {0}")]
    Command(#[from] CmdError),
    /// The expected element or text did not appear in time.
    #[error("no {wanted} at {url}, which shows:\n{shown}")]
    NotShown {
        /// A field, a button or a text.
        wanted: String,
        /// The address of the page.
        url: String,
        /// What the page shows instead.
        shown: String,
    },
    /// Several elements have the name.
    #[error("{count} of {wanted}")]
    Ambiguous {
        /// A field or a button.
        wanted: String,
        /// Their number.
        count: usize,
    },
    /// axe did not run.
    #[error("axe checked nothing: {0}")]
    Unchecked(String),
}

impl BrowserFailure {
    /// Whether the element belonged to a page that is being left.
    pub(super) fn is_of_a_page_that_went(&self) -> bool {
        match self {
            Self::Command(error) => {
                error.is_stale_element_reference()
                    || error.is_no_such_element()
                    || error.is_javascript_error()
                    || is_node_of_another_document(error)
            }
            _ => false,
        }
    }
}

/// chromedriver has no error code for an element whose page is left while its name is computed: it returns the
/// message of the browser's inspector.
fn is_node_of_another_document(error: &CmdError) -> bool {
    matches!(error, CmdError::Standard(told) if told.message.contains(GONE))
}
