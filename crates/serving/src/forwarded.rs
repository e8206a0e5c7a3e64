//! Trusted proxies, and the address of a client behind them.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
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

    /// The address of the client: the peer itself unless that is a trusted proxy; else the last address in
    /// `X-Forwarded-For` that is not one. What stands before that, anybody may have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.contains(peer) {
            return peer;
        }
        let mut client = peer;
        for line in headers.get_all(FORWARDED_FOR).iter().rev() {
            for hop in line.to_str().unwrap_or_default().rsplit(',') {
                let Some(address) = address(hop.trim()) else { return client };
                client = address;
                if !self.contains(client) {
                    return client;
                }
            }
        }
        client
    }
}

/// An address, or one with its port, as proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address =
        bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()));
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
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).expect("visible"));
        }
        TrustedProxies::from(networks).client(peer.parse().expect("an address"), &headers).to_string()
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
