//! `[passwords]`: what a new password must be, and what its hash costs.

use super::super::kind::Number;

section! {
    /// Requirements for new passwords, and the cost of their hashes.
    Passwords at "passwords." {
        /// Minimum length of a new password, in characters; one of the most common passwords is refused at any length.
        /// Stored passwords are not affected. Where the password is the only factor, NIST SP 800-63B recommends 15.
        length_min: u32 = Number { min: 1, max: 128, unit: "characters" }, default "8";
        /// How much memory one Argon2id hash takes. A stored hash of a lower cost is replaced at the next sign-in.
        memory_mib: u32 = Number { min: 19, max: 1_024, unit: "MiB" }, default "19";
        /// How many passes over the memory one Argon2id hash makes.
        passes: u32 = Number { min: 2, max: 64, unit: "passes" }, default "2";
    }
}
