//! One entry of `clients`.

use protocol::{
    ClientId, ClientMetadata, GrantType, Scopes, client_metadata::OTHER_MEMBERS, limits, scope, uri,
};
use zeroize::Zeroizing;

use super::{Reading, members::Members, served};

/// A client as the file says it.
#[derive(Clone)]
pub(super) struct ClientEntry {
    pub(super) pointer: String,
    pub(super) id: ClientId,
    pub(super) secret: Option<Zeroizing<String>>,
    pub(super) metadata: ClientMetadata,
    pub(super) require_pkce: bool,
    pub(super) skip_consent: bool,
    pub(super) disabled: bool,
}

impl ClientEntry {
    /// Reads an entry; what is wrong with it is among the findings.
    pub(super) fn read(mut members: Members<'_>, reading: &Reading<'_>) -> Option<Self> {
        let rule = "must be 1 to 255 visible ASCII characters";
        let id = members.take_id("client_id", ClientId::parse, rule);
        let secret = members.take_secret("client_secret", reading.folder, limits::CLIENT_SECRET_BYTES_MAX);
        let secret = secret.and_then(|secret| check_secret(&mut members, secret, reading));
        let require_pkce = members.take_truth("require_pkce", true);
        let skip_consent = members.take_truth("skip_consent", false);
        let disabled = members.take_truth("disabled", false);
        check_uris(&mut members);
        check_scope(&mut members);
        served::check_keys(&mut members, reading.http_to_loopback);
        served::warn(&mut members);
        served::warn_of_kept(&mut members, OTHER_MEMBERS);
        let Members { pointer, map, findings } = members;
        match serde_json::from_value(map.into()) {
            Ok(metadata) => {
                Some(Self { pointer, id: id?, secret, metadata, require_pkce, skip_consent, disabled })
            }
            Err(error) => {
                findings.refuse(&pointer, error.to_string());
                None
            }
        }
    }

    /// Whether the client can't work without a secret.
    pub(super) fn needs_secret(&self) -> bool {
        self.metadata.auth_method().starts_with("client_secret_") || self.needs_secret_itself()
    }

    /// Whether it needs the secret itself, and not only something to compare with.
    pub(super) fn needs_secret_itself(&self) -> bool {
        serde_json::to_value(&self.metadata).is_ok_and(|members| served::needs_secret_itself(&members))
    }
}

/// Long enough not to be guessed; only the seeds of the development installation are exempt.
pub(super) fn check_secret(
    members: &mut Members<'_>,
    (secret, name): (Zeroizing<String>, String),
    reading: &Reading<'_>,
) -> Option<Zeroizing<String>> {
    let least = if reading.short_secrets { 1 } else { limits::CLIENT_SECRET_CHARS_MIN };
    if secret.chars().count() < least {
        members.refuse(&name, format!("must have at least {least} characters"));
        return None;
    }
    if secret.len() > limits::CLIENT_SECRET_BYTES_MAX || secret.chars().any(char::is_control) {
        let most = limits::CLIENT_SECRET_BYTES_MAX;
        members.refuse(
            &name,
            format!("must have at most {most} bytes, and no control characters, a newline say"),
        );
        return None;
    }
    Some(secret)
}

fn check_uris(members: &mut Members<'_>) {
    for name in ["redirect_uris", "post_logout_redirect_uris"] {
        for (at, redirect) in members.texts(name).into_iter().enumerate() {
            if let Err(error) = uri::check_redirect_uri(&redirect) {
                members.refuse(&format!("{name}/{at}"), error.to_string());
            }
        }
    }
    let grant_types = members.texts("grant_types");
    let code = GrantType::AuthorizationCode.as_str();
    let may_use_code =
        !members.map.contains_key("grant_types") || grant_types.iter().any(|name| name == code);
    if may_use_code && members.texts("redirect_uris").is_empty() {
        members.warn("redirect_uris", "without one, authorization_code can't be used");
    }
    for name in ["client_uri", "logo_uri", "policy_uri", "tos_uri"] {
        match members.text(name).map(uri::Parts::of) {
            Some(Ok(parts)) if parts.host.is_none() || !matches!(parts.scheme, "https" | "http") => {
                members.refuse(name, "must be an https or http address");
            }
            Some(Err(why @ uri::UriError::Fragment)) => {
                members.warn(name, format!("is kept, and no page shows it: it {why}"));
            }
            Some(Err(why)) => members.refuse(name, why.to_string()),
            Some(Ok(_)) | None => {}
        }
    }
}

fn check_scope(members: &mut Members<'_>) {
    let Some(text) = members.text("scope") else { return };
    match Scopes::parse(text) {
        Err(error) => members.refuse("scope", error.to_string()),
        Ok(scopes) if scopes.contains(scope::INTROSPECTION) => {
            members.refuse("scope", "`introspection` belongs to resources alone: no client can hold it");
        }
        Ok(scopes) if scopes.iter().any(scope::is_administrative) => warn_of_users(members),
        Ok(_) => {}
    }
}

/// No user's token administers the server.
fn warn_of_users(members: &mut Members<'_>) {
    let own = GrantType::ClientCredentials.as_str();
    if !members.texts("grant_types").iter().any(|name| name == own) {
        let text = format!("{} is for clients that act for themselves: only {own} gives it", scope::ADMIN);
        members.warn("scope", text);
    }
}
