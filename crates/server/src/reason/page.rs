//! Refusals that are shown on a page of this server and never redirected to the client.

family! { $ page
    /// There is no client with this `client_id` (RFC 6749 §4.1.2.1).
    AuthorizeClientUnknown, "authorize_client_unknown", InvalidClient, Plain,
        "The client is not registered here";
    /// No request of this client is at this `request_uri` (RFC 9126 §2.2, RFC 9101 §6.3).
    RequestUriUnknown, "request_uri_unknown", InvalidRequestUri, Plain, "The request_uri is unknown";
    /// The client did not register this `request_uri` (OpenID Connect Core 1.0 §6.2, RFC 9101 §10.4.1).
    RequestUriNotRegistered, "request_uri_not_registered", InvalidRequestUri, Plain,
        "The request_uri is not registered to this client";
    /// Nothing could be fetched from the `request_uri` (RFC 9101 §6.3).
    RequestUriUnavailable, "request_uri_unavailable", InvalidRequestUri, Plain,
        "The request_uri could not be fetched";
    /// The pushed request is past its lifetime (RFC 9126 §4).
    RequestUriExpired, "request_uri_expired", InvalidRequestUri, Plain, "The request_uri has expired";
    /// A pushed request is used once (RFC 9126 §7.3).
    RequestUriReused, "request_uri_reused", InvalidRequestUri, Plain, "The request_uri was already used";
    /// Several redirect URIs are registered and the request names none (RFC 6749 §3.1.2.3).
    RedirectUriMissing, "redirect_uri_missing", InvalidRequest, Plain, "redirect_uri is missing";
    /// The redirect URI is not one of those registered, byte for byte (RFC 9700 §2.1).
    RedirectUriMismatch, "redirect_uri_mismatch", InvalidRequest, Plain,
        "redirect_uri is not one of those registered to the client";
    /// There is no such interaction, or it was answered before.
    InteractionUnknown, "interaction_unknown", InvalidRequest, Plain,
        "This page has expired or was already answered";
    /// The interaction is past its lifetime.
    InteractionExpired, "interaction_expired", InvalidRequest, Plain, "This page has expired";
    /// The user was signed out, or the account was changed, while a sign-in or an approval was on its way.
    SignInOutdated, "sign_in_outdated", InvalidRequest, Plain,
        "The account changed while you were signing in; please sign in again";
    /// Another user signed in than the `id_token_hint` names (OpenID Connect Core 1.0 §3.1.2.1).
    SubjectMismatch, "subject_mismatch", LoginRequired, Plain,
        "The application expects another user to sign in";
    /// The interaction cookie is not the one of this interaction (RFC 9700 §4.7).
    InteractionBrowserMismatch, "interaction_browser_mismatch", InvalidRequest, Suspicious,
        "This page belongs to another browser, or cookies are blocked";
    /// Another site submitted the form (RFC 9700 §4.7).
    FormCrossSite, "form_cross_site", InvalidRequest, Suspicious, "The form was not submitted from this site";
    /// No request with this user code waits for an answer (RFC 8628 §3.3).
    UserCodeUnknown, "user_code_unknown", InvalidRequest, Plain,
        "The code is wrong, has expired or was already answered";
    /// Too many wrong user codes came from one account or address within an hour (RFC 8628 §5.1).
    UserCodesTooMany, "user_codes_too_many", TemporarilyUnavailable, Suspicious,
        "Too many wrong codes; try again in an hour";
    /// `id_token_hint` is not an ID token of this server (OpenID Connect RP-Initiated Logout 1.0 §2).
    LogoutHintInvalid, "logout_hint_invalid", InvalidRequest, Plain, "id_token_hint is invalid";
    /// The post-logout redirect URI is not registered (OpenID Connect RP-Initiated Logout 1.0 §3).
    LogoutRedirectMismatch, "logout_redirect_mismatch", InvalidRequest, Plain,
        "post_logout_redirect_uri is not one of those registered to the client";
    /// The page was opened under another host than the issuer's, where the cookies would be others (RFC 6265 §5.1.3).
    HostMismatch, "host_mismatch", InvalidRequest, Plain,
        "This page was opened under another host than the issuer's";
}
