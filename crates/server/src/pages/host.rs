//! What the page about a wrong `Host` says: what was received, what is expected, and the line of a proxy that mends it.

use std::net::IpAddr;

use http::request::Parts;
use protocol::uri;

use super::OPEN;
use crate::{incoming::RequestHead as _, refusal::PROXY, settings::Settings};

/// The facts of the page. The log has them, too.
pub(super) fn facts(settings: &Settings, head: &Parts) -> Vec<(&'static str, String)> {
    let sent = head.host();
    let expected = settings.host();
    let mut facts = vec![
        ("Received", head.received_host()),
        ("Expected", expected.to_owned()),
        ("Fix", PROXY.to_owned()),
    ];
    if sent.is_some_and(|sent| was_opened(sent, expected)) {
        let path = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        facts.push((OPEN, settings.url(path)));
    }
    facts
}

/// Whether a browser opened this host itself, so that a link leads on. Where a public issuer is asked for under a local
/// name, a proxy did not pass the header on, and its link would lead back to the same page.
fn was_opened(sent: &str, expected: &str) -> bool {
    is_local(expected) || !is_local(sent)
}

/// Whether nobody outside of this network can mean this host.
fn is_local(host: &str) -> bool {
    let origin = format!("http://{host}");
    let Some(name) = uri::Parts::of(&origin).ok().and_then(|parts| parts.host) else { return true };
    match name.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => !name.contains('.') || name.ends_with(".local") || name.ends_with(".internal"),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request, header};

    use super::*;

    fn told(issuer: &str, host: Option<&str>) -> Vec<(&'static str, String)> {
        let settings = Settings::new(issuer).expect("an issuer");
        let mut request = Request::new(());
        *request.uri_mut() = "/login?interaction=x".parse().expect("a path");
        if let Some(host) = host {
            request.headers_mut().insert(header::HOST, HeaderValue::from_str(host).expect("visible"));
        }
        facts(&settings, &request.into_parts().0)
    }

    #[test]
    fn received_expected_and_the_line_of_the_proxy_are_told() {
        for (host, received) in [(Some("127.0.0.1:4000"), "127.0.0.1:4000"), (None, "no Host header")] {
            let facts = told("https://id.example:8443/tenant", host);
            assert_eq!(facts[0], ("Received", received.to_owned()));
            assert_eq!(facts[1], ("Expected", "id.example:8443".to_owned()));
            assert!(facts[2].1.contains("proxy_set_header Host $http_host;"), "{facts:?}");
        }
    }

    #[test]
    fn a_link_is_shown_only_where_it_leads_on() {
        let has_link = |issuer, host| told(issuer, Some(host)).iter().any(|(label, _)| *label == OPEN);
        for local in
            ["127.0.0.1:4000", "[::1]:4000", "10.0.0.7", "passavant", "passavant:4000", "backend.internal"]
        {
            assert!(!has_link("https://id.example", local), "{local}");
        }
        assert!(has_link("https://id.example", "www.id.example"));
        assert!(has_link("http://localhost:4000", "127.0.0.1:4000"));
    }
}
