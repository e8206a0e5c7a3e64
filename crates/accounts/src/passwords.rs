//! Passwords: Argon2id on bounded threads, with the same work for a user that doesn't exist.

mod common;
mod rule;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc,
};
pub use rule::{PasswordError, PasswordRule};
use server::{Fault, ports::Entropy};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::{directory::PasswordHash, spelling};

/// Longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Length of a salt, in bytes (RFC 9106 §3.1).
const SALT_BYTES: usize = 16;

/// Length of the tag, in bytes (RFC 9106 §4).
const TAG_BYTES: usize = 32;

/// Most passwords that wait for each thread. At the default cost the last of them waits about half a second.
const WAITING_PER_THREAD_MAX: usize = 16;

/// Most memory that a stored hash may ask for, in KiB: an imported hash must not exhaust the machine.
const STORED_MEMORY_KIB_MAX: u32 = 1024 * 1024;

/// Most passes that a stored hash may ask for.
const STORED_PASSES_MAX: u32 = 64;

/// Hashes and checks passwords. Cheap to share.
pub struct Passwords {
    cost: PasswordCost,
    entropy: Arc<dyn Entropy>,
    /// What the password of an unknown user is compared with. Its tag is random, so no password matches it.
    dummy: PasswordHash,
    threads: Arc<Semaphore>,
    /// How many may hold a thread or wait for one.
    places: usize,
    taken: Arc<AtomicUsize>,
    computed: Arc<AtomicU64>,
}

