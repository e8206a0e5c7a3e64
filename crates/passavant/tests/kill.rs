//! A power cut, as far as a process can tell: the server is killed at varied moments under load, and whatever it had
//! acknowledged must hold when it comes back.

#[path = "support/browser.rs"]
mod browser;
#[path = "support/installation.rs"]
mod installation;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::{sync::Notify, task::JoinSet};

use browser::{Answer, Browser, Peer};
use installation::{Installation, Running};

const SECRET: &str = "a-secret-of-22-characters-or-more";
/// Asks for tokens of its own.
const MACHINE: (&str, &str) = ("machine", SECRET);
/// Asks for tokens of its user.
const SHOP: (&str, &str) = ("shop", SECRET);
const REDIRECT: &str = "https://shop.example/cb";
const ALICE: (&str, &str) = ("alice", "correct-horse");

/// After so many acknowledgements of a round the server is killed: in the middle of sign-in, of consent, of a burst.
const MOMENTS: [usize; 9] = [3, 11, 29, 61, 127, 251, 509, 757, 1021];
/// Machines that ask for tokens and revoke some of them, and browsers that fetch codes and redeem most of them.
const MACHINES: usize = 4;
const BROWSERS: usize = 3;
/// Questions that are asked at once when the ledger is checked.
const QUESTIONS: usize = 8;

/// What the server acknowledged, and what it was asked and never answered.
#[derive(Default)]
struct Ledger {
    /// Tokens: whose they are, and how they stand.
    tokens: BTreeMap<String, (Owner, Standing)>,
    /// Codes, and what became of them.
    codes: BTreeMap<String, Code>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Machine,
    Shop,
}

