//! Where a request comes from, as limits count it: by network, and not at all where an address is shared.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use http::Extensions;

use crate::refusal::RequestContext;

/// That the address of a request is that of a proxy, which many clients share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedAddress {
    /// The address that the proxy names as the client's. It is not verified: a peer that lies can name any.
    pub claimed: Option<IpAddr>,
}

/// An address, or a block of IPv6 addresses, all of which one host may own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressBlock {
    address: IpAddr,
    bits: u8,
}

impl AddressBlock {
    /// The IPv4 address, or the block of this many bits around the IPv6 address.
    fn around(address: IpAddr, bits: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self { address: v4.into(), bits: 32 },
            IpAddr::V6(v6) => {
                let kept = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                Self { address: Ipv6Addr::from_bits(v6.to_bits() & kept).into(), bits }
            }
        }
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/{}", self.bits),
        }
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    address: IpAddr,
    shared: Option<SharedAddress>,
}

impl Origin {
    /// What the host says of the request. Without an address nothing is known, and nothing is counted.
    pub fn of(extensions: &Extensions) -> Self {
        let nobody = SharedAddress { claimed: None };
        let context = RequestContext::of(extensions);
        match context.and_then(RequestContext::address) {
            Some(address) => Self { shared: context.and_then(RequestContext::shared), ..Self::at(address) },
            None => Self { address: Ipv4Addr::UNSPECIFIED.into(), shared: Some(nobody) },
        }
    }

    /// The address of one client.
    pub fn at(address: IpAddr) -> Self {
        Self { address, shared: None }
    }

    /// The address: of the client, or of the proxy in front of it.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// What failures are counted by: an IPv4 address, or the /64 and the /48 of an IPv6 address. Nothing where the address
    /// is loopback or a proxy's: what one client does there would be counted against all others.
    pub fn counted(&self) -> impl Iterator<Item = AddressBlock> + use<> {
        let networks = [AddressBlock::around(self.address, 64), AddressBlock::around(self.address, 48)];
        let distinct = if networks[0] == networks[1] { 1 } else { 2 };
        let counted = if self.is_shared() { 0 } else { distinct };
        networks.into_iter().take(counted)
    }

    /// What places are divided among, so that one network does not take those of the others. A proxy that is not trusted
    /// is believed here: a false answer gains it no try that a wrong password costs.
    pub fn network(&self) -> AddressBlock {
        AddressBlock::around(self.shared.and_then(|shared| shared.claimed).unwrap_or(self.address), 64)
    }

    /// The same, with all of a site's IPv6 networks as one.
    pub fn site(&self) -> AddressBlock {
        AddressBlock::around(self.shared.and_then(|shared| shared.claimed).unwrap_or(self.address), 48)
    }

    /// Whether [`Self::network`] is that of an unknown number of clients.
    pub fn is_crowd(&self) -> bool {
        self.is_shared() && self.shared.is_none_or(|shared| shared.claimed.is_none())
    }

    fn is_shared(&self) -> bool {
        self.shared.is_some() || self.address.to_canonical().is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str) -> Origin {
        Origin::at(address.parse().expect("an address"))
    }

    fn counted(address: &str) -> Vec<String> {
        origin(address).counted().map(|network| network.to_string()).collect()
    }

    #[test]
    fn ipv6_counts_by_64_and_48_and_mapped_ipv4_as_ipv4() {
        assert_eq!(counted("2001:db8:0:1::1"), ["2001:db8:0:1::/64", "2001:db8::/48"]);
        assert_eq!(counted("2001:db8:0:1:ffff::2"), counted("2001:db8:0:1::1"));
        assert_eq!(counted("2001:db8:0:2::1"), ["2001:db8:0:2::/64", "2001:db8::/48"]);
        assert_eq!(counted("::ffff:192.0.2.1"), ["192.0.2.1"]);
        assert_eq!(origin("2001:db8:0:2::1").site().to_string(), "2001:db8::/48");
    }

    #[test]
    fn what_many_clients_share_is_not_counted() {
        assert!(counted("127.0.0.1").is_empty() && counted("::1").is_empty());
        assert!(counted("::ffff:127.0.0.1").is_empty());
        let mut extensions = Extensions::new();
        assert_eq!(Origin::of(&extensions).counted().count(), 0);
        assert!(Origin::of(&extensions).is_crowd());
        let request = || RequestContext::new("r-1", [192, 0, 2, 1].into());
        extensions.insert(request());
        assert_eq!(
            (Origin::of(&extensions).counted().count(), Origin::of(&extensions).is_crowd()),
            (1, false)
        );
        extensions.insert(request().behind(SharedAddress { claimed: Some([192, 0, 2, 9].into()) }));
        let claimed = Origin::of(&extensions);
        assert_eq!((claimed.counted().count(), claimed.is_crowd()), (0, false));
        assert_eq!(claimed.network().to_string(), "192.0.2.9");
        extensions.insert(request().behind(SharedAddress { claimed: None }));
        assert!(Origin::of(&extensions).is_crowd());
    }
}
