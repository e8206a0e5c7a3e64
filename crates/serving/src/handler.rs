//! What answers the requests of a listener.

use std::{error::Error, net::IpAddr};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};

use crate::{
    deadlines::InFlight,
    limits::{HEAD_BYTES_MAX, HEAD_BYTES_MOST, HEADERS_MAX, HEADERS_MOST},
    tls::PeerCertificate,
};

/// Answers the requests of a listener. Cloned for each connection.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Whether requests are passed on to another server. If so, an answer may switch the protocol of the connection
    /// (RFC 9110 §7.8), and a request whose framing is ambiguous is refused (RFC 9112 §6.1).
    const IS_PROXY: bool;
    /// The body of an answer.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static;

    /// How long the heads of requests may be.
    fn head_limits(&self) -> HeadLimits {
        HeadLimits::default()
    }

    /// Answers a request. Never fails: what goes wrong is an answer, too.
    fn answer(
        &self,
        request: Request<Incoming>,
        exchange: Exchange,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// How long the head of a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Longest head, in bytes.
    pub bytes_max: usize,
    /// Most header fields.
    pub fields_max: usize,
}

impl HeadLimits {
    /// These limits, within what the server can allow.
    #[must_use]
    pub fn within(self) -> Self {
        Self {
            bytes_max: self.bytes_max.clamp(8 * 1024, HEAD_BYTES_MOST),
            fields_max: self.fields_max.clamp(1, HEADERS_MOST),
        }
    }
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self { bytes_max: HEAD_BYTES_MAX, fields_max: HEADERS_MAX }
    }
}

/// What is known of a request beside the request itself.
pub struct Exchange {
    /// The other end of the connection; an IPv4-mapped IPv6 address as the IPv4 address.
    pub peer: IpAddr,
    /// While this is held, the deadlines of the connection rest.
    pub in_flight: InFlight,
    /// The certificate that the client proved to have, where the listener asks for one.
    pub certificate: Option<PeerCertificate>,
}
