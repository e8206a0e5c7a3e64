//! Why a browser did not do what a test asked of it.

use fantoccini::error::{CmdError, NewSessionError};

/// What the inspector of Chromium says of a node whose document went.
const GONE: &str = "Node with given id does not belong to the document";

/// A browser that could not be started, or a page that was not as the test says.
#[derive(Debug, thiserror::Error)]
pub enum BrowserFailure {
    /// A program that is on no folder of `PATH`.
    #[error("`{0}` is not installed (Debian: apt-get install chromium chromium-driver)")]
    Missing(&'static str),
    /// `chromedriver` could not be started, or a file not be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// `chromedriver` ended, or did not say where it listens, within its time.
    #[error("chromedriver did not start")]
    NotStarted,
    /// The browser did not start.
    #[error("chromium did not start: {0}")]
    Session(#[from] NewSessionError),
    /// A command was not answered within its time.
    #[error("the browser does not answer")]
    Silent,
    /// A command was refused.
    #[error("the browser refused: {0}")]
    Command(#[from] CmdError),
    /// What was waited for did not come.
    #[error("no {wanted} at {url}, which shows:\n{shown}")]
    NotShown {
        /// A field, a button or a text.
        wanted: String,
        /// The address of the page.
        url: String,
        /// What the page shows instead.
        shown: String,
    },
    /// Several have the name, so a person could not tell which is meant either.
    #[error("{count} of {wanted}")]
    Ambiguous {
        /// A field or a button.
        wanted: String,
        /// How many there are.
        count: usize,
    },
    /// axe did not run.
    #[error("axe checked nothing: {0}")]
    Unchecked(String),
}

impl BrowserFailure {
    /// Whether what was looked at belonged to a page that is being left.
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

/// chromedriver has no code of its own for an element whose page goes while its name is computed: it passes on what the
/// browser's inspector said.
fn is_node_of_another_document(error: &CmdError) -> bool {
    matches!(error, CmdError::Standard(told) if told.message.contains(GONE))
}
