//! Keys at the top level of the file.

use super::super::kind::Text;

section! {
    /// Keys before the first table.
    Top at "" {
        /// The only public URL, without a trailing slash; no request header ever changes it. Required. `http` is
        /// accepted only for a loopback host, with a warning.
        issuer: String = Text("a URL"), example "https://id.example.org";
    }
}
