//! The API itself: what it knows of its users, and how its guard was installed.

family! { $ local
    /// The API knows no user with the token's `sub` (OpenID Connect Core 1.0 §5.3.3).
    SubjectUnknown, "subject_unknown", Some(InvalidToken), "The user of the token is not known here";
    /// The claims of the user, or the keys to sign and encrypt them with, are unavailable.
    ClaimsUnavailable, "claims_unavailable", Some(TemporarilyUnavailable),
        "The claims are unavailable at the moment";
    /// An extractor stands on a route that no guard covers.
    GuardMissing, "guard_missing", Some(ServerError), "This route is not protected as it should be";
}
