//! Which URLs can be the id of a client (Client ID Metadata Document §3).

use fetching::NamedBy;
use protocol::{limits, uri::Parts};

/// Whether a text is the URL of a client's metadata, and may be fetched: `https`, with a path, without dot segments, fragment
/// and user information, and no longer than an id.
pub(super) fn is_client_url(text: &str, named_by: NamedBy) -> bool {
    let Ok(parts) = Parts::of(text) else { return false };
    text.len() <= limits::CLIENT_ID_BYTES_MAX
        && parts.host.is_some_and(|host| !host.is_empty())
        && !parts.path.is_empty()
        && !parts.path.split('/').any(is_dot_segment)
        && named_by.check(text).is_ok()
}

/// A dot may be percent-encoded (RFC 3986 §6.2.2.2).
fn is_dot_segment(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_https_url_with_a_path_is_a_client() {
        for good in
            ["https://app.example/client.json", "https://app.example:8443/", "https://app.example/a?b=c"]
        {
            assert!(is_client_url(good, NamedBy::Stranger), "{good}");
        }
        let long = format!("https://app.example/{}", "a".repeat(240));
        for bad in [
            "shop",
            "https://app.example",
            "http://app.example/client.json",
            "https://app.example/../client.json",
            "https://app.example/a/./b",
            "https://app.example/a/%2E%2e/b",
            "https://app.example/client.json#a",
            "https://user@app.example/client.json",
            "https://127.0.0.1/client.json",
            "https://[::1]/client.json",
            "https://localhost/client.json",
            "https://10.0.0.1/client.json",
            "https://169.254.169.254/latest",
            "ftp://app.example/client.json",
            &long,
        ] {
            assert!(!is_client_url(bad, NamedBy::Stranger), "{bad}");
        }
    }

    #[test]
    fn this_machine_is_only_read_where_the_operator_permits_it() {
        let danger = NamedBy::Operator { http_to_loopback: true };
        assert!(is_client_url("http://127.0.0.1:8080/client.json", danger));
        assert!(!is_client_url("http://10.0.0.1/client.json", danger));
    }
}
