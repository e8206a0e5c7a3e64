//! `docs/config.md` and its JSON Schema: the binary's own table of keys and its own pages of it.
//!
//! Both files are compiled into this command as they are, so that the check of a page needs no build of the server.

#[path = "../../../passavant/src/config/keys.rs"]
mod keys;
#[path = "../../../passavant/src/config/reference.rs"]
mod reference;

pub(super) use reference::page;

/// The schema, as `passavant config schema` prints it.
pub(super) fn schema() -> String {
    format!("{:#}\n", reference::schema())
}
