//! Authenticates a user: limits, directory, password, and the same answer for every way to fail.

use std::{fmt, sync::Arc};

use protocol::Subject;
use server::{
    Fault,
    ports::Clock,
    store::{Commit, SeenSubject, Store},
};

use crate::{
    directory::{Account, AccountChange, Directory, PasswordHash, Username},
    limits::{AttemptError, SignInLimits, SignInOrigin, UNLOCKED},
    passwords::{Password, Passwords, Verdict},
};

/// Checks a username and password.
#[derive(Clone)]
pub struct Authenticator {
    /// Where accounts are kept.
    pub directory: Arc<dyn Directory>,
    /// How passwords are checked.
    pub passwords: Arc<Passwords>,
    /// How often sign-in may fail.
    pub limits: Arc<SignInLimits>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// Checks the password of this user. A user that doesn't exist, one without a password and one that is disabled
    /// can't be told from a wrong password, by timing either. The store is the one that sessions are written to: what it
    /// answers of the subject guards the session that follows.
    ///
    /// # Errors
    /// A [`Fault`] of the directory; [`Fault::Busy`] where too many are waiting.
    pub async fn authenticate(
        &self,
        store: &dyn Store,
        username: &str,
        password: &str,
        from: &SignInOrigin,
    ) -> Result<SignIn, Fault> {
        let username = Username::parse(username);
        let key = username.as_ref().map(Username::canonical).unwrap_or_default();
        if self.limits.is_limited(&key, from, self.clock.millis())
            && let Some((unlock, _)) = store.item(UNLOCKED, &key).await?
        {
            self.limits.unlock(&key, &unlock);
        }
        let attempt = match self.limits.attempt(&key, from, &*self.clock).await {
            Ok(attempt) => attempt,
            Err(AttemptError::Later(retry_after)) => return Ok(SignIn::Later(retry_after)),
            Err(AttemptError::Busy) => return Err(Fault::Busy("too many sign-ins are waiting")),
        };
        match self.decide(store, username.as_ref(), password).await? {
            Ok((account, seen)) => Ok(SignIn::Proven(Box::new(account), seen)),
            Err(wrong) => {
                attempt.fail(self.clock.millis());
                Ok(SignIn::Wrong(wrong))
            }
        }
    }

    async fn decide(
        &self,
        store: &dyn Store,
        username: Option<&Username>,
        password: &str,
    ) -> Result<Result<(Account, SeenSubject), WrongSignIn>, Fault> {
        let Some(password) = Password::parse(password) else { return Ok(Err(WrongSignIn::Unreadable)) };
        let named = match username {
            Some(username) => self.directory.by_username(username).await?,
            None => None,
        };
        // Seen first, and then read again: whatever ends the account after this read moves what was seen. An account
        // that is not there is looked up as often.
        let subject = named.map_or_else(|| Subject::new("nobody"), |account| account.subject);
        let seen = store.subject(&subject).await?;
        let account = self.directory.by_subject(&subject).await?;
        let account = account.filter(|account| username == Some(&account.username));
        let known = account.as_ref().and_then(|account| account.password.as_ref());
        let verdict = self.passwords.verify(password, known).await?;
        let Some(account) = account else { return Ok(Err(WrongSignIn::UnknownAccount)) };
        Ok(match verdict {
            _ if account.disabled => Err(WrongSignIn::Disabled(account.subject)),
            _ if account.password.is_none() => Err(WrongSignIn::NoPassword(account.subject)),
            Verdict::Wrong => Err(WrongSignIn::Password(account.subject)),
            Verdict::Right => Ok((account, seen)),
            Verdict::Outdated(new) => Ok((self.rehash(account, new).await?, seen)),
        })
    }

    /// Replaces the hash by one at the configured cost. If the account changed meanwhile, the next sign-in tries again.
    async fn rehash(&self, account: Account, new: PasswordHash) -> Result<Account, Fault> {
        let people = vec![AccountChange::Rehash(account.subject.clone(), new, account.version)];
        match self.directory.commit_people(people, Commit::new(self.clock.now())).await? {
            Ok(_) => tracing::info!("a password hash was replaced by one of a higher cost"),
            Err(_) => tracing::debug!("an account changed while its password hash was being replaced"),
        }
        Ok(account)
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("passwords", &self.passwords).finish_non_exhaustive()
    }
}

/// The outcome of a sign-in.
#[derive(Clone, Debug, PartialEq)]
pub enum SignIn {
    /// The password is right: it is this user, as of when the subject was seen.
    Proven(Box<Account>, SeenSubject),
    /// The sign-in failed. The user is told the same for every reason.
    Wrong(WrongSignIn),
    /// Too many sign-ins failed: retry after this many seconds (429).
    Later(u64),
}

/// Why a sign-in failed: for the log only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongSignIn {
    /// The account is disabled.
    Disabled(Subject),
    /// The account has no password.
    NoPassword(Subject),
    /// The password is wrong.
    Password(Subject),
    /// There is no account of this name.
    UnknownAccount,
    /// The password is longer than any may be.
    Unreadable,
}

