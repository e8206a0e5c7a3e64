//! The authorization server, where it can't be asked: the caller is told without detail, and to try again.

family! { $ issuer
    /// Discovery gave no document of this issuer (RFC 8414 §3.3).
    DiscoveryFailed, "discovery_failed", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// The discovery document does not name the endpoint that is needed (RFC 8414 §2).
    EndpointMissing, "endpoint_missing", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// The issuer's keys could not be fetched (RFC 8414 §2).
    KeysUnavailable, "keys_unavailable", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// The issuer may have published the key of the token by now, but its keys were fetched several times a moment ago, for
    /// other keys that it does not have (RFC 9068 §4).
    KeyUnavailable, "key_unavailable", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// The server answers 401 or 403: it does not let this API introspect (RFC 7662 §2.3).
    IntrospectionRefused, "introspection_refused", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// The server did not answer in time, or with another status than 200, a redirect, or an answer that is too large.
    IntrospectionFailed, "introspection_failed", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// The server failed to answer several times and is not asked for a few seconds.
    IntrospectionPaused, "introspection_paused", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// The answer is not JSON, not an object, or not of the type that was asked for (RFC 7662 §2.2).
    AnswerMalformed, "answer_malformed", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// A signed or encrypted answer is not the server's, or not for this API (RFC 9701 §5).
    AnswerUntrusted, "answer_untrusted", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// Too many introspections are in flight.
    IntrospectionsTooMany, "introspections_too_many", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
    /// Whether a proof was used before is unknown: the memory of proofs is full or unavailable (RFC 9449 §11.1).
    ReplaysUnavailable, "replays_unavailable", Some(TemporarilyUnavailable),
        "The token can not be checked at the moment";
}
