//! `[branding]`: whose pages users see.

use std::path::PathBuf;

use super::super::kind::{File, Optional, Text};

section! {
    /// The organization that pages are shown in the name of.
    Branding at "branding." {
        /// The name of the organization, on every page. Without one, pages show the host of the issuer.
        name: Option<String> = Optional(Text("a name")), example "Example Org";
        /// An image on every page, at most 256 KiB: SVG, PNG, JPEG or WebP. Without one, pages show the first letter of
        /// the name. A path in the file starts at the folder of the file.
        logo: Option<PathBuf> = Optional(File), example "/etc/passavant/logo.svg";
    }
}
