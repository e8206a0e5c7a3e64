//! `passavant apply`: the file, the difference, and what a running server makes of it.

#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/installation.rs"]
mod installation;

mod difference;
mod ending;
mod files;
mod problems;
mod prune;
mod remote;
mod secrets;
mod world;
