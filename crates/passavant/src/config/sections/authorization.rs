//! `[authorization]`: what an authorization request may be.

use std::time::Duration;

use super::super::{duration::MINUTE, kind::Boolean, kind::Lasting};

section! {
    /// What an authorization request may be, and how it is answered.
    Authorization at "authorization." {
        /// Whether the authorization endpoint may send access tokens and ID tokens itself (`response_type` with `token` or
        /// `id_token`), to clients that registered such `response_types` and the grant type `implicit`. Browsers, their
        /// histories and scripts see these tokens (RFC 9700 section 2.1.2); for clients that can do nothing else.
        danger_front_channel_tokens: bool = Boolean, default "false";
        /// Whether authorization responses may be sent as a message to the page of the client that framed or opened the
        /// endpoint (`response_mode` `web_message`).
        web_messages: bool = Boolean, default "false";
        /// Whether clients may push their authorization requests (RFC 9126).
        pushed_requests: bool = Boolean, default "true";
        /// How long a pushed request can be opened by the browser.
        pushed_request_lifetime: Duration = Lasting { min: 5, max: 10 * MINUTE }, default "60 seconds";
        /// Whether every authorization request must be pushed. A client can be obliged alone, by its member
        /// `require_pushed_authorization_requests`.
        require_pushed_requests: bool = Boolean, default "false";
        /// Whether clients may sign their authorization requests (RFC 9101). An unsigned request object is never accepted.
        request_objects: bool = Boolean, default "true";
        /// Whether a signed authorization request is also fetched from a `request_uri` that its client registered: over
        /// https, and never from an address of this machine or of a private network.
        fetch_request_objects: bool = Boolean, default "false";
        /// Whether every authorization request must be signed. A client can be obliged alone, by its member
        /// `require_signed_request_object`.
        require_request_objects: bool = Boolean, default "false";
    }
}
