//! What an operator can do about a refusal.

use protocol::{ClientId, Difference};

/// The command of `passavant` that makes such a request succeed, or what else mends it, if the request is a proper one.
///
/// Anybody can send the values in it: they are quoted for a shell, and left out where that is not safe.
pub fn mending(slug: &str, client: Option<&ClientId>, difference: Option<&Difference>) -> Option<String> {
    match slug {
        "host_mismatch" => return Some(PROXY.to_owned()),
        "sign_in_failures_too_many" => {
            return Some("passavant user limited; passavant user unlock USERNAME".into());
        }
        "client_unknown" | "authorize_client_unknown" => return Some("passavant client list".into()),
        "audience_not_registered" => return Some("passavant resource list".into()),
        _ => {}
    }
    let client = quoted(client?.as_str())?;
    let edit = format!("passavant client edit {client}");
    let (sent, expected) =
        difference.map_or(("", ""), |difference| (&*difference.sent, &*difference.expected));
    Some(match slug {
        "redirect_uri_mismatch" => {
            format!("if this URI is the client's: {edit} --redirect-uri {}", quoted_uri(sent))
        }
        "logout_redirect_mismatch" => format!(
            "if this URI is the client's: {edit} --member post_logout_redirect_uris=JSON, a list of all of them with {}",
            quoted_uri(sent)
        ),
        "scope_not_registered" if !is_cut(expected) => {
            let before = if expected == "no scope" { "" } else { expected };
            format!("{edit} --scope {}", quoted(format!("{before} {sent}").trim())?)
        }
        "grant_type_not_registered" => {
            let all = expected.split(' ').chain([sent]).map(quoted).collect::<Option<Vec<_>>>()?;
            format!("{edit} --grant-type {}", all.join(" --grant-type "))
        }
        "response_type_not_registered" => {
            format!("{edit} --grant-type authorization_code --member response_types=")
        }
        "client_method_not_registered" => format!("{edit} --auth-method {}", quoted(sent)?),
        "client_secret_wrong" => format!("passavant client secret {client}, which makes a new secret"),
        "client_disabled" => format!("{edit} --disabled false"),
        "pkce_missing" | "pkce_or_nonce_missing" => {
            format!("if the client has a secret and can't do PKCE: {edit} --member require_pkce=false")
        }
        _ => return None,
    })
}

/// How a proxy passes the `Host` header on. Caddy and Traefik do so by themselves.
pub(crate) const PROXY: &str = "In a proxy before this server, pass the Host header on. nginx: \
    `proxy_set_header Host $http_host;` Apache: `ProxyPreserveHost On`. X-Forwarded-Host is not read.";

/// Whether a text was cut, so that a command with it would be another one.
fn is_cut(text: &str) -> bool {
    text.ends_with("...")
}

/// The text as one word of a shell, if it can be written as one.
fn quoted(text: &str) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/:".contains(&b);
    let is_safe = |b: u8| (b' '..=b'~').contains(&b) && b != b'\'';
    match text.as_bytes() {
        // An option, or a file.
        [] | [b'-' | b'@', ..] => None,
        bytes if is_cut(text) || !bytes.iter().all(|b| is_safe(*b)) => None,
        bytes if bytes.iter().all(|b| is_plain(*b)) => Some(text.to_owned()),
        _ => Some(format!("'{text}'")),
    }
}

/// A URI whose query has lost its values is not the one that was sent.
fn quoted_uri(shown: &str) -> String {
    let is_whole = !shown.contains(['?', '#']);
    quoted(shown).filter(|_| is_whole).unwrap_or_else(|| "URI".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(slug: &str, sent: &str, expected: &str) -> Option<String> {
        let difference = Difference::new("x", sent, expected);
        mending(slug, Some(&ClientId::new("shop")), Some(&difference))
    }

    #[test]
    fn a_command_makes_the_request_succeed() {
        for (slug, sent, expected, command) in [
            (
                "redirect_uri_mismatch",
                "https://a.example/cb",
                "",
                "if this URI is the client's: passavant client edit shop --redirect-uri https://a.example/cb",
            ),
            ("scope_not_registered", "b c", "openid a", "passavant client edit shop --scope 'openid a b c'"),
            ("scope_not_registered", "b", "no scope", "passavant client edit shop --scope b"),
            (
                "grant_type_not_registered",
                "refresh_token",
                "authorization_code",
                "passavant client edit shop --grant-type authorization_code --grant-type refresh_token",
            ),
            ("client_disabled", "", "", "passavant client edit shop --disabled false"),
        ] {
            assert_eq!(of(slug, sent, expected).as_deref(), Some(command), "{slug}");
        }
        assert_eq!(of("code_expired", "", ""), None);
        assert_eq!(mending("client_disabled", None, None), None);
    }

    #[test]
    fn what_a_stranger_sent_can_not_become_a_command() {
        for uri in
            ["https://a.example/'; rm -rf / #", "-x", "@/etc/passwd", "https://a.example/é", "https://a/?b"]
        {
            let command = of("redirect_uri_mismatch", uri, "").expect("a command");
            assert!(command.ends_with("--redirect-uri URI"), "{command}");
        }
        let quoted = of("redirect_uri_mismatch", "https://a.example/$(id)`id`", "").expect("a command");
        assert!(quoted.ends_with("--redirect-uri 'https://a.example/$(id)`id`'"), "{quoted}");
        assert_eq!(mending("client_disabled", Some(&ClientId::new("a'b")), None), None);
        let cut = "x".repeat(300);
        assert_eq!(of("scope_not_registered", "b", &cut), None);
    }
}
