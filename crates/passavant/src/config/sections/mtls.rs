//! `[http.mtls]`: certificates of clients.

use std::{net::SocketAddr, path::PathBuf};

use super::super::kind::{Address, Boolean, File, Optional, Several, Text};

section! {
    /// Certificates of clients (RFC 8705): `tls_client_auth`, `self_signed_tls_client_auth`, and access tokens that are bound
    /// to a certificate. They are asked for on listeners of their own, since browsers show a dialog where one is asked for.
    Mtls at "http.mtls." {
        /// Addresses that ask for a client certificate, with the certificate of `[http.tls]`.
        listen: Vec<SocketAddr> = Several(Address), example "127.0.0.1:4443";
        /// The URL under which clients reach them, in place of the issuer: the metadata lists the endpoints below it as
        /// `mtls_endpoint_aliases`. Its path is that of the issuer.
        url: Option<String> = Optional(Text("a URL")), example "https://mtls.id.example.org";
        /// The authorities that issue certificates for `tls_client_auth`, PEM. Without it, only certificates that a client
        /// registered authenticate it.
        client_ca_file: Option<PathBuf> = Optional(File), example "/etc/passavant/tls/client-ca.pem";
        /// Whether `Client-Cert` (RFC 9440) of a request from `http.trusted_proxies` is the certificate of its client. The
        /// proxy must remove the header from what it receives, and set it itself after its handshake.
        client_cert_header: bool = Boolean, default "false";
    }
}
