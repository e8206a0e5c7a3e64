//! User accounts: their directory, passwords, sign-in limits, and the sign-in, consent and sign-out pages.

pub mod accounts;
pub mod authenticate;
pub mod directory;
pub mod limits;
pub mod memory;
pub mod pages;
pub mod passwords;
pub mod router;
mod spelling;

pub use accounts::DirectoryAccounts;
pub use authenticate::{Authenticator, SignIn, WrongSignIn};
pub use directory::{Account, AccountChange, Directory, PasswordHash, Username};
pub use limits::{SignInLimits, SignInOrigin, SignInRates};
pub use memory::MemoryDirectory;
pub use pages::{Logo, StyledPages};
pub use passwords::{Password, PasswordCost, PasswordRule, Passwords};
pub use router::{AccountPages, SIGN_IN_FAILED, SIGN_IN_FAILURES_TOO_MANY, router};
