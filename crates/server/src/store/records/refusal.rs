//! Refused requests, kept for some days so that an operator can look one up by the id of its request.

use std::net::IpAddr;

use protocol::{ClientId, Subject, Timestamp};

use crate::refusal::Difference;

/// A refused request: who sent it, why it was refused, and what differed. There is never a secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRequest {
    /// The host's id of the request.
    pub request_id: Box<str>,
    /// When it was received.
    pub at: Timestamp,
    /// Its method, and its path without the query.
    pub route: Box<str>,
    /// The status of the answer.
    pub status: u16,
    /// The slug of the reason.
    pub reason: Box<str>,
    /// The client that sent it, or that it claims to be from.
    pub client: Option<ClientId>,
    /// The user whom it concerns.
    pub subject: Option<Subject>,
    /// The address that it came from.
    pub peer: Option<IpAddr>,
    /// What differed from what was expected.
    pub difference: Option<Difference>,
}
