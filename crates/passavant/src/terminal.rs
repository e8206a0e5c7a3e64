//! The terminal: exit codes, what is printed, what is read. Every command uses it; it knows none of them.

mod document;
mod failure;
mod input;
pub(crate) mod output;

pub(crate) use {
    document::{read_sent, read_world},
    failure::{Exit, Failure, failed, misused, not_found, unusable},
    input::{Source, Yes, ask_password},
    output::{Format, Layout, Page, say},
};
