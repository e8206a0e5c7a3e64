//! `[secrets]`: what everything secret is kept under.

use std::path::PathBuf;

use super::super::kind::File;

section! {
    /// What everything secret is kept under.
    Secrets at "secrets." {
        /// The master key, which seals the signing keys at rest; `passavant key master FILE` writes one. A path in the
        /// file starts at the folder of the file.
        master_key_file: PathBuf = File, default "/etc/passavant/master.key";
    }
}
