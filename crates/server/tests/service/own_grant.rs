//! A grant and an endpoint of a host (RFC 6749 §4.5).
//!
//! They are installed from outside the crate: a signed-in app obtains a ticket at `/ticket`, and another client redeems
//! it, once.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use passavant_server::{
    Answer, AssemblyError, AuthorizationServer, Cors, Endpoint, Error, Incoming, MasterKey, Ports, Reason,
    Responder, Settings,
    grants::{Decision, GrantHandler, Minting, TokenRequest},
    ports::Standing,
    store::{Commit, Item, Of, Why, memory::MemoryStore},
    tokens::Issued,
};
use protocol::{GrantType, Scopes, Subject};
use serde_json::{Value, json};
use testkit::{
    Interleaved,
    server::{Call, Running, TestAccounts, TestServer, confidential, resource, subject},
};

const TICKET: &str = "urn:example:params:oauth:grant-type:ticket";
const NOTES: &str = "https://notes.example";
/// Where tickets are kept, apart from the items of other grants.
const SPACE: &str = "ticket";
const TICKET_LIFETIME: i64 = 60;
/// What a ticket becomes when it is redeemed.
const REDEEMED: &[u8] = b"";

/// Redeems a ticket for the user who drew it.
struct TicketGrant;

#[async_trait]
impl GrantHandler for TicketGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::Extension(TICKET)
    }

    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let ticket = request.require("ticket")?;
        let kept = server.store().item(SPACE, ticket).await?.filter(|(_, until)| *until > request.now);
        let (owner, until) = kept.ok_or(Reason::CodeUnknown)?;
        if owner == REDEEMED {
            return Err(Reason::CodeReused.into());
        }
        let minting = Minting {
            subject: Subject::new(String::from_utf8_lossy(&owner)),
            scopes: Scopes::stored("notes.read"),
            authenticated_at: request.now,
            amr: "ticket".into(),
            lifetime: 3_600,
        };
        let mut decision = minting.decide(server, request).await?;
        decision.commit.push(item(ticket, Some(owner), REDEEMED.to_vec(), until));
        Ok(decision)
    }
}

/// A change of a ticket that holds only while it is as it was looked at.
fn item(ticket: &str, expect: Option<Vec<u8>>, value: Vec<u8>, until: protocol::Timestamp) -> Item {
    Item { space: SPACE.into(), key: ticket.into(), value: Some(value), expect, until }
}

/// `POST /ticket`: a ticket for the user of this access token.
fn ticket_endpoint() -> Endpoint {
    Endpoint {
        path: "/ticket".into(),
        methods: const { &[http::Method::POST] },
        cors: Cors::Forbidden,
        advertise: Box::new(|metadata, offer| {
            metadata.other.insert("ticket_endpoint".to_owned(), Value::from(offer.url));
        }),
        answer: Responder::new(|server, incoming| Box::pin(draw_ticket(server, incoming))),
    }
}

async fn draw_ticket(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    let access = match server.access(&incoming.head, NOTES, &["notes.read"]).await {
        Ok(access) => access,
        Err(denied) => return denied.answer(),
    };
    let owner = access.subject.expect("a user's token").to_string().into_bytes();
    let (ticket, now) = (server.draws().id(), server.now());
    let commit = Commit::new(now).with(item(&ticket, None, owner, now + TICKET_LIFETIME));
    server.store().commit(commit).await.expect("a store").expect("a new ticket");
    Answer::new(json!({ "ticket": ticket }).to_string().into())
}

fn host() -> TestServer {
    let ticket_clients = |id: &str| {
        confidential(id).scope("notes.read").with(|metadata| {
            metadata.grant_types = Some(vec![TICKET.to_owned(), "refresh_token".to_owned()]);
        })
    };
    TestServer::new()
        .client(confidential("app").scope("notes.read"))
        .client(ticket_clients("kiosk"))
        .client(ticket_clients("weather").scope("weather.read"))
        .resource(resource(NOTES, "notes.read").caller("notes"))
        .account("alice")
        .install(|builder| builder.grant(TicketGrant).endpoint(ticket_endpoint()))
}

/// A ticket of alice's.
async fn ticket(server: &Running) -> String {
    let tokens = server.browser().sign_in("alice").authorize("app").scope("notes.read").tokens().await;
    let access_token = tokens.member("access_token");
    server.post("/ticket").bearer(&access_token).send().await.ok().member("ticket")
}

fn redemption(server: &Running, client: &str, ticket: &str) -> Call {
    server.post("/token").as_client(client).params(&[("grant_type", TICKET), ("ticket", ticket)])
}

/// RFC 6749 §4.5
#[tokio::test]
async fn an_extension_grant_issues_tokens_that_everybody_reads() {
    let server = host().start().await;
    let tokens = redemption(&server, "kiosk", &ticket(&server).await).send().await.ok();
    assert_eq!((tokens.member("token_type"), tokens.member("scope")), ("Bearer".into(), "notes.read".into()));
    let read = server.introspect(&tokens.member("access_token"), "notes").await.json();
    assert_eq!(read["active"], json!(true));
    assert_eq!((&read["sub"], &read["client_id"]), (&json!(subject("alice")), &json!("kiosk")));
    server.refresh("kiosk", &tokens.member("refresh_token")).await.ok();
}

/// RFC 6749 §5.2: `unauthorized_client`
#[tokio::test]
async fn a_client_uses_an_extension_grant_only_if_it_registered_it() {
    let server = host().start().await;
    let reply = redemption(&server, "app", &ticket(&server).await).send().await;
    reply.refused(Reason::GrantTypeNotRegistered);
    assert_eq!((reply.status(), reply.member("error")), (400, "unauthorized_client".into()));
}

