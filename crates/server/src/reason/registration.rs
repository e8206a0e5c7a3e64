//! Registration of clients by themselves.

family! { $ registration
    /// The request has no initial access token, and none may register without one (RFC 7591 §3); or it has no
    /// registration access token (RFC 7592 §2).
    RegistrationTokenMissing, "registration_token_missing", InvalidToken, Plain,
        "A registration token is required";
    /// The initial access token is unknown, used up or expired (RFC 7591 §3); or there is no such client, or the token is
    /// not its registration access token (RFC 7592 §2).
    RegistrationTokenWrong, "registration_token_wrong", InvalidToken, Suspicious,
        "The registration token is invalid or has expired";
    /// The body is not a JSON object of type `application/json` (RFC 7591 §3.1).
    RegistrationMalformed, "registration_malformed", InvalidClientMetadata, Plain,
        "The body must be a JSON object, sent as application/json";
    /// A redirect URI is missing, or can't be registered (RFC 7591 §2, RFC 8252 §7).
    RegistrationUriInvalid, "registration_uri_invalid", InvalidRedirectUri, Plain,
        "A redirect URI can not be registered";
    /// A value can't be registered, or only by the operator (RFC 7591 §3.2.2).
    RegistrationMemberInvalid, "registration_member_invalid", InvalidClientMetadata, Plain,
        "The client metadata can not be registered";
    /// The software statement is no JWT, or its signature, issuer or time is not valid (RFC 7591 §2.3).
    SoftwareStatementInvalid, "software_statement_invalid", InvalidSoftwareStatement, Suspicious,
        "The software statement is invalid";
    /// The software statement is of an issuer that the operator did not configure (RFC 7591 §3.2.2).
    SoftwareStatementNotAllowed, "software_statement_not_allowed", UnapprovedSoftwareStatement, Plain,
        "The issuer of the software statement is not approved here";
    /// The document at a `client_id` is not one that a client can be registered from (Client ID Metadata Document §4.1).
    ClientDocumentInvalid, "client_document_invalid", InvalidRequest, Plain,
        "The document at client_id is not valid client metadata; the log of the server says why";
    /// The document at a `client_id` could not be fetched (Client ID Metadata Document §4.3).
    ClientDocumentUnavailable, "client_document_unavailable", InvalidRequest, Plain,
        "The document at client_id could not be fetched";
    /// More documents of new clients in an hour than `clients.registration.hourly` permits.
    ClientDocumentsTooMany, "client_documents_too_many", TemporarilyUnavailable, Suspicious,
        "Too many new clients; try again later";
    /// More registrations in an hour than `clients.registration` permits, from one address or in all.
    RegistrationsTooMany, "registrations_too_many", TemporarilyUnavailable, Suspicious,
        "Too many registrations; try again later";
}
