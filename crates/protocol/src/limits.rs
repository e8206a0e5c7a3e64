//! Every limit on what is read from the wire, in one table, with its unit. Sources: `docs/defaults.md`.

/// Longest form body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Most parameters in one form or query.
pub const PARAMETERS_MAX: usize = 100;
/// Longest single parameter name, in bytes.
pub const PARAMETER_NAME_BYTES_MAX: usize = 128;
/// Longest single parameter value, in bytes (a request object or an assertion is the longest honest one).
pub const PARAMETER_VALUE_BYTES_MAX: usize = 16 * 1024;
/// Longest URL that is read, path and query, in bytes: the longest `state` with every byte percent-encoded fits.
pub const URL_BYTES_MAX: usize = 32 * 1024;
/// Longest token of any kind that is parsed, in bytes.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Longest `client_id`, in bytes. Django peers keep ids in columns of 255 characters.
pub const CLIENT_ID_BYTES_MAX: usize = 255;
/// Longest `sub` (OpenID Connect Core 1.0 §2), in bytes.
pub const SUBJECT_BYTES_MAX: usize = 255;
/// Longest scope text, in bytes.
pub const SCOPE_BYTES_MAX: usize = 2 * 1024;
/// Most scope tokens in one scope text.
pub const SCOPES_MAX: usize = 64;
/// Most `resource` parameters in one request (RFC 8707 §2).
pub const RESOURCES_MAX: usize = 8;
/// Longest redirect URI, resource identifier or other URI that is stored, in bytes.
pub const URI_BYTES_MAX: usize = 2 * 1024;
/// Longest `state`, in bytes: it is stored with the interaction and sent back.
pub const STATE_BYTES_MAX: usize = 8 * 1024;
/// Longest note that a host keeps in an interaction, in bytes of JSON: it is stored with the paused request.
pub const NOTE_BYTES_MAX: usize = 4 * 1024;
/// Longest paused request, in bytes of its stored form, without the note of a host.
pub const INTERACTION_BYTES_MAX: usize = 16 * 1024;
/// Most paused requests of one browser; the oldest makes room for the next.
pub const INTERACTIONS_PER_BROWSER_MAX: usize = 32;
/// Most paused requests of one IPv4 address, or of one IPv6 /48.
pub const INTERACTIONS_PER_SITE_MAX: usize = 512;
/// Most paused requests of all.
pub const INTERACTIONS_MAX: usize = 20_000;
/// The same, in bytes of their stored form.
pub const INTERACTIONS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most requests that public clients push in a minute from one IPv4 address, or from one IPv6 /48 (RFC 9126 §7.2).
pub const PUSHED_PER_SITE_MINUTE_MAX: u32 = 300;
/// The same from all addresses together.
pub const PUSHED_PER_MINUTE_MAX: u32 = 3_000;
/// Most claims that one request names for UserInfo, or for the ID token (OpenID Connect Core 1.0 §5.5).
pub const CLAIMS_REQUESTED_MAX: usize = 64;
/// Most objects in `authorization_details` (RFC 9396 §2).
pub const DETAILS_MAX: usize = 16;
/// Most clients that a sign-out tells through the browser (OpenID Connect Front-Channel Logout 1.0 §3).
pub const FRONT_CHANNEL_CLIENTS_MAX: usize = 32;
/// Longest `nonce`, in bytes: it is stored with the code and copied into the ID token.
pub const NONCE_BYTES_MAX: usize = 1024;
/// Shortest client or resource secret, in characters.
pub const CLIENT_SECRET_CHARS_MIN: usize = 22;
/// Longest client or resource secret, in bytes.
pub const CLIENT_SECRET_BYTES_MAX: usize = 512;
/// Longest body of a registration request, in bytes: what is registered is stored and read with each new process.
pub const REGISTRATION_BYTES_MAX: usize = 32 * 1024;
/// Longest metadata document of a client, in bytes. The draft recommends 5 KiB; a key set in it may need more.
pub const CLIENT_DOCUMENT_BYTES_MAX: usize = 16 * 1024;
/// Longest `error_description` of a registration response, in bytes.
pub const REGISTRATION_ERROR_BYTES_MAX: usize = 1024;
/// Number of wrong verifiers after which a code becomes unusable (RFC 9700 §4.5).
pub const CODE_TRIES_MAX: u32 = 5;
/// Maximum number of generations that a presented refresh token may be behind the live one and still be recognized.
pub const GENERATIONS_BACK_MAX: u32 = 10_000;
/// Letters of a user code (RFC 8628 §6.1): with an alphabet of 20, 34.5 bits.
pub const USER_CODE_LETTERS: usize = 8;
/// Most wrong user codes of one account or of one address in an hour (RFC 8628 §5.1).
pub const WRONG_USER_CODES_PER_HOUR_MAX: u32 = 20;
/// Most device authorizations of one address in ten minutes.
pub const DEVICE_AUTHORIZATIONS_PER_ADDRESS_MAX: u32 = 60;
/// Longest description that a device sends of itself (`User-Agent`), in bytes, that is shown to its user.
pub const USER_AGENT_BYTES_MAX: usize = 256;
/// Most polling clients whose interval is remembered.
pub const POLLS_MAX: usize = 20_000;
/// How old a DPoP proof may be, and how far ahead of this clock, in seconds (RFC 9449 §11.1).
pub const PROOF_SECONDS: i64 = 60;
/// How far the clocks of two machines may differ where proofs are checked, in seconds.
pub const CLOCK_SKEW_SECONDS: i64 = 30;
/// Longest `jti` of a DPoP proof, in bytes.
pub const PROOF_ID_BYTES_MAX: usize = 256;
/// Lifetime of a DPoP nonce, in seconds.
pub const NONCE_SECONDS: i64 = 300;
/// Age of a DPoP nonce from which responses carry a new one, in seconds.
pub const NONCE_RENEWED_SECONDS: i64 = 150;
/// Shortest secret for DPoP nonces, in bytes.
pub const NONCE_KEY_BYTES_LEAST: usize = 32;
/// Most actors of one token, the current one included (`act`, RFC 8693 §4.1).
pub const ACTORS_MAX: usize = 8;
/// Longest `binding_message`, in characters (CIBA Core 1.0 §7.1: relatively short).
pub const BINDING_MESSAGE_CHARS_MAX: usize = 64;
/// Longest `client_notification_token`, in bytes (CIBA Core 1.0 §7.1).
pub const NOTIFICATION_TOKEN_BYTES_MAX: usize = 1024;
/// Most backchannel authentication requests of all clients that wait for one user.
pub const USER_REQUESTS_WAITING_MAX: u32 = 5;
/// Most backchannel authentication requests of one client for one user in ten minutes.
pub const USER_REQUESTS_PER_CLIENT_MAX: u32 = 10;
