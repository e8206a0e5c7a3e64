//! The command line beside a running server: the binary itself, its own folder, its own port.

mod clients;
mod flows;
mod keys;
mod place;
mod resources;
mod usage;
mod users;
mod web;
