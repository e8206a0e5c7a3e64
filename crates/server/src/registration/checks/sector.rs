//! Pairwise subjects, and the sector that they are for.

use protocol::uri::Parts;

use crate::{
    pairwise,
    registration::{entry::Entry, rules::Rules},
};

/// `subject_type`: with redirect URIs at several hosts, `pairwise` needs a `sector_identifier_uri` (OpenID Connect Core 1.0
/// §8.1).
pub(crate) fn subject_type(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    match entry.text(name) {
        Some("public") | None => {}
        Some("pairwise") => {
            let redirects = entry.texts("redirect_uris");
            let web: Vec<String> = redirects.into_iter().filter(|uri| uri.starts_with("https:")).collect();
            if !entry.has("sector_identifier_uri") && !web.is_empty() && pairwise::only_host(&web).is_none() {
                let text = "is required for pairwise subjects with redirect URIs at several hosts (OpenID Connect \
                            Core section 8.1)";
                entry.refuse("sector_identifier_uri", text);
            }
        }
        Some(_) => entry.refuse(name, "must be public or pairwise"),
    }
}

/// `sector_identifier_uri`: `https` (OpenID Connect Dynamic Client Registration 1.0 §5). That it lists the redirect URIs is
/// checked where it is fetched, for clients that register themselves.
pub(crate) fn identifier_uri(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    match entry.text(name).map(Parts::of) {
        None => {}
        Some(Ok(parts)) if parts.scheme == "https" && parts.host.is_some() => {}
        Some(Ok(_)) => entry.refuse(name, "must be https"),
        Some(Err(error)) => entry.refuse(name, error.to_string()),
    }
}
