//! Signing out: the request, what it ends, and where the browser goes.

pub(crate) mod back_channel;
mod end;
mod front_channel;
mod request;

pub(crate) use end::{leave, sign_out};
pub(crate) use front_channel::FrontChannel;
pub(crate) use request::{SignOut, StoredSignOut, hint, is_of, validate};
