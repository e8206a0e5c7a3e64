//! What must be true of the settings of TLS and of client certificates together.

use protocol::uri;
use serving::TlsFiles;

use super::{layers::Layers, sections::Sections};

/// The files of TLS, and what must be true of them and of client certificates together.
pub(super) fn files(sections: &Sections, layers: &mut Layers) -> Option<Option<TlsFiles>> {
    let (tls, mtls) = (&sections.tls, &sections.mtls);
    let files = match (&tls.cert_file, &tls.key_file) {
        (Some(certificates), Some(key)) => {
            Some(TlsFiles { certificates: certificates.clone(), key: key.clone() })
        }
        (None, None) => None,
        (Some(_), None) => {
            return refused(layers, "http.tls.key_file", "is required beside http.tls.cert_file");
        }
        (None, Some(_)) => {
            return refused(layers, "http.tls.cert_file", "is required beside http.tls.key_file");
        }
    };
    if !mtls.listen.is_empty() && files.is_none() {
        return refused(layers, "http.mtls.listen", "needs the certificate of [http.tls]");
    }
    if mtls.client_cert_header && sections.http.trusted_proxies.is_empty() {
        let text = "needs http.trusted_proxies: the header is taken from nobody else";
        return refused(layers, "http.mtls.client_cert_header", text);
    }
    let has_clients = !mtls.listen.is_empty() || mtls.client_cert_header;
    if mtls.client_ca_file.is_some() && !has_clients {
        let text = "has no effect without http.mtls.listen or http.mtls.client_cert_header";
        return refused(layers, "http.mtls.client_ca_file", text);
    }
    if let Some(url) = &mtls.url {
        let path = |url: &str| uri::Parts::of(url).ok().map(|parts| parts.path.to_owned());
        if uri::check_issuer(url).is_err() || url.ends_with('/') {
            return refused(layers, "http.mtls.url", "must be an https URL without a slash at its end");
        }
        if path(url) != path(&sections.top.issuer) {
            return refused(layers, "http.mtls.url", "must have the path of the issuer");
        }
        if !has_clients {
            let text = "has no effect without http.mtls.listen or http.mtls.client_cert_header";
            return refused(layers, "http.mtls.url", text);
        }
    }
    Some(files)
}

fn refused<T>(layers: &mut Layers, key: &str, text: &str) -> Option<T> {
    layers.refuse(key, text);
    None
}
