//! `docs/config.md` and its JSON Schema: rendered by the binary's own code from its table of keys.
//!
//! Its source files are compiled into this command, so that checking a page needs no build of the server.

#[expect(dead_code, reason = "only the binary reads values; this command prints what they may be")]
#[path = "../../../passavant/src/config"]
mod binary {
    mod duration;
    mod kind;
    pub(super) mod reference;
    #[macro_use]
    mod table;
    mod sections;
    mod value;
}

pub(super) use binary::reference::page;

/// The schema, as `passavant config schema` prints it.
pub(super) fn schema() -> String {
    format!("{:#}\n", binary::reference::schema())
}