impl Passwords {
    /// Hashes at this cost, at most `threads` passwords concurrently: the number of cores. Computes no hash yet.
    ///
    /// # Errors
    /// [`Fault::Broken`] where this cost can't be written as a PHC string.
    pub fn new(cost: PasswordCost, entropy: Arc<dyn Entropy>, threads: usize) -> Result<Self, Fault> {
        let threads = threads.max(1);
        let dummy = cost.hash_of_nothing(&*entropy)?;
        Ok(Self {
            cost,
            entropy,
            dummy,
            threads: Arc::new(Semaphore::new(threads)),
            places: threads * (1 + WAITING_PER_THREAD_MAX),
            taken: Arc::default(),
            computed: Arc::default(),
        })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Fault::Busy`] where too many are waiting.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Fault> {
        let (cost, salt) = (self.cost, salt(&*self.entropy));
        self.work(move |count| {
            count();
            cost.hash(password.text().as_bytes(), &salt)
        })
        .await
    }

    /// Checks a password against its hash; where there is none, the same work ends in [`Verdict::Wrong`].
    ///
    /// # Errors
    /// [`Fault::Busy`] where too many are waiting, [`Fault::Broken`] where `known` is not a valid Argon2id hash.
    pub async fn verify(&self, password: Password, known: Option<&PasswordHash>) -> Result<Verdict, Fault> {
        let (cost, salt, exists) = (self.cost, salt(&*self.entropy), known.is_some());
        let stored = known.unwrap_or(&self.dummy).clone();
        self.work(move |count| {
            let stored = phc::PasswordHash::new(&stored.0).map_err(Fault::new)?;
            let params = stored_params(&stored)?;
            count();
            let mut is_right = verify(&password.text, &stored)?;
            let mut is_outdated = cost.is_above(&params);
            // Only what was typed decides whether there is a second hash, not whether there is such a user.
            if let Some(typed) = password.typed.as_ref().filter(|_| !is_right) {
                count();
                is_right = verify(typed, &stored)?;
                is_outdated = true;
            }
            if !is_right || !exists {
                return Ok(Verdict::Wrong);
            }
            if is_outdated {
                count();
                return Ok(Verdict::Outdated(cost.hash(password.text().as_bytes(), &salt)?));
            }
            Ok(Verdict::Right)
        })
        .await
    }

    /// How many hashes were computed so far.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Runs `job` on a thread for blocking work, with a counter to call for each hash.
    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&dyn Fn()) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = Place::take(&self.taken, self.places)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(Fault::new)?;
        let held: (Place, OwnedSemaphorePermit) = (place, thread);
        let computed = Arc::clone(&self.computed);
        let count = move || {
            computed.fetch_add(1, Ordering::Relaxed);
        };
        // The job owns its place: a cancelled caller does not free it while the thread is still busy.
        tokio::task::spawn_blocking(move || {
            let _held = held;
            job(&count)
        })
        .await
        .map_err(Fault::new)?
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// The result of checking a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not the password of the user.
    Wrong,
    /// The password of the user.
    Right,
    /// The password of the user, hashed at a lower cost than the configured one or in another spelling: to be replaced by
    /// this hash.
    Outdated(PasswordHash),
}

/// A password, in the spelling in which it is hashed. Never printed, and wiped when dropped.
#[derive(Clone)]
pub struct Password {
    text: Zeroizing<String>,
    /// As it was typed, if that is another spelling: an older hash was made of that.
    typed: Option<Zeroizing<String>>,
}

impl Password {
    /// Takes any text of 1 to [`PASSWORD_BYTES_MAX`] bytes.
    pub fn parse(typed: &str) -> Option<Self> {
        let fits = |text: &str| !text.is_empty() && text.len() <= PASSWORD_BYTES_MAX;
        if !fits(typed) {
            return None;
        }
        let text = spelling::password(typed);
        let typed = (*text != typed).then(|| Zeroizing::new(typed.to_owned()));
        fits(&text).then_some(Self { text, typed })
    }

    fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(...)")
    }
}

/// The cost of one hash (RFC 9106 §3.1). Never below [`PasswordCost::FLOOR`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl PasswordCost {
    /// 19 MiB, 2 passes, 1 lane: the least that the OWASP Password Storage Cheat Sheet allows for Argon2id.
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    /// A cost: memory in KiB, passes over it, lanes.
    ///
    /// # Errors
    /// [`CostError`] where any of them is below [`PasswordCost::FLOOR`] or beyond what a stored hash may ask for.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        let floor = Self::FLOOR;
        if memory_kib < floor.memory_kib || passes < floor.passes || lanes < floor.lanes {
            return Err(CostError::BelowFloor);
        }
        if memory_kib > STORED_MEMORY_KIB_MAX || passes > STORED_PASSES_MAX || lanes > memory_kib / 8 {
            return Err(CostError::TooHigh);
        }
        Params::new(memory_kib, passes, lanes, Some(TAG_BYTES)).map_err(|_| CostError::TooHigh)?;
        Ok(Self { memory_kib, passes, lanes })
    }

    fn hash(self, password: &[u8], salt: &[u8; SALT_BYTES]) -> Result<PasswordHash, Fault> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params()?);
        let hash = argon2.hash_password_with_salt(password, salt).map_err(Fault::new)?;
        Ok(PasswordHash(hash.to_string().into()))
    }

    /// A hash at this cost with a random tag instead of a computed one: comparing with it costs the same.
    fn hash_of_nothing(self, entropy: &dyn Entropy) -> Result<PasswordHash, Fault> {
        let mut tag = [0; TAG_BYTES];
        entropy.fill(&mut tag);
        let hash = phc::PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: phc::ParamsString::try_from(&self.params()?).map_err(Fault::new)?,
            salt: Some(phc::Salt::new(&salt(entropy)).map_err(Fault::new)?),
            hash: Some(phc::Output::new(&tag).map_err(Fault::new)?),
        };
        Ok(PasswordHash(hash.to_string().into()))
    }

    fn params(self) -> Result<Params, Fault> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(TAG_BYTES))
            .map_err(|error| Fault::new(error.to_string()))
    }

    /// Whether a hash made with `params` is to be replaced: it costs less memory or fewer passes.
    fn is_above(self, params: &Params) -> bool {
        self.memory_kib > params.m_cost() || self.passes > params.t_cost()
    }
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self::FLOOR
    }
}

/// Why a cost is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// Below [`PasswordCost::FLOOR`].
    #[error("a password hash must cost at least 19 MiB of memory, 2 passes and 1 lane")]
    BelowFloor,
    /// More than one sign-in may use.
    #[error(
        "a password hash may cost at most 1 GiB of memory and 64 passes, with 8 KiB of memory for each lane"
    )]
    TooHigh,
}

/// A place among the passwords that are checked or waiting, released when dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(taken: &Arc<AtomicUsize>, places: usize) -> Result<Self, Fault> {
        if taken.fetch_add(1, Ordering::AcqRel) < places {
            return Ok(Self(Arc::clone(taken)));
        }
        taken.fetch_sub(1, Ordering::AcqRel);
        Err(Fault::Busy("too many passwords are waiting to be checked"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn verify(text: &str, stored: &phc::PasswordHash) -> Result<bool, Fault> {
    match Argon2::default().verify_password(text.as_bytes(), stored) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(Fault::new(error)),
    }
}

fn salt(entropy: &dyn Entropy) -> [u8; SALT_BYTES] {
    let mut salt = [0; SALT_BYTES];
    entropy.fill(&mut salt);
    salt
}

/// The parameters of a stored hash, within bounds. Only Argon2id is accepted.
fn stored_params(stored: &phc::PasswordHash) -> Result<Params, Fault> {
    if stored.algorithm != ARGON2ID_IDENT {
        return Err(Fault::new("a stored password hash is not Argon2id"));
    }
    let params = Params::try_from(stored).map_err(Fault::new)?;
    if params.m_cost() > STORED_MEMORY_KIB_MAX || params.t_cost() > STORED_PASSES_MAX {
        return Err(Fault::new("a stored password hash exceeds the cost limits"));
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use server::ports::SystemEntropy;

    use super::*;

    fn passwords(threads: usize) -> Passwords {
        Passwords::new(PasswordCost::FLOOR, Arc::new(SystemEntropy), threads).expect("memory")
    }

    fn password(text: &str) -> Password {
        Password::parse(text).expect("fits")
    }

    #[test]
    fn a_cost_below_19_mib_2_passes_or_1_lane_is_refused() {
        assert_eq!(PasswordCost::default(), PasswordCost::new(19_456, 2, 1).expect("the floor"));
        for (memory, passes, lanes) in [(19_455, 2, 1), (65_536, 1, 1), (19_456, 2, 0), (0, 0, 0)] {
            assert_eq!(PasswordCost::new(memory, passes, lanes), Err(CostError::BelowFloor));
        }
        for (memory, passes, lanes) in [(u32::MAX, 2, 1), (19_456, 65, 1), (19_456, 2, 19_456)] {
            assert_eq!(PasswordCost::new(memory, passes, lanes), Err(CostError::TooHigh));
        }
    }

    #[test]
    fn passwords_of_1_to_1024_bytes_are_accepted_and_never_printed() {
        assert!(Password::parse("").is_none());
        assert!(Password::parse(&"x".repeat(PASSWORD_BYTES_MAX)).is_some());
        assert!(Password::parse(&"x".repeat(PASSWORD_BYTES_MAX + 1)).is_none());
        assert_eq!(format!("{:?}", password("correct-horse")), "Password(...)");
    }

    #[tokio::test]
    async fn a_hash_is_a_phc_string_with_its_own_salt_of_16_and_a_tag_of_32_bytes() {
        let passwords = passwords(1);
        let one = passwords.hash(password("correct-horse")).await.expect("hash");
        let two = passwords.hash(password("correct-horse")).await.expect("hash");
        assert!(one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.0);
        assert_ne!(one, two);
        let parsed = phc::PasswordHash::new(&one.0).expect("PHC");
        assert_eq!(parsed.salt.expect("salt").len(), SALT_BYTES);
        assert_eq!(parsed.hash.expect("tag").len(), TAG_BYTES);
    }

    #[tokio::test]
    async fn the_right_password_is_distinguished_from_a_wrong_one() {
        let passwords = passwords(1);
        let hash = passwords.hash(password("correct-horse")).await.expect("hash");
        for (text, verdict) in [
            ("correct-horse", Verdict::Right),
            ("correct-horse ", Verdict::Wrong),
            ("Correct-horse", Verdict::Wrong),
        ] {
            assert_eq!(
                passwords.verify(password(text), Some(&hash)).await.expect("verdict"),
                verdict,
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn every_spelling_of_a_password_is_the_password() {
        let passwords = passwords(1);
        let hash = passwords.hash(password("p\u{e4}ssw\u{f6}rd")).await.expect("hash");
        let verdict = passwords.verify(password("pa\u{308}sswo\u{308}rd"), Some(&hash)).await;
        assert_eq!(verdict.expect("verdict"), Verdict::Right);
        assert_eq!(
            passwords.verify(password("passwo\u{308}rd"), Some(&hash)).await.expect("verdict"),
            Verdict::Wrong
        );
    }

    /// Hashes were made of what was typed before spellings were compared.
    #[tokio::test]
    async fn a_hash_of_another_spelling_is_replaced_at_sign_in() {
        let passwords = passwords(1);
        let typed = "pa\u{308}ssword";
        let old = PasswordCost::FLOOR.hash(typed.as_bytes(), &[7; SALT_BYTES]).expect("hash");
        let before = passwords.computed();
        let verdict = passwords.verify(password(typed), Some(&old)).await.expect("verdict");
        let Verdict::Outdated(new) = verdict else { panic!("{verdict:?}") };
        assert_eq!(
            passwords.verify(password("p\u{e4}ssword"), Some(&new)).await.expect("verdict"),
            Verdict::Right
        );
        let known = passwords.computed() - before;
        assert_eq!(passwords.verify(password("pa\u{308}ss"), None).await.expect("verdict"), Verdict::Wrong);
        assert_eq!(
            (known, passwords.computed() - before),
            (4, 6),
            "an unknown user costs as much as a wrong password"
        );
    }

    #[tokio::test]
    async fn an_unknown_user_costs_one_hash_like_a_known_one() {
        let passwords = passwords(1);
        assert_eq!(passwords.computed(), 0, "nothing is computed at the start");
        let hash = passwords.hash(password("correct-horse")).await.expect("hash");
        let before = passwords.computed();
        assert_eq!(passwords.verify(password("x"), Some(&hash)).await.expect("verdict"), Verdict::Wrong);
        let known = passwords.computed() - before;
        assert_eq!(passwords.verify(password("x"), None).await.expect("verdict"), Verdict::Wrong);
        assert_eq!((known, passwords.computed() - before), (1, 2));
        // What decides how much is computed: everything but the bytes of salt and tag, whose lengths are the same.
        let work = |hash: &PasswordHash| {
            let parsed = phc::PasswordHash::new(&hash.0).expect("PHC");
            let lengths = (parsed.salt.map(|salt| salt.len()), parsed.hash.map(|tag| tag.len()));
            (hash.0.split('$').take(4).collect::<Vec<_>>().join("$"), lengths)
        };
        assert_eq!(work(&passwords.dummy), work(&hash));
    }

    #[tokio::test]
    async fn a_hash_of_a_lower_cost_is_replaced_at_sign_in() {
        let old = passwords(1).hash(password("correct-horse")).await.expect("hash");
        let cost = PasswordCost::new(20_480, 3, 1).expect("above the floor");
        let risen = Passwords::new(cost, Arc::new(SystemEntropy), 1).expect("memory");
        let verdict = risen.verify(password("correct-horse"), Some(&old)).await.expect("verdict");
        let Verdict::Outdated(new) = verdict else { panic!("{verdict:?}") };
        assert!(new.0.starts_with("$argon2id$v=19$m=20480,t=3,p=1$"));
        assert_eq!(
            risen.verify(password("correct-horse"), Some(&new)).await.expect("verdict"),
            Verdict::Right
        );
        assert_eq!(risen.verify(password("wrong"), Some(&old)).await.expect("verdict"), Verdict::Wrong);
        // A cost that was lowered since leaves the better hash alone.
        let back = passwords(1).verify(password("correct-horse"), Some(&new)).await.expect("verdict");
        assert_eq!(back, Verdict::Right);
    }

    #[tokio::test]
    async fn a_stored_hash_of_another_kind_or_an_unbounded_cost_is_a_fault() {
        let passwords = passwords(1);
        for text in [
            "plain",
            "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQxMjM0NTY$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let before = passwords.computed();
            let stored = PasswordHash(text.into());
            let verdict = passwords.verify(password("x"), Some(&stored)).await;
            assert!(matches!(verdict, Err(Fault::Broken(_))), "{text}");
            assert_eq!(passwords.computed(), before);
        }
    }

    #[tokio::test]
    async fn a_password_is_refused_at_once_where_too_many_wait() {
        let passwords = passwords(1);
        let thread = Arc::clone(&passwords.threads).acquire_owned().await.expect("open");
        let mut waiting: Vec<_> =
            (0..=passwords.places).map(|_| Box::pin(passwords.verify(password("x"), None))).collect();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let answers: Vec<_> = waiting.iter_mut().map(|future| future.as_mut().poll(&mut context)).collect();
        let is_busy = |answer: &std::task::Poll<Result<Verdict, Fault>>| {
            matches!(answer, std::task::Poll::Ready(Err(Fault::Busy(_))))
        };
        assert_eq!(answers.iter().filter(|answer| is_busy(answer)).count(), 1);
        assert!(answers.last().is_some_and(is_busy));
        drop(waiting);
        drop(thread);
        assert_eq!(passwords.verify(password("x"), None).await.expect("a place again"), Verdict::Wrong);
    }
}
