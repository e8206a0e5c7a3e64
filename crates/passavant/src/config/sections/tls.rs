//! `[http.tls]`: TLS on the public listeners.

use std::path::PathBuf;

use super::super::kind::{File, Optional};

section! {
    /// TLS on the public listeners, instead of at a proxy in front: TLS 1.3, and 1.2 with ephemeral keys and AES-GCM; HTTP/2
    /// and HTTP/1.1. The files are read again within seconds of a change, without a restart; files that can't be used are
    /// logged, and the former ones stay in use.
    Tls at "http.tls." {
        /// The certificate and its intermediates, PEM, the server's own first.
        cert_file: Option<PathBuf> = Optional(File), example "/etc/passavant/tls/fullchain.pem";
        /// Its private key, PEM.
        key_file: Option<PathBuf> = Optional(File), example "/etc/passavant/tls/privkey.pem";
    }
}
