//! The pause of a request for the user: it is stored, the browser goes to a page, and the page answers it.
//!
//! The server redirects to a page with `?interaction=ID`. The page opens the interaction, shows it, and calls
//! one of the answers. The browser's cookie is required beside the id, so a link by itself opens nothing (RFC 9700
//! §4.7). What can be paused is listed in `pause/pending.rs`, with one file for each kind.

mod answers;
mod asked;
mod bounds;
mod browser;
mod ending;
mod form;
mod note;
mod open;
mod pending;
mod stored;
mod waiting;

pub use asked::{AskedDetails, AskedScope};
pub use open::OpenInteraction;

pub(crate) use bounds::Bounds;
pub(crate) use form::same_site;
pub(crate) use pending::{PendingAuthorization, PendingDeferred, PendingSignOut};
pub(crate) use stored::pause;
