//! Rows to write, each with a unique id and without default values.

use std::sync::atomic::{AtomicI64, Ordering};

use jose::Thumbprint;
use protocol::{
    AccessToken, Audience, AuthorizationCode, BrowserSecret, ClientId, ClientMetadata, CodeChallenge,
    Confirmation, DeferredCode, Digest, FamilyId, GrantId, Handle, InteractionToken, JwtId, RefreshToken,
    Scopes, SessionId, SessionToken, Subject, Timestamp, UserCode,
};
use serde_json::json;
use server::{
    Reason,
    store::{
        Access, Caller, Client, Code, Deferred, DeferredState, End, Grant, GrantDetails, Interaction, Item,
        KeyRecord, KeyState, Of, Provenance, Refresh, Registered, Remember, Resource, Scope, Session, Space,
        StoredSecret, Whose, Why,
    },
};

/// The default time of commits.
pub(super) const NOW: Timestamp = Timestamp(1_750_000_000);
/// Lifetime of codes and interactions, in seconds.
pub(super) const MINUTES_10: i64 = 600;

/// A unique id as made by the server, which starts with the milliseconds.
pub(super) fn id() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    ((NOW.0 * 1000) << 21) + LAST.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn code_handle() -> Handle<AuthorizationCode> {
    AuthorizationCode::mint(id(), [1; 24]).handle()
}

pub(super) fn access_handle() -> Handle<AccessToken> {
    AccessToken::mint(id(), [2; 24]).handle()
}

pub(super) fn session_handle() -> Handle<SessionToken> {
    SessionToken::mint(id(), [3; 24]).handle()
}

pub(super) fn interaction_handle() -> Handle<InteractionToken> {
    InteractionToken::mint(id(), [4; 24]).handle()
}

pub(super) fn refresh_digest() -> Digest<RefreshToken> {
    Digest::of(&id().to_be_bytes())
}

pub(super) fn jti() -> JwtId {
    JwtId::new(format!("jti-{}", id()))
}

pub(super) fn client_id(name: &str) -> ClientId {
    ClientId::new(name)
}

pub(super) fn subject(name: &str) -> Subject {
    Subject::new(name)
}

/// A grant of alice for `shop`, in a session that is not written.
pub(super) fn grant() -> Grant {
    Grant {
        id: GrantId(id()),
        subject: subject("alice"),
        client: client_id("shop"),
        session: Some(SessionId(id())),
        offline: false,
        scopes: Scopes::stored("openid orders"),
        audience: vec![Audience::new("https://api.example"), Audience::new("https://more.example")],
        narrowed: true,
        authenticated_at: NOW - 30,
        amr: "pwd otp".into(),
        approved_at: NOW - 1,
        expires_at: NOW + 30 * 86_400,
        details: Some(Box::new(GrantDetails {
            id_token_claims: vec!["email".into()],
            userinfo_claims: vec!["https://claims.example/ü".into(), "name".into()],
            names_acr: true,
            authorization_details: vec![serde_json::json!({"type": "payment", "amount": "7.00"})],
        })),
    }
}

pub(super) fn code(grant: &Grant) -> Code {
    Code {
        grant: grant.id,
        redirect_uri: "https://shop.example/callback?a=1&b=ü".into(),
        challenge: Some(CodeChallenge::of("a-verifier-of-forty-three-characters-at-least")),
        nonce: Some("n-0S6_WzA2Mj".into()),
        dpop_jkt: Some(Thumbprint::from_bytes([5; 32])),
        expires_at: NOW + MINUTES_10,
        used: false,
        tries: 0,
    }
}

pub(super) fn deferred_handle() -> Handle<DeferredCode> {
    DeferredCode::mint(id(), [5; 24]).handle()
}

/// A user code, each time another.
pub(super) fn user_code() -> UserCode {
    let at = id();
    let letters: Vec<u8> =
        (0..8).map(|place| u8::try_from((at / 20_i64.pow(place)) % 20).unwrap_or_default()).collect();
    UserCode::from_entropy(&letters).expect("8 letters")
}

/// A device authorization that waits.
pub(super) fn deferred() -> Deferred {
    Deferred {
        whose: Whose::Typed(user_code()),
        client: client_id("shop"),
        scopes: Scopes::stored("openid orders"),
        audience: vec![Audience::new("https://api.example"), Audience::new("https://more.example")],
        narrowed: true,
        facts: r#"{"peer":"192.0.2.1","agent":"ü"}"#.into(),
        asked_at: NOW - 1,
        expires_at: NOW + MINUTES_10,
        state: DeferredState::Waiting,
    }
}

