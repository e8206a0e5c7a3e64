//! Serving HTTP: accepting connections, their deadlines, message framing, forwarded addresses, graceful shutdown.
//!
//! What answers is a [`Handler`]. Each [`Listener`] has one, and [`serve`] runs them until it is told to stop.
//! A listener has TLS of its own ([`Tls`]), or leaves that to a proxy in front.

mod accept;
mod body;
mod connection;
mod deadlines;
mod forwarded;
pub mod framing;
mod handler;
pub mod limits;
mod places;
mod progress;
mod relay;
mod shutdown;
mod stream;
mod tls;
mod transport;

pub use accept::{Listener, bind, serve};
pub use body::TimedBody;
pub use deadlines::InFlight;
pub use forwarded::{Client, Network, TrustedProxies};
pub use handler::{Exchange, Handler, HeadLimits};
pub use places::Places;
pub use progress::Progress;
pub use relay::relay;
pub use rustls::pki_types::CertificateDer;
pub use shutdown::stop_signal;
pub use tls::{ClientAuthorities, ClientCertificates, PeerCertificate, Tls, TlsError, TlsFiles};
