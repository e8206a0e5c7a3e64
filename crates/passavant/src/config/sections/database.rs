//! `[database]`: where everything is kept.

use super::super::kind::{Located, Url};

section! {
    /// Where everything is kept.
    Database at "database." {
        /// The database. It is created if there is none. A path in the file starts at the folder of the file.
        url: Located = Url("`sqlite:` and a path"), default "sqlite:/var/lib/passavant/passavant.db";
    }
}
