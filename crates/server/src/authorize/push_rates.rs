//! How many requests public clients may push: anybody can push one in the name of a public client, and each is stored
//! (RFC 9126 §7.2).

use protocol::{Timestamp, limits};

use crate::{
    origin::Origin,
    window::{Most, Window},
};

/// The most of a minute.
const MOST: Most =
    Most { of_block: limits::PUSHED_PER_SITE_MINUTE_MAX, of_all: limits::PUSHED_PER_MINUTE_MAX };

/// Counts the requests of one minute, by site and in all.
#[derive(Debug)]
pub(crate) struct PushRates(Window);

impl Default for PushRates {
    fn default() -> Self {
        Self(Window::of(60))
    }
}

impl PushRates {
    /// Counts one more, if it is within the limits. Where the address is a proxy's, only the limit of all applies.
    pub(crate) fn admit(&self, origin: &Origin, now: Timestamp) -> bool {
        let site = (!origin.is_crowd()).then(|| origin.site());
        self.0.admit(site, MOST, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_does_not_take_the_places_of_the_others() {
        let rates = PushRates::default();
        let from = |last| Origin::at([192, 0, 2, last].into());
        let admitted = (0..1_000).filter(|_| rates.admit(&from(1), Timestamp(60))).count();
        assert_eq!(admitted, 300);
        assert!(rates.admit(&from(2), Timestamp(119)));
        assert!(!rates.admit(&from(1), Timestamp(119)) && rates.admit(&from(1), Timestamp(120)));
    }

    #[test]
    fn all_sites_together_have_a_limit() {
        let rates = PushRates::default();
        let from = |number: u32| Origin::at(std::net::Ipv4Addr::from_bits(number).into());
        let admitted = (1..10_000).filter(|number| rates.admit(&from(*number), Timestamp(0))).count();
        assert_eq!(admitted, 3_000);
    }
}
