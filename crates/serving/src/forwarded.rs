//! Trusted proxies, and the address of a client behind them.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// An address, or a range of addresses (`10.0.0.0/8`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Reads `10.0.0.1`, `10.0.0.0/8`, `::1` or `fd00::/8`.
    pub fn parse(text: &str) -> Option<Self> {
        let address = || text.parse().ok().map(|address: IpAddr| IpNet::from(address));
        text.parse().ok().or_else(address).map(Self)
    }

    /// Whether the address is within.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            return self.0.addr().fmt(f);
        }
        self.0.fmt(f)
    }
}

/// The proxies whose forwarding headers are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl From<Vec<Network>> for TrustedProxies {
    fn from(networks: Vec<Network>) -> Self {
        Self(networks)
    }
}

impl TrustedProxies {
    /// Whether this address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Who sent a request. A trusted proxy is believed: the client is the last address in `X-Forwarded-For` that is not
    /// of a trusted proxy. What stands before that, anybody may have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        if !self.contains(peer) {
            let is_undeclared = headers.keys().any(|name| FORWARDING.contains(name));
            let claimed = hops(headers).next().flatten().filter(|_| is_undeclared);
            return Client { address: peer, claimed, is_undeclared, is_proxy: is_undeclared };
        }
        let mut client = Client { address: peer, claimed: None, is_undeclared: false, is_proxy: true };
        for hop in hops(headers) {
            let Some(address) = hop else { return client };
            client.address = address;
            client.is_proxy = self.contains(address);
            if !client.is_proxy {
                return client;
            }
        }
        client
    }
}

/// Who sent a request, as far as the peer of its connection and its forwarding headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address of the client, or of the nearest proxy where nothing beyond it is known.
    pub address: IpAddr,
    /// The address that a proxy which is not trusted names as the client's. A peer that lies can name any.
    pub claimed: Option<IpAddr>,
    /// Whether the peer sends forwarding headers without being trusted.
    pub is_undeclared: bool,
    /// Whether `address` is a proxy's, and so stands for an unknown number of clients.
    pub is_proxy: bool,
}

/// What only proxies send.
const FORWARDING: [HeaderName; 6] = [
    FORWARDED_FOR,
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
    http::header::FORWARDED,
    http::header::VIA,
];

/// The members of `X-Forwarded-For` from the last to the first; `None`: one that is no address. Read as bytes, since
/// clients send this field too, and write anything into it.
fn hops(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines = headers.get_all(FORWARDED_FOR).into_iter().map(HeaderValue::as_bytes).rev();
    let members = lines.flat_map(|line| line.rsplit(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    // RFC 9110 §5.6.1.2: empty members do not count.
    members.filter(|member| !member.is_empty()).map(|member| address(str::from_utf8(member).ok()?))
}

/// An address as proxies write it: in brackets or quotation marks, with a port, with the zone of a link-local IPv6
/// address (RFC 4007 §11, RFC 6874), which names an interface of the proxy and says nothing here.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let bare = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let is_port = |digits: &str| digits.parse::<u16>().is_ok();
            (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(address)?
        }
        None => text,
    };
    let unzoned = match bare.split_once('%') {
        Some((address, zone)) => (!zone.is_empty() && address.contains(':')).then_some(address)?,
        None => bare,
    };
    let with_port = || text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip());
    let address = unzoned.parse().ok().or_else(with_port);
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks: Vec<_> = trusted.iter().map(|text| Network::parse(text).expect("a network")).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).expect("no control"));
        }
        TrustedProxies::from(networks).client(peer.parse().expect("an address"), &headers).address.to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_for_their_own_hop() {
        assert_eq!(client(&[], "127.0.0.1", &["192.0.2.1"]), "127.0.0.1");
        let proxied = |peer, forwarded: &[&str]| client(&["127.0.0.1", "10.0.0.0/8"], peer, forwarded);
        assert_eq!(proxied("192.0.2.9", &["192.0.2.1"]), "192.0.2.9");
        assert_eq!(proxied("127.0.0.1", &["192.0.2.66, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(proxied("127.0.0.1", &["192.0.2.66", "192.0.2.1, 10.1.1.1"]), "192.0.2.1");
        assert_eq!(proxied("127.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(proxied("127.0.0.1", &["192.0.2.1:99"]), "192.0.2.1");
        assert_eq!(proxied("127.0.0.1", &["192.0.2.66, unknown"]), "127.0.0.1");
        assert_eq!(proxied("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn a_member_is_read_whatever_stands_in_the_others() {
        let proxied = |forwarded: &[&str]| client(&["127.0.0.1", "fe80::/10"], "127.0.0.1", forwarded);
        assert_eq!(proxied(&["\u{c6}r\u{f8}, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(proxied(&["192.0.2.1, ,"]), "192.0.2.1");
        assert_eq!(proxied(&["192.0.2.1", ""]), "192.0.2.1");
        assert_eq!(proxied(&["192.0.2.66", "\u{c6}"]), "127.0.0.1");
        for zoned in ["fe80::1%eth0", "[fe80::1%25eth0]", "[fe80::1%eth0]:443", "\"[fe80::1%2]:1\""] {
            assert_eq!(proxied(&[&format!("192.0.2.1, {zoned}")]), "192.0.2.1", "{zoned}");
        }
        for no_address in ["192.0.2.2%eth0", "fe80::1%", "[::1", "[::1]x", "[::1]:99999", "::1]", "\"::1"] {
            assert_eq!(proxied(&[&format!("192.0.2.1, {no_address}")]), "127.0.0.1", "{no_address}");
        }
    }

    #[test]
    fn a_proxy_that_nobody_declared_is_recognized_by_what_it_sends() {
        let proxies = TrustedProxies::from(vec![Network::parse("10.0.0.1").expect("a network")]);
        let client = |peer: &str, name: &'static str, value: &'static str| {
            let headers =
                HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            proxies.client(peer.parse().expect("an address"), &headers)
        };
        for name in FORWARDING {
            let undeclared = client("10.0.0.2", name.as_str().to_owned().leak(), "x");
            assert!(undeclared.is_undeclared && undeclared.is_proxy, "{name}");
        }
        let claimed = client("10.0.0.2", "x-forwarded-for", "192.0.2.66, 192.0.2.1").claimed;
        assert_eq!(claimed, Some([192, 0, 2, 1].into()));
        let plain = client("10.0.0.2", "accept", "x");
        assert!(!plain.is_undeclared && !plain.is_proxy);
        let declared = client("10.0.0.1", "x-forwarded-for", "192.0.2.1");
        assert!(!declared.is_undeclared && !declared.is_proxy);
        assert!(client("10.0.0.1", "x-forwarded-for", "unknown").is_proxy);
    }

    #[test]
    fn a_network_holds_its_own_addresses_only() {
        let network = |text| Network::parse(text).expect("a network");
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(network("10.0.0.0/8").contains(address("10.255.0.1")));
        assert!(!network("10.0.0.0/8").contains(address("11.0.0.1")));
        assert!(network("127.0.0.1").contains(address("127.0.0.1")));
        assert!(!network("127.0.0.1").contains(address("127.0.0.2")));
        assert!(network("fd00::/8").contains(address("fdff::1")));
        assert!(!network("0.0.0.0/0").contains(address("::1")));
        assert!(network("0.0.0.0/0").contains(address("192.0.2.1")));
        for bad in ["", "10.0.0.0/33", "example.org", "10.0.0.1/x"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
