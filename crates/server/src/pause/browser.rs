//! The browser of an interaction: a secret in a cookie that belongs to this interaction.

use http::request::Parts;
use jose::base64url;
use protocol::{BrowserSecret, ClientId, InteractionToken};

use crate::{AuthorizationServer, answer::Answer, cookie::Cookie, origin::Origin};

/// Most interactions whose cookies a browser keeps; where there would be more, the oldest go. 16 cookies have 3 KiB at
/// most.
const COOKIES_MAX: usize = 16;
/// Longest id of a client that is kept in a cookie, in bytes.
const CLIENT_ID_BYTES_MAX: usize = 64;
/// Separates the secret in a cookie from the id of the client.
const SEPARATOR: char = '.';

/// A browser, and the interactions whose cookies it sent.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    pub(super) secret: BrowserSecret,
    /// Their ids, the newest first.
    sent: Vec<i64>,
    /// Where it is.
    pub(super) origin: Origin,
}

impl Browser {
    /// Recognizes the browser by any of its interactions, or draws a secret for it. Its interactions share one secret,
    /// so that they can be counted; tabs that it opens at once, without a cookie yet, get one each.
    pub(super) fn of(server: &AuthorizationServer, head: &Parts) -> Self {
        Self::find(server, head, |_| true).unwrap_or_else(|| Self {
            secret: server.draw(BrowserSecret::mint),
            sent: Vec::new(),
            origin: Origin::of(&head.extensions),
        })
    }

    /// The browser by the secret that `is_it`, among those that it sent, the newest first; the last is the one that
    /// earlier versions set.
    pub(super) fn find(
        server: &AuthorizationServer,
        head: &Parts,
        is_it: impl Fn(&BrowserSecret) -> bool,
    ) -> Option<Self> {
        let (settings, headers) = (server.settings(), &head.headers);
        let mut cookies: Vec<_> = Cookie::interactions(settings, headers).collect();
        cookies.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
        let earlier = Cookie::Browser.values(settings, headers);
        let values = cookies.iter().map(|(_, value)| secret_of(value)).chain(earlier);
        let secret = values.filter_map(BrowserSecret::presented).find(is_it)?;
        let origin = Origin::of(&head.extensions);
        Some(Self { secret, sent: cookies.into_iter().map(|(id, _)| id).collect(), origin })
    }

    /// The client whose request had this interaction, by what its cookie says. Nobody else vouches for it: it may decide
    /// no more than to which registered address the browser goes on.
    pub(super) fn client_of(
        server: &AuthorizationServer,
        head: &Parts,
        interaction: &InteractionToken,
    ) -> Option<ClientId> {
        let id = interaction.handle().id;
        let mut cookies = Cookie::interactions(server.settings(), &head.headers);
        let (_, value) = cookies.find(|(known, _)| *known == id)?;
        let (_, client) = value.split_once(SEPARATOR)?;
        ClientId::parse(&String::from_utf8(base64url::decode(client).ok()?).ok()?)
    }

    /// Sets the cookie of a new interaction, and ends the oldest cookies beyond [`COOKIES_MAX`].
    pub(super) fn mark(
        &self,
        server: &AuthorizationServer,
        interaction: i64,
        client: Option<&ClientId>,
        answer: &mut Answer,
    ) {
        let settings = server.settings();
        let mut value = self.secret.expose();
        if let Some(client) = client.filter(|client| client.as_str().len() <= CLIENT_ID_BYTES_MAX) {
            value.push(SEPARATOR);
            value.push_str(&base64url::encode(client.as_str().as_bytes()));
        }
        Cookie::Interaction(interaction).set(settings, answer, Some(&value));
        for old in self.sent.iter().skip(COOKIES_MAX - 1) {
            Cookie::Interaction(*old).set(settings, answer, None);
        }
    }
}

/// The secret in a cookie, without the client.
fn secret_of(value: &str) -> &str {
    value.split(SEPARATOR).next().unwrap_or_default()
}
