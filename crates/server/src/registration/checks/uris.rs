//! URIs for redirects and links.

use protocol::{
    GrantType,
    uri::{self, UriError},
};

use crate::registration::{
    entry::Entry,
    rules::{Registrar, Rules},
};

/// `redirect_uris`: each acceptable (RFC 6749 §3.1.2, RFC 8252 §7), and at least one for `authorization_code`.
pub(crate) fn redirect_uris(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    return_uris(entry, name, rules);
    let code = GrantType::AuthorizationCode.as_str();
    let grant_types = entry.texts("grant_types");
    let may_use_code = !entry.has("grant_types") || grant_types.iter().any(|name| name == code);
    if may_use_code && entry.texts(name).is_empty() {
        // RFC 7591 §2: "Clients using flows with redirection MUST register their redirection URI values".
        if matches!(rules.registrar, Registrar::Client(_)) {
            return entry.refuse(name, "is required for authorization_code (RFC 7591 section 2)");
        }
        entry.warn(name, "without one, authorization_code can't be used");
    }
}

/// A list of redirect URIs.
pub(crate) fn return_uris(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    // Any program of the device can take a scheme without a dot, which no domain owns (RFC 8252 §7.1).
    let is_native = entry.text("application_type") == Some("native");
    let schemes = if is_native { rules.redirect_schemes.as_slice() } else { &[] };
    for (at, redirect) in entry.texts(name).into_iter().enumerate() {
        let path = format!("{name}/{at}");
        match uri::check_redirect_uri(&redirect, schemes) {
            Err(error) => entry.refuse(&path, error.to_string()),
            // RFC 9700 §4.1.3: exact comparison, so nobody meant to register a pattern.
            Ok(()) if redirect.contains('*') => entry.warn(
                &path,
                "contains `*`, which is no pattern here: URIs are compared exactly, so register each of them",
            ),
            Ok(()) => {}
        }
    }
}

/// `cors_origins`: each as browsers send it (RFC 6454 §6.2), so that it can match.
pub(crate) fn origins(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    for (at, text) in entry.texts(name).into_iter().enumerate() {
        if let Err(error) = uri::check_origin(&text) {
            entry.refuse(&format!("{name}/{at}"), error.to_string());
        }
    }
}

/// A URL that a page links to or shows: never a script (RFC 7591 §5).
pub(crate) fn page(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    match entry.text(name).map(uri::Parts::of) {
        Some(Ok(parts)) if parts.host.is_none() || !matches!(parts.scheme, "https" | "http") => {
            entry.refuse(name, "must be an https or http address");
        }
        Some(Err(why @ UriError::Fragment)) => {
            entry.warn(name, format!("is stored, but no page shows it: it {why}"));
        }
        Some(Err(why)) => entry.refuse(name, why.to_string()),
        Some(Ok(_)) | None => {}
    }
}

/// `request_uris`: https, or http to loopback where the issuer is http; a fragment may tell contents apart (OpenID Connect
/// Dynamic Client Registration 1.0 §2).
pub(crate) fn request_uris(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    for (at, text) in entry.texts(name).into_iter().enumerate() {
        let path = format!("{name}/{at}");
        let before = text.split_once('#').map_or(text.as_str(), |(before, _)| before);
        match uri::Parts::of(before) {
            Err(error) => entry.refuse(&path, error.to_string()),
            Ok(parts) if parts.host.is_some() && parts.scheme == "https" => {}
            Ok(parts) if parts.scheme == "http" && parts.is_loopback() && rules.http_to_loopback => {}
            Ok(_) => entry.refuse(&path, "must be https"),
        }
    }
}

/// `backchannel_logout_uri`: where the server may send to (OpenID Connect Back-Channel Logout 1.0 §2.2).
pub(crate) fn back_channel_logout(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    match entry.text(name).map(uri::Parts::of) {
        None => {}
        Some(Err(error)) => entry.refuse(name, error.to_string()),
        Some(Ok(parts)) if parts.host.is_some() && parts.scheme == "https" => {}
        Some(Ok(parts)) if parts.scheme == "http" && parts.is_loopback() && rules.http_to_loopback => {}
        Some(Ok(_)) => entry.refuse(name, "must be https (or http to loopback, where the issuer is http)"),
    }
}

/// `frontchannel_logout_uri`: scheme, host and port of one of the redirect URIs (OpenID Connect Front-Channel Logout 1.0 §2).
pub(crate) fn front_channel_logout(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    let Some(text) = entry.text(name).map(str::to_owned) else { return };
    if let Err(error) = uri::check_redirect_uri(&text, &[]) {
        return entry.refuse(name, error.to_string());
    }
    let is_own = |redirect: String| uri::origin(&redirect) == uri::origin(&text);
    if uri::origin(&text).is_none() || !entry.texts("redirect_uris").into_iter().any(is_own) {
        entry.refuse(name, "must have the scheme, host and port of one of the redirect_uris");
    }
}

/// `initiate_login_uri`: where a browser is redirected, by the rule for redirect URIs (OpenID Connect Dynamic Client
/// Registration 1.0 §2).
pub(crate) fn start(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    if let Some(Err(error)) = entry.text(name).map(|text| uri::check_redirect_uri(text, &[])) {
        entry.refuse(name, error.to_string());
    }
}