impl WrongSignIn {
    /// Whose account it is. What was typed as a name is not known to be one: it may be a password.
    pub const fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Disabled(subject) | Self::NoPassword(subject) | Self::Password(subject) => Some(subject),
            Self::UnknownAccount | Self::Unreadable => None,
        }
    }

    /// What was sent, and what was expected.
    pub const fn difference(&self) -> (&'static str, &'static str) {
        match self {
            Self::Disabled(_) => ("a disabled account", "an account that is not disabled"),
            Self::NoPassword(_) => ("an account without a password", "an account with a password"),
            Self::Password(_) => ("another password", "the password of the account"),
            Self::UnknownAccount => ("an unknown account", "the name of an account"),
            Self::Unreadable => ("a password that is too long", "the password of an account"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use server::{ports::SystemEntropy, store::memory::MemoryStore};

    use super::*;
    use crate::{
        directory::fixture::{OneAccount, alice},
        limits::Unlock,
        passwords::PasswordCost,
    };

    fn here() -> SignInOrigin {
        server::Origin::at(Ipv4Addr::new(192, 0, 2, 1).into()).into()
    }

    struct Noon;

    impl Clock for Noon {
        fn millis(&self) -> i64 {
            1_700_000_000_000
        }
    }

    async fn authenticator(disabled: bool, cost: PasswordCost) -> (Authenticator, Arc<OneAccount>) {
        let entropy = Arc::new(SystemEntropy);
        let first = Passwords::new(PasswordCost::FLOOR, entropy.clone(), 1).expect("memory");
        let hash = first.hash(Password::parse("correct-horse").expect("fits")).await.expect("hash");
        let account = Account { password: Some(hash), disabled, ..alice() };
        let directory = Arc::new(OneAccount::new(Some(account)));
        let authenticator = Authenticator {
            directory: directory.clone(),
            passwords: Arc::new(Passwords::new(cost, entropy, 1).expect("memory")),
            limits: Arc::default(),
            clock: Arc::new(Noon),
        };
        (authenticator, directory)
    }

    #[tokio::test]
    async fn the_right_password_proves_the_user_whatever_the_spelling_of_the_name() {
        let (authenticator, _) = authenticator(false, PasswordCost::FLOOR).await;
        for name in ["alice", " Alice ", "ALICE"] {
            let sign_in = authenticator
                .authenticate(&MemoryStore::new(), name, "correct-horse", &here())
                .await
                .expect("decided");
            assert!(
                matches!(sign_in, SignIn::Proven(account, _) if account.subject.as_str() == "u-1"),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn every_way_to_fail_costs_one_hash_and_reads_the_same() {
        let (authenticator, _) = authenticator(false, PasswordCost::FLOOR).await;
        for (name, password) in [("alice", "wrong"), ("mallory", "correct-horse"), ("a\u{7}", "wrong")] {
            let before = authenticator.passwords.computed();
            let sign_in = authenticator
                .authenticate(&MemoryStore::new(), name, password, &here())
                .await
                .expect("decided");
            assert!(matches!(sign_in, SignIn::Wrong(_)), "{name}");
            assert_eq!(authenticator.passwords.computed() - before, 1, "{name}");
        }
    }

    #[tokio::test]
    async fn a_disabled_user_learns_nothing() {
        let (authenticator, _) = authenticator(true, PasswordCost::FLOOR).await;
        let sign_in = authenticator
            .authenticate(&MemoryStore::new(), "alice", "correct-horse", &here())
            .await
            .expect("decided");
        let disabled = SignIn::Wrong(WrongSignIn::Disabled(Subject::new("u-1")));
        assert_eq!((sign_in, authenticator.passwords.computed()), (disabled, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_under_any_spelling_count_for_one_account_and_the_right_password_still_works() {
        let (authenticator, _) = authenticator(false, PasswordCost::FLOOR).await;
        for name in ["alice", "Alice", "ALICE", " alice", "aLice "] {
            let sign_in = authenticator
                .authenticate(&MemoryStore::new(), name, "wrong", &here())
                .await
                .expect("decided");
            assert_eq!(sign_in, SignIn::Wrong(WrongSignIn::Password(Subject::new("u-1"))));
        }
        let start = tokio::time::Instant::now();
        let sign_in = authenticator
            .authenticate(&MemoryStore::new(), "alice", "correct-horse", &here())
            .await
            .expect("decided");
        assert!(matches!(sign_in, SignIn::Proven(..)));
        assert_eq!(start.elapsed().as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_operator_ends_the_wait_of_an_account() {
        let (authenticator, _) = authenticator(false, PasswordCost::FLOOR).await;
        let store = MemoryStore::new();
        let sign_in = async |password| {
            let start = tokio::time::Instant::now();
            authenticator.authenticate(&store, "alice", password, &here()).await.expect("decided");
            start.elapsed().as_secs()
        };
        for _ in 0..6 {
            sign_in("wrong").await;
        }
        assert_eq!(sign_in("wrong").await, 2);
        let now = Noon.now();
        let unlock = Unlock::item("alice", None, now);
        store.commit(Commit::new(now).with(unlock)).await.expect("a store").expect("no conflict");
        assert_eq!(sign_in("wrong").await, 0);
    }

    #[tokio::test]
    async fn a_hash_of_a_lower_cost_is_replaced_in_the_directory() {
        let cost = PasswordCost::new(20_480, 2, 1).expect("above the floor");
        let (authenticator, directory) = authenticator(false, cost).await;
        let sign_in = authenticator
            .authenticate(&MemoryStore::new(), "alice", "correct-horse", &here())
            .await
            .expect("decided");
        assert!(matches!(sign_in, SignIn::Proven(..)));
        let stored = directory.now().and_then(|account| account.password).expect("a hash");
        assert!(stored.0.starts_with("$argon2id$v=19$m=20480,t=2,p=1$"));
    }
}
