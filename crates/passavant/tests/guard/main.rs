//! `passavant guard` as a process: in front of an upstream of our own, with real tokens of `serve --dev`.

mod certificates;
mod check;
mod cors;
mod dpop;
mod failing;
mod framing;
mod headers;
mod place;
mod proxy;
mod public;
mod starting;
mod streaming;
mod upstream;
mod websocket;
