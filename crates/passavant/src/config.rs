//! What the operator says: a file, the environment, flags; read in layers, checked whole, then plain values.

mod check;
mod env;
mod file;
mod keys;
mod layers;
mod reference;

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

pub(crate) use env::environment;
pub(crate) use keys::{KEYS, Key};
pub(crate) use layers::{Layers, Value};
pub(crate) use reference::{page, schema};

/// Where the configuration is looked for when nobody names a file.
pub(crate) const DEFAULT_FILE: &str = "/etc/passavant/passavant.toml";

/// A checked configuration. [`server::Settings`] and everything else is made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// The only public URL.
    pub(crate) issuer: String,
    /// Where requests come in.
    pub(crate) listen: Vec<SocketAddr>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Where health is told; nowhere unless it is set.
    pub(crate) management: Option<SocketAddr>,
    /// The SQLite file.
    pub(crate) database: PathBuf,
    /// Where the master key is.
    pub(crate) master_key_file: PathBuf,
    /// What is logged, as `tracing` writes filters.
    pub(crate) log: String,
    /// Whether this is `--dev`: seeded, and never reachable from another machine.
    pub(crate) dev: bool,
}

/// The file that `PASSAVANT_CONFIG` names.
pub(crate) fn named_file() -> Option<PathBuf> {
    env::config_file(&environment()).map(Path::to_owned)
}

impl Config {
    /// Reads all layers and checks them.
    ///
    /// # Errors
    /// Every problem at once.
    pub(crate) fn load(file: Option<&Path>, flags: &[(&'static str, Value)]) -> Result<Self, Problems> {
        let mut layers = Layers::read(file, &environment(), flags)?;
        layers.check()
    }
}

/// A range of addresses: one, or all that share a prefix (`10.0.0.0/8`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `10.0.0.1`, `10.0.0.0/8`, `::1` or `fd00::/8`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        (prefix <= bits).then_some(Self { address, prefix })
    }

    /// Whether the address is within.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let shift = |bits: u32| bits - u32::from(self.prefix);
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u32::from(own) ^ u32::from(other)).checked_shr(shift(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (u128::from(own) ^ u128::from(other)).checked_shr(shift(128)).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the file, counted from 1.
    File(PathBuf, usize),
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Which key, where it is about one.
    pub(crate) key: String,
    /// Where it stands, where it stands somewhere.
    pub(crate) origin: Option<Origin>,
    /// What is wrong, and what helps.
    pub(crate) text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.text)
    }
}

/// Everything that is wrong with a configuration; at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration can't be used:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses_alone() {
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
