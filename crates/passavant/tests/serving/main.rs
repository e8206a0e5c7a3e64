//! The server as a process: how it starts, what it answers to bad input and broken framing, how it ends.

mod configured;
mod development;
mod ending;
mod framing;
mod init;
mod input;
mod keys;
mod mending;
mod process;
mod strangers;
mod tls;
