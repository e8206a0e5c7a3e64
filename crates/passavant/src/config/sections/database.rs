//! `[database]`: where the server stores its data.

use super::super::kind::{Located, Url};

section! {
    /// Where the server stores its data.
    Database at "database." {
        /// The database. It is created if there is none. A path in the file starts at the folder of the file.
        url: Located = Url("`sqlite:` and a path"), default "sqlite:/var/lib/passavant/passavant.db";
    }
}
