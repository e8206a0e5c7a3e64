//! What was stored by an earlier version is read by this one.

mod making;

/// The issuer of the stored files.
const ISSUER: &str = "https://as.example";
/// Not a secret: the master key of every server under test.
const MASTER: [u8; 32] = [7; 32];
/// The password of the one account.
const PASSWORD: &str = "correct horse battery staple";