impl Owner {
    fn credentials(self) -> (&'static str, &'static str) {
        match self {
            Self::Machine => MACHINE,
            Self::Shop => SHOP,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Issued.
    Active,
    /// Its revocation was asked for, and not answered.
    Unknown,
    /// Its revocation was answered.
    Revoked,
}

/// A code that a browser brought back.
#[derive(Clone, Debug, Default)]
struct Code {
    /// Times that its redemption was asked for.
    asked: usize,
    /// Times that this was answered with tokens.
    redeemed: usize,
    /// The access token that came of it.
    token: Option<String>,
}

/// The ledger, and the moment at which the server is killed.
#[derive(Default)]
struct Round {
    ledger: Mutex<Ledger>,
    acknowledged: AtomicUsize,
    moment: AtomicUsize,
    now: Notify,
}

impl Round {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no test thread panicked")
    }

    /// Counts an acknowledgement, and says when it is the one.
    fn acknowledge(&self) {
        if self.acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == self.moment.load(Ordering::Relaxed) {
            self.now.notify_one();
        }
    }

    /// Notes a token that was issued.
    fn issued(&self, owner: Owner, answer: &Answer) -> String {
        let token = answer.member("access_token").as_str().expect("a token").to_owned();
        let before = self.ledger().tokens.insert(token.clone(), (owner, Standing::Active));
        assert_eq!(before, None, "no token is issued twice");
        self.acknowledge();
        token
    }

    fn stands(&self, token: &str, standing: Standing) {
        self.ledger().tokens.get_mut(token).expect("a token of this ledger").1 = standing;
    }

    /// Asks for tokens and revokes each third of them, until the server is gone.
    async fn machine(self: Arc<Self>, peer: Peer) {
        for count in 0.. {
            let Ok(answer) = peer.client_credentials(MACHINE).await else { return };
            assert_eq!(answer.status, 200, "{answer:?}");
            let token = self.issued(Owner::Machine, &answer);
            if count % 3 != 0 {
                continue;
            }
            self.stands(&token, Standing::Unknown);
            let Ok(answer) = peer.post("/revoke", Some(MACHINE), &[("token", &token)]).await else { return };
            assert_eq!(answer.status, 200, "{answer:?}");
            self.stands(&token, Standing::Revoked);
            self.acknowledge();
        }
    }

    /// Signs in, fetches codes and redeems them, until the server is gone. Each fourth code is kept, and each fourth is
    /// redeemed twice at once.
    async fn browser(self: Arc<Self>, peer: Peer) {
        let mut browser = Browser::new(&peer);
        for count in 0.. {
            let Ok(code) = browser.code(SHOP.0, REDIRECT, ALICE).await else { return };
            let code = code.expect("alice is let in");
            let before = self.ledger().codes.insert(code.clone(), Code::default());
            assert!(before.is_none(), "no code is issued twice");
            self.acknowledge();
            let alive = match count % 4 {
                0 => true,
                1 => {
                    let (one, other) = tokio::join!(self.redeem(&peer, &code), self.redeem(&peer, &code));
                    one.and(other).is_some()
                }
                _ => self.redeem(&peer, &code).await.is_some(),
            };
            if !alive {
                return;
            }
        }
    }

    /// Redeems a code, and notes what comes of it; `None` where the server is gone.
    async fn redeem(&self, peer: &Peer, code: &str) -> Option<bool> {
        self.note_code(code, |code| code.asked += 1);
        let answer = peer.redeem(SHOP, REDIRECT, code).await.ok()?;
        if answer.status != 200 {
            assert_eq!((answer.status, answer.member("error")), (400, "invalid_grant".into()), "{answer:?}");
            return Some(false);
        }
        let token = self.issued(Owner::Shop, &answer);
        if self.ledger().codes[code].asked > 1 {
            // The other redemption may come later, and then it ends what this one yielded.
            self.stands(&token, Standing::Unknown);
        }
        self.note_code(code, |code| {
            code.redeemed += 1;
            code.token = Some(token);
        });
        Some(true)
    }

    fn note_code(&self, code: &str, note: impl FnOnce(&mut Code)) {
        note(self.ledger().codes.get_mut(code).expect("a code of this ledger"));
    }

    /// Everything that was acknowledged holds.
    async fn check(&self, peer: &Peer) {
        let tokens: Vec<_> = self.ledger().tokens.clone().into_iter().collect();
        let each =
            stream::iter(tokens).for_each_concurrent(QUESTIONS, |(token, (owner, standing))| async move {
                let active = peer.is_active(owner.credentials(), &token).await.expect("an answer");
                let expected = match standing {
                    Standing::Active => true,
                    Standing::Revoked => false,
                    Standing::Unknown => active,
                };
                assert_eq!(active, expected, "a token of {owner:?} that was {standing:?}");
                // What was seen is acknowledged as well: it stays so.
                self.stands(&token, if active { Standing::Active } else { Standing::Revoked });
            });
        each.await;
        let codes: Vec<_> = self.ledger().codes.clone().into_iter().collect();
        let each = stream::iter(codes).for_each_concurrent(QUESTIONS, |(code, before)| async move {
            self.check_code(peer, &code, &before).await;
        });
        each.await;
    }

    /// A code yields tokens once, whenever that was.
    async fn check_code(&self, peer: &Peer, code: &str, before: &Code) {
        let yielded = self.redeem(peer, code).await.expect("an answer");
        match (before.asked, before.redeemed) {
            (0, _) => assert!(yielded, "a code that nobody had redeemed"),
            (_, 0) => {}
            (_, _) => assert!(!yielded, "a code that was redeemed before"),
        }
        assert!(self.ledger().codes[code].redeemed <= 1, "a code that yielded tokens twice");
        if let Some(token) = before.token.as_deref().filter(|_| !yielded) {
            // Whoever redeems a code a second time ends what came of it (RFC 6749 section 4.1.2).
            assert!(!peer.is_active(SHOP, token).await.expect("an answer"), "the token of a replayed code");
            self.stands(token, Standing::Revoked);
        }
    }

    /// Loads a server, kills it at the moment, and waits until everybody has noticed.
    async fn load(self: &Arc<Self>, mut server: Running, moment: usize) {
        let peer = Peer::of(server.address());
        self.acknowledged.store(0, Ordering::Relaxed);
        self.moment.store(moment, Ordering::Relaxed);
        let mut load = JoinSet::new();
        for _ in 0..MACHINES {
            load.spawn(self.clone().machine(peer.clone()));
        }
        for _ in 0..BROWSERS {
            load.spawn(self.clone().browser(peer.clone()));
        }
        tokio::select! {
            () = self.now.notified() => {}
            ended = load.join_next() => panic!("somebody ended before the server did: {ended:?}"),
        }
        let log = server.end();
        assert!(!log.contains("panicked"), "{log}");
        while let Some(ended) = load.join_next().await {
            ended.expect("no assertion failed");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_kill_9() {
    let installation = Installation::new();
    let client = |(id, secret): (&str, &str), members: serde_json::Value| {
        let mut client = json!({ "client_id": id, "client_secret": secret });
        let members = members.as_object().cloned().expect("an object");
        client.as_object_mut().expect("an object").extend(members);
        client
    };
    let world = json!({
        "clients": [
            client(MACHINE, json!({ "grant_types": ["client_credentials"], "scope": "notes.read" })),
            client(SHOP, json!({ "redirect_uris": [REDIRECT], "scope": "openid notes.read" })),
        ],
        "resources": [{ "resource": "https://notes.example", "scopes": ["notes.read"] }],
        "users": [{ "sub": "u-1", "username": ALICE.0, "password": ALICE.1 }],
    });
    let applied = installation.run(&["apply", "-f", "-"], &world.to_string());
    assert!(
        applied.code == 0 && applied.out.ends_with("4 changes\n") && applied.err.is_empty(),
        "{applied:?}"
    );

    let round = Arc::new(Round::default());
    let mut signed_in = None;
    for moment in MOMENTS {
        let server = installation.serve(&[]);
        let peer = Peer::of(server.address());
        round.check(&peer).await;
        let is_new = signed_in.is_none();
        let browser: &mut Browser = signed_in.get_or_insert_with(|| Browser::new(&peer));
        browser.peer = peer;
        // From the second round on the session alone lets her in.
        let password = if is_new { ALICE.1 } else { "" };
        let code = browser.code(SHOP.0, REDIRECT, (ALICE.0, password)).await.expect("pages").expect("a code");
        round.ledger().codes.insert(code, Code::default());
        round.load(server, moment).await;
    }
    let server = installation.serve(&[]);
    round.check(&Peer::of(server.address())).await;

    let ledger = round.ledger();
    let are = |standing| ledger.tokens.values().filter(|(_, found)| *found == standing).count();
    let redeemed = ledger.codes.values().filter(|code| code.redeemed == 1).count();
    // The load was one: otherwise nothing was shown.
    let counts = (are(Standing::Active), are(Standing::Revoked), redeemed);
    assert!(counts.0 > 500 && counts.1 > 200 && counts.2 > 50, "too little load: {counts:?}");
}
