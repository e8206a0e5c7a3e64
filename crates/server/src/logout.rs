//! Signing out: who asks for it, what it ends, and whom it tells.

mod end;
mod request;

pub(crate) use end::{leave, sign_out};
pub(crate) use request::{SignOut, StoredSignOut, hint, is_of, validate};