/// An access token of this grant.
pub(super) fn access(grant: &Grant) -> Access {
    Access {
        grant: Some(grant.id),
        client: grant.client.clone(),
        epoch: 7,
        subject: Some(grant.subject.clone()),
        scopes: grant.scopes.clone(),
        audience: grant.audience.clone(),
        narrowed: grant.narrowed,
        issued_at: NOW,
        expires_at: NOW + MINUTES_10,
        confirmation: Confirmation::of(Some(Thumbprint::from_bytes([1; 32])), None).map(Box::new),
        details: grant.token_details(),
        act: Some(r#"{"sub":"orders"}"#.into()),
    }
}

/// An access token without a grant (`client_credentials`).
pub(super) fn own_access(caller: &Caller) -> Access {
    Access {
        grant: None,
        client: caller.id.clone(),
        epoch: caller.epoch,
        subject: None,
        scopes: Scopes::stored("orders"),
        audience: Vec::new(),
        narrowed: false,
        issued_at: NOW,
        expires_at: NOW + MINUTES_10,
        confirmation: None,
        details: None,
        act: None,
    }
}

pub(super) fn family(grant: &Grant) -> Refresh {
    Refresh {
        family: FamilyId(id()),
        grant: grant.id,
        generation: 0,
        rotated_at: NOW,
        expires_at: NOW + 14 * 86_400,
        key: 3,
        confirmation: Confirmation::of(None, Some(Thumbprint::from_bytes([2; 32]))).map(Box::new),
    }
}

pub(super) fn session() -> Session {
    Session {
        subject: subject("alice"),
        authenticated_at: NOW - 60,
        amr: "pwd".into(),
        seen_at: NOW - 5,
        expires_at: NOW + 86_400,
    }
}

pub(super) fn interaction() -> Interaction {
    Interaction {
        browser: Digest::<BrowserSecret>::of(&id().to_be_bytes()),
        request: r#"{"client_id":"shop","state":"ü"}"#.into(),
        expires_at: NOW + MINUTES_10,
        used: false,
    }
}

pub(super) fn caller(id: &str) -> Caller {
    let sealed = Some(vec![0, 255, 7]);
    Caller {
        id: client_id(id),
        epoch: 0x0123_4567_89ab_cdef,
        disabled: false,
        secret: Some(StoredSecret { digest: [9; 32], sealed }),
    }
}

/// A client as it is after its first change.
pub(super) fn client(id: &str) -> Client {
    let metadata = ClientMetadata {
        client_name: Some("Der Läden".to_owned()),
        redirect_uris: vec!["https://shop.example/callback".to_owned()],
        grant_types: Some(vec!["authorization_code".to_owned(), "client_credentials".to_owned()]),
        scope: Some("openid orders".to_owned()),
        jwks: Some(json!({ "keys": [] })),
        default_max_age: Some(3600),
        require_auth_time: Some(true),
        other: [("contacts".to_owned(), json!(["a@shop.example"]))].into_iter().collect(),
        ..ClientMetadata::default()
    };
    let by = Provenance::SelfRegistered { token: Digest::of(b"a registration token") };
    Client {
        caller: caller(id),
        metadata,
        require_pkce: true,
        skip_consent: true,
        applied: true,
        registered: Registered { by, at: Some(NOW), unused_until: Some(NOW + 3600) },
        version: 1,
    }
}

/// A resource as it is after its first change.
pub(super) fn resource(identifier: &str, caller: Option<Caller>) -> Resource {
    let settings = serde_json::from_value(json!({
        "resource_name": "Orders",
        "scopes": ["orders", "orders:write"],
        "access_token_format": "jwt",
        "access_token_lifetime": 300,
        "introspection_allow_plain": true,
        "jwks": { "keys": [] },
        "resource_documentation": "https://api.example/docs",
    }));
    Resource {
        identifier: Audience::new(identifier),
        caller,
        settings: settings.expect("members of a resource"),
        applied: true,
        version: 1,
    }
}

pub(super) fn scope(name: &str) -> Scope {
    Scope {
        scope: name.to_owned(),
        description: [("en".to_owned(), "See your orders".to_owned())].into_iter().collect(),
        claims: vec!["email".to_owned()],
        applied: true,
    }
}

pub(super) fn key(kid: &str) -> KeyRecord {
    KeyRecord {
        kid: kid.to_owned(),
        algorithm: jose::SignatureAlgorithm::Es256,
        state: KeyState::Next,
        sealed: vec![0, 1, 254, 255],
        created_at: NOW - 9,
        active_at: NOW + 600,
        retired_at: None,
    }
}

/// A single-use value that is stored for ten minutes.
pub(super) fn once(key: &str) -> Remember {
    Remember {
        space: Space::ClientAssertion,
        key: key.into(),
        until: NOW + MINUTES_10,
        replayed: Reason::AssertionReplayed,
    }
}

/// A change of an item with a lifetime of ten minutes: its expected and its new value.
pub(super) fn item(key: &str, expect: Option<&[u8]>, value: Option<&[u8]>) -> Item {
    Item {
        space: "device".into(),
        key: key.into(),
        value: value.map(<[u8]>::to_vec),
        expect: expect.map(<[u8]>::to_vec),
        until: NOW + MINUTES_10,
    }
}

/// The end of one grant.
pub(super) fn revoked(grant: GrantId) -> End {
    End::new(Of::Grant(grant), Why::Revoked, true)
}

/// The end by signing out.
pub(super) fn ended(of: Of, keep_offline: bool) -> End {
    End::new(of, Why::SignedOut, !keep_offline)
}
