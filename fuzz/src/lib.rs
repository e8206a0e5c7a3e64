//! The fuzz targets for parsers of untrusted input, each as a function that must not panic for any bytes: neither in
//! the code under test nor in its assertions.
//!
//! `cargo fuzz run NAME` searches for failing inputs (see `README.md`); `cargo test -p passavant-fuzz` replays the
//! corpus.

mod credentials;
mod documents;
mod framing;
mod jose_input;
mod parameters;
mod proofs;
mod uris;

pub use credentials::credentials;
pub use documents::documents;
pub use framing::framing;
pub use jose_input::{keys, tokens};
pub use parameters::parameters;
pub use proofs::proofs;
pub use uris::uris;

/// Runs a future to its end, on a runtime per thread.
fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
