//! The cookie that tells a browser in which an account signed in before: guesses of strangers do not delay its user.
//!
//! It authenticates nobody. It holds a random id and, for each account, a code that only this server can compute for that
//! id and account, so it neither tells a name nor can be made up.

use http::{HeaderMap, request::Parts};
use jose::{base64url, primitives::constant_time_eq};

use crate::{AuthorizationServer, answer::Answer, cookie::Cookie};

/// Length of the id and of each code, in bytes.
const PART_BYTES: usize = 16;
/// Most accounts that one browser is known for: the latest.
const ACCOUNTS_MAX: usize = 8;

/// The id of a browser in which an account signed in before.
pub type KnownBrowser = [u8; PART_BYTES];

impl AuthorizationServer {
    /// The browser that sent this request, if this account (in the canonical spelling of its username) signed in there
    /// before.
    pub fn known_browser(&self, head: &Parts, account: &str) -> Option<KnownBrowser> {
        let all = Cookie::Known.values(self.settings(), &head.headers).filter_map(Marks::parse);
        all.take(ACCOUNTS_MAX).find(|marks| marks.knows(self, account)).map(|marks| marks.browser)
    }

    /// Has the browser remember that this account signed in there.
    pub fn remember_browser(&self, head: &Parts, account: &str, answer: &mut Answer) {
        let mut marks = self.marks(&head.headers);
        let code = self.master().browser_code(&marks.browser, account);
        marks.codes.retain(|known| *known != code);
        marks.codes.insert(0, code);
        marks.codes.truncate(ACCOUNTS_MAX);
        Cookie::Known.set(self.settings(), answer, Some(&marks.to_text()));
    }

    fn marks(&self, headers: &HeaderMap) -> Marks {
        let known = Cookie::Known.values(self.settings(), headers).find_map(Marks::parse);
        known.unwrap_or_else(|| {
            let drawn = self.draw(|_, random| random);
            let mut browser = [0; PART_BYTES];
            browser.copy_from_slice(&drawn[..PART_BYTES]);
            Marks { browser, codes: Vec::new() }
        })
    }
}

/// The value of the cookie.
struct Marks {
    browser: KnownBrowser,
    codes: Vec<[u8; PART_BYTES]>,
}

impl Marks {
    fn parse(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text).ok()?;
        let (parts, rest) = bytes.as_chunks::<PART_BYTES>();
        let (browser, codes) = parts.split_first()?;
        (rest.is_empty() && codes.len() <= ACCOUNTS_MAX)
            .then(|| Self { browser: *browser, codes: codes.to_vec() })
    }

    fn to_text(&self) -> String {
        let codes: Vec<u8> = self.codes.iter().flatten().copied().collect();
        base64url::encode(&[&self.browser[..], &codes].concat())
    }

    fn knows(&self, server: &AuthorizationServer, account: &str) -> bool {
        let code = server.master().browser_code(&self.browser, account);
        self.codes.iter().any(|known| constant_time_eq(known, &code))
    }
}
