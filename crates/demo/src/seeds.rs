//! What the development mode registers: names, secrets and addresses that everybody knows.

/// The name and the password of the user.
pub const USER: (&str, &str) = ("alice", "correct-horse");
/// The public client: the demo app.
pub const WEB: &str = "demo-web";
/// What the demo app asks for.
pub const WEB_SCOPES: &str = "openid profile email offline_access demo.read";
/// The client for an app that is being developed, and its secret.
pub const APP: (&str, &str) = ("my-app", "my-app-secret");
/// Where it is: the development mode answers it at any port and path there.
pub const APP_REDIRECT: &str = "http://localhost/";
/// What it may ask for.
pub const APP_SCOPES: &str = "openid profile email offline_access demo.read";
/// The client that acts for itself, and its secret.
pub const CLI: (&str, &str) = ("demo-cli", "demo-secret");
/// Its scopes: those of OpenID are for the device grant. A request that names none means the last one.
pub const CLI_SCOPES: &str = "openid offline_access demo.read";
/// The client id of the demo API, and its secret.
pub const API: (&str, &str) = ("demo-api", "demo-api-secret");
/// The scope of the demo API.
pub const SCOPE: &str = "demo.read";
/// The path of the demo API, below the issuer.
pub const API_PATH: &str = "/demo-api";

/// The identifier of the demo API as a resource (RFC 8707 §2).
pub fn api_identifier(issuer: &str) -> String {
    format!("{issuer}{API_PATH}")
}

/// The origin of the demo app. Another host than the issuer's, so that each has its own cookies.
pub fn app_origin(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Where a browser goes after signing out of the demo app. Such addresses are compared exactly, port included.
pub fn post_logout_redirect_uri(port: u16) -> String {
    format!("{}/demo-app/signed-out", app_origin(port))
}