/// RFC 6749 §5.2: `unsupported_grant_type`
#[tokio::test]
async fn an_extension_grant_that_is_not_installed_is_not_supported() {
    let client = confidential("kiosk").with(|metadata| metadata.grant_types = Some(vec![TICKET.to_owned()]));
    let server = TestServer::new().client(client).start().await;
    redemption(&server, "kiosk", "x").send().await.refused(Reason::GrantTypeUnsupported);
    assert_eq!(server.post("/ticket").send_unwritten().await.status(), 404);
}

/// The approval is checked against the client's registration, and the account must be active.
#[tokio::test]
async fn minting_checks_the_client_and_the_account() {
    let server = host().start().await;
    let first = ticket(&server).await;
    redemption(&server, "weather", &first).send().await.refused(Reason::ScopeNotRegistered);
    server.accounts.set_standing("alice", Standing::Disabled);
    redemption(&server, "kiosk", &first).send().await.refused(Reason::SubjectDisabled);
    server.accounts.set_standing("alice", Standing::Active);
    redemption(&server, "kiosk", &first).send().await.ok();
}

/// An `Item` is compared and set in the commit that issues the tokens, so concurrent redemptions succeed only once.
#[tokio::test]
async fn a_ticket_is_redeemed_once() {
    for seed in 0..10 {
        let server =
            host().store(Arc::new(Interleaved::new(MemoryStore::new(), seed))).seed(seed).start().await;
        let ticket = ticket(&server).await;
        let replies = join_all((0..16).map(|_| redemption(&server, "kiosk", &ticket).send())).await;
        assert_eq!(replies.iter().filter(|reply| reply.status() == 200).count(), 1, "seed {seed}");
        for refused in replies.iter().filter(|reply| reply.status() == 400) {
            refused.refused(Reason::CodeReused);
        }
        redemption(&server, "kiosk", &ticket).send().await.refused(Reason::CodeReused);
    }
}

/// The validity of tokens is read through the grant, so they end with it.
#[tokio::test]
async fn ending_the_grant_ends_its_tokens() {
    let server = host().start().await;
    let tokens = redemption(&server, "kiosk", &ticket(&server).await).send().await.ok();
    let of = Of::Client(protocol::ClientId::new("kiosk"));
    let grants = server.store.list_grants(Some(&of), None, 10).await.expect("a store");
    assert_eq!(grants.len(), 1);
    assert_eq!((grants[0].subject.clone(), &*grants[0].amr), (subject("alice"), "ticket"));
    let ended = server.authorization_server.end(Of::Grant(grants[0].id), Why::Revoked).await;
    ended.expect("a store");
    assert!(!server.is_active(&tokens.member("access_token"), "notes").await);
    server.refresh("kiosk", &tokens.member("refresh_token")).await.refused(Reason::GrantEnded);
}

/// RFC 8414 §2: exactly the installed parts are advertised.
#[tokio::test]
async fn what_is_installed_is_advertised() {
    let server = host().start().await;
    let metadata = server.get("/.well-known/oauth-authorization-server").send().await.ok().json();
    assert!(metadata["grant_types_supported"].as_array().expect("names").contains(&json!(TICKET)));
    assert_eq!(metadata["ticket_endpoint"], json!("https://as.example/ticket"));
    let reply = server.get("/ticket").send().await;
    assert_eq!((reply.status(), reply.header("allow")), (405, Some("POST")));
    let server = TestServer::new().start().await;
    let metadata = server.get("/.well-known/oauth-authorization-server").send().await.ok().json();
    assert_eq!(metadata.get("ticket_endpoint"), None);
}

/// One handler for each grant type, one endpoint for each path.
#[tokio::test]
async fn parts_that_clash_are_refused() {
    struct Named(GrantType);

    #[async_trait]
    impl GrantHandler for Named {
        fn grant_type(&self) -> GrantType {
            self.0
        }

        async fn decide(
            &self,
            _: &AuthorizationServer,
            _: &TokenRequest<'_>,
        ) -> Result<Decision<Issued>, Error> {
            Err(Reason::CodeUnknown.into())
        }
    }

    let at = |path: &'static str| Endpoint { path: path.into(), ..ticket_endpoint() };
    let builder = || {
        let (store, accounts) = (Arc::new(MemoryStore::new()), Arc::new(TestAccounts::default()));
        let ports = Ports::new(store, accounts, MasterKey::new(&[1; 32]));
        AuthorizationServer::builder(Settings::new("https://as.example").expect("an issuer"), ports)
    };
    let wrong = [
        (builder().grant(TicketGrant).grant(TicketGrant), AssemblyError::GrantTypeTaken(TICKET)),
        (builder().grant(Named(GrantType::RefreshToken)), AssemblyError::GrantTypeTaken("refresh_token")),
        (builder().grant(Named(GrantType::Extension("ticket"))), AssemblyError::GrantTypeInvalid("ticket")),
        (builder().endpoint(at("/token")), AssemblyError::PathTaken("/token".into())),
        (builder().endpoint(at("ticket")), AssemblyError::PathInvalid("ticket".into())),
        (builder().endpoint(at("/ticket/")), AssemblyError::PathInvalid("/ticket/".into())),
    ];
    for (builder, expected) in wrong {
        assert_eq!(builder.build().err(), Some(expected));
    }
    assert!(builder().grant(TicketGrant).endpoint(ticket_endpoint()).build().is_ok());
}
