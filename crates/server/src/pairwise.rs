//! Pairwise subjects (OpenID Connect Core 1.0 §8.1): clients of different sectors can't tell that two users are one.

use protocol::{ClientId, ClientMetadata, Subject, uri::Parts};

use crate::{master::MasterKey, registry::RegisteredClient};

/// The sector of a client that registered `pairwise`: the host of its `sector_identifier_uri`, or of its redirect URIs. One
/// whose redirect URIs are on the user's device, or on several hosts, is a sector of its own: other clients there have
/// nothing to do with it.
pub(crate) fn sector(id: &ClientId, metadata: &ClientMetadata) -> Option<Box<str>> {
    if metadata.subject_type.as_deref() != Some("pairwise") {
        return None;
    }
    let named = metadata.sector_identifier_uri.as_deref().and_then(web_host);
    Some(named.or_else(|| only_host(&metadata.redirect_uris)).unwrap_or_else(|| id.as_str().into()))
}

/// The host of all of these, if it is one and on the web.
pub(crate) fn only_host(uris: &[String]) -> Option<Box<str>> {
    let mut hosts = uris.iter().map(|uri| web_host(uri));
    let first = hosts.next()??;
    hosts.all(|host| host.as_ref() == Some(&first)).then_some(first)
}

fn web_host(uri: &str) -> Option<Box<str>> {
    let parts = Parts::of(uri).ok().filter(|parts| parts.scheme == "https" && !parts.is_loopback())?;
    Some(parts.host?.to_ascii_lowercase().into())
}

/// The `sub` that a client is told.
pub(crate) fn told(master: &MasterKey, client: &RegisteredClient, subject: &Subject) -> String {
    match &client.sector {
        Some(sector) => master.pairwise_subject(sector, subject),
        None => subject.to_string(),
    }
}

/// The subject itself, sealed for the ID token of a client that is told another: an ID token that comes back as a hint
/// names its user by it. Nobody else can open it.
pub(crate) fn sealed(master: &MasterKey, client: &RegisteredClient, subject: &Subject) -> Option<String> {
    client.sector.as_ref()?;
    let sealed = master.seal(&purpose(client.id()), subject.as_str().as_bytes());
    Some(jose::base64url::encode(&sealed))
}

/// Opens what was sealed for this client.
pub(crate) fn open(master: &MasterKey, client: &ClientId, sealed: &str) -> Option<Subject> {
    let opened = master.open(&purpose(client), &jose::base64url::decode(sealed).ok()?)?;
    Subject::parse(std::str::from_utf8(&opened).ok()?)
}

fn purpose(client: &ClientId) -> String {
    format!("subject of an ID token for {client}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(redirect_uris: &[&str], sector: Option<&str>) -> ClientMetadata {
        ClientMetadata {
            subject_type: Some("pairwise".into()),
            redirect_uris: redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
            sector_identifier_uri: sector.map(str::to_owned),
            ..ClientMetadata::default()
        }
    }

    #[test]
    fn the_sector_is_a_host_or_the_client_itself() {
        let sector = |redirects: &[&str], named| {
            sector(&ClientId::new("c"), &metadata(redirects, named)).expect("pairwise").into_string()
        };
        let (a, b) = ("https://A.example/cb", "https://b.example/cb");
        assert_eq!(sector(&[a, "https://a.example/other"], None), "a.example");
        assert_eq!(sector(&[a, b], Some("https://group.example/uris.json")), "group.example");
        for own in [&[a, b][..], &["http://127.0.0.1/cb"], &["com.example.app:/cb"], &[]] {
            assert_eq!(sector(own, None), "c", "{own:?}");
        }
        let public = ClientMetadata { subject_type: None, ..metadata(&[a], None) };
        assert_eq!(super::sector(&ClientId::new("c"), &public), None);
    }

    #[test]
    fn a_pairwise_subject_is_stable_and_differs_by_sector_and_user() {
        let master = MasterKey::new(&[7; 32]);
        let of = |sector: &str, subject: &str| master.pairwise_subject(sector, &Subject::new(subject));
        assert_eq!(of("a.example", "alice"), of("a.example", "alice"));
        assert_ne!(of("a.example", "alice"), of("b.example", "alice"));
        assert_ne!(of("a.example", "alice"), of("a.example", "bob"));
        assert_ne!(
            of("a.example", "alice"),
            MasterKey::new(&[8; 32]).pairwise_subject("a.example", &Subject::new("alice"))
        );
        assert_eq!(of("a.example", "alice").len(), 43);
    }

    #[test]
    fn what_is_sealed_for_one_client_is_not_opened_for_another() {
        let master = MasterKey::new(&[7; 32]);
        let sealed = jose::base64url::encode(&master.seal(&purpose(&ClientId::new("c")), b"alice"));
        assert_eq!(open(&master, &ClientId::new("c"), &sealed), Some(Subject::new("alice")));
        assert_eq!(open(&master, &ClientId::new("d"), &sealed), None);
        assert_eq!(open(&master, &ClientId::new("c"), "x"), None);
    }
}
