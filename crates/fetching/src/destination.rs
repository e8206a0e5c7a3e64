//! Which URLs may be fetched, by who named them: the rule against server-side request forgery.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Who named a URL that is to be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// The operator, by configuration or registration: `https` to any address, since it may be a service in
    /// the operator's own network.
    Operator {
        /// Whether `http` to this machine is allowed as well: only beside an issuer that is `http` itself.
        http_to_loopback: bool,
    },
    /// The sender of a request: `https` only, and never to a special-use address ([`is_special_use`]), which would
    /// let a stranger reach what only this machine can reach.
    Stranger,
}

/// Why a URL may not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not `https://host/path`, or with a fragment or user information.
    #[error("must be https://host/path, without fragment and user information")]
    NotAbsolute,
    /// Tokens and credentials would be sent in cleartext.
    #[error("plain http is only for loopback, beside an issuer that is http itself; use https")]
    PlainHttp,
    /// A stranger named an address of special use.
    #[error("addresses of this machine, of private networks and of other special use are not fetched")]
    SpecialUse,
}

impl NamedBy {
    /// The operator of a server with this issuer, or of an API that trusts it.
    pub fn operator_of(issuer: &str) -> Self {
        Self::Operator { http_to_loopback: issuer.starts_with("http:") }
    }

    /// Whether this URL may be fetched, as far as its text says. The addresses of a host name are known only when it
    /// is resolved: a client that fetches for strangers must check those too.
    ///
    /// # Errors
    ///
    /// [`EndpointError`].
    pub fn check(self, url: &str) -> Result<(), EndpointError> {
        let uri: Uri = url.parse().map_err(|_| EndpointError::NotAbsolute)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(EndpointError::NotAbsolute)?;
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if url.len() > protocol::limits::URI_BYTES_MAX || url.contains('#') || has_user {
            return Err(EndpointError::NotAbsolute);
        }
        match (uri.scheme_str(), self) {
            (Some("https"), Self::Operator { .. }) => Ok(()),
            (Some("https"), Self::Stranger) if is_special_use_host(host) => Err(EndpointError::SpecialUse),
            (Some("https"), Self::Stranger) => Ok(()),
            (Some("http"), Self::Operator { http_to_loopback: true }) if is_loopback(host) => Ok(()),
            (Some("http"), _) => Err(EndpointError::PlainHttp),
            (Some(_) | None, _) => Err(EndpointError::NotAbsolute),
        }
    }
}

/// Whether this host of a URL is this machine itself: `localhost`, `127.0.0.0/8`, `::1`.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || literal(host).is_some_and(|address| address.is_loopback())
}

/// Whether an address is for special use and so never that of a public server: of this machine, of a private network,
/// link-local (cloud metadata services among them), shared, for documentation, benchmarks and protocol assignments,
/// multicast or reserved (the IANA special-purpose registries, RFC 6890). An IPv6 address that holds an IPv4 address
/// (RFC 4291 §2.5.5.2, RFC 6052 §2.1) is judged by that.
pub fn is_special_use(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special_use_v4(address),
        IpAddr::V6(address) => is_special_use_v6(address),
    }
}

fn is_special_use_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_special_use_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let [g, h] = [g.to_be_bytes(), h.to_be_bytes()];
    let inner = Ipv4Addr::new(g[0], g[1], h[0], h[1]);
    match (a, b) {
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => is_special_use_v4(inner),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => is_special_use_v4(inner),
        // 2001::/23: Teredo, benchmarks, ORCHID and other protocol assignments; 2001:db8::/32 and 3fff::/20:
        // documentation; 2002::/16: 6to4.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff) => true,
        // Only 2000::/3 is global unicast.
        (a, _) => !(0x2000..=0x3fff).contains(&a),
    }
}

/// Whether this host is a special-use address, or a name of this machine. A name whose last label is a number is one
/// too, since URL parsers read it as an IPv4 address in ways of their own (`2130706433`, `0x7f.1`).
fn is_special_use_host(host: &str) -> bool {
    if let Some(address) = literal(host) {
        return is_special_use(address);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    last == "localhost" || last.starts_with(|first: char| first.is_ascii_digit())
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: NamedBy = NamedBy::Operator { http_to_loopback: false };
    const DEV: NamedBy = NamedBy::Operator { http_to_loopback: true };

    #[test]
    fn plain_http_goes_only_to_loopback_and_only_beside_an_http_issuer() {
        assert_eq!(NamedBy::operator_of("http://localhost:4000"), DEV);
        assert_eq!(NamedBy::operator_of("https://id.example.org"), LIVE);
        for url in ["http://127.0.0.1:1/jwks", "http://[::1]/jwks", "http://localhost/jwks"] {
            assert_eq!((DEV.check(url), LIVE.check(url)), (Ok(()), Err(EndpointError::PlainHttp)), "{url}");
        }
        for url in ["https://a.example/jwks", "https://a.example:8443/jwks?of=@a", "https://10.0.0.1/jwks"] {
            assert_eq!((DEV.check(url), LIVE.check(url)), (Ok(()), Ok(())), "{url}");
        }
        for url in ["http://a.example/jwks", "http://127.0.0.1.evil.example/jwks", "http://10.0.0.1/jwks"] {
            assert_eq!(DEV.check(url), Err(EndpointError::PlainHttp), "{url}");
        }
        for url in ["file:///etc/passwd", "https:jwks", "x", "", "/jwks", "ftp://a.example/jwks"] {
            assert_eq!(DEV.check(url), Err(EndpointError::NotAbsolute), "{url}");
        }
        for url in ["https://id.example@evil.example/jwks", "https://a.example/jwks#x"] {
            assert_eq!(DEV.check(url), Err(EndpointError::NotAbsolute), "{url}");
        }
    }

    #[test]
    fn a_stranger_reaches_public_hosts_over_https_only() {
        for url in ["https://a.example/jwks", "https://1.1.1.1/", "https://[2606:4700::1111]/"] {
            assert_eq!(NamedBy::Stranger.check(url), Ok(()), "{url}");
        }
        for url in ["http://a.example/jwks", "http://127.0.0.1/"] {
            assert_eq!(NamedBy::Stranger.check(url), Err(EndpointError::PlainHttp), "{url}");
        }
        for host in [
            "127.0.0.1",
            "localhost",
            "LOCALHOST.",
            "api.localhost",
            "169.254.169.254",
            "10.1.2.3",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fe80::1]",
            "[fd00::1]",
            "2130706433",
            "0x7f.1",
            "127.1",
            "0177.0.0.1",
        ] {
            let url = format!("https://{host}/");
            assert_eq!(NamedBy::Stranger.check(&url), Err(EndpointError::SpecialUse), "{url}");
        }
    }

    #[test]
    fn special_use_addresses_are_those_of_the_registries() {
        let is_special = |text: &str| is_special_use(text.parse().expect("an address"));
        for text in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:192.168.1.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_special(text), "{text}");
        }
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.1.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2606:4700::1111",
            "2001:4860::8888",
            "2a00::1",
            "3ffe::1",
        ] {
            assert!(!is_special(text), "{text}");
        }
    }
}
