//! How clients show a certificate.

/// How clients show a certificate (RFC 8705).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MutualTls {
    /// The URL in place of the issuer under which the endpoints ask for a certificate (RFC 8705 §5), if it is another one.
    pub url: Option<String>,
}
