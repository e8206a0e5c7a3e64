//! Keys above all tables.

use super::super::kind::Text;

section! {
    /// Above all tables.
    Top at "" {
        /// The only public URL, without a slash at its end; no header of a request ever changes it. Required. `http` is
        /// accepted for a loopback host only, with a warning.
        issuer: String = Text("a URL"), example "https://id.example.org";
    }
}
