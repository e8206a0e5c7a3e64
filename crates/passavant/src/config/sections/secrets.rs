//! `[secrets]`: the key that encrypts secrets at rest.

use std::path::PathBuf;

use super::super::kind::File;

section! {
    /// The key that encrypts secrets at rest.
    Secrets at "secrets." {
        /// The master key, which encrypts the signing keys at rest; `passavant key master FILE` writes one. A relative
        /// path in the file is resolved from the folder of the file.
        master_key_file: PathBuf = File, default "/etc/passavant/master.key";
    }
}
