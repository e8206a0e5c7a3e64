//! An application that is its own authorization server, over its own users and with its own pages:
//!
//!     head -c 32 /dev/urandom > app.key
//!     cargo run -p passavant-sqlite --example embed -- app.db app.key 127.0.0.1:4000

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use accounts::{Password, PasswordCost, PasswordHash, Passwords, passwords::Verdict};
use async_trait::async_trait;
use axum::{Router, extract::Request, extract::State, routing::get};
use http::{HeaderValue, StatusCode, header, request::Parts};
use passavant_sqlite::SqliteStore;
use protocol::{ClientId, Issuer, Subject};
use serde_json::{Map, Value, json};
use server::ports::{Accounts, Standing, SystemEntropy};
use server::store::{Caller, Client, Commit, Expect, Registered, RegistryChange};
use server::{Answer, Ask, AuthorizationServer, Error, Fault, Incoming, MasterKey, OpenInteraction};
use server::{Ports, Reason, Settings};

/// The application's own users, by name; in yours, a table.
struct Users(BTreeMap<String, PasswordHash>, Passwords);

#[async_trait]
impl Accounts for Users {
    async fn standing(&self, who: &Subject) -> Result<Standing, Fault> {
        Ok(if self.0.contains_key(who.as_str()) { Standing::Active } else { Standing::Gone })
    }

    async fn claims(&self, who: &Subject, wanted: &[String]) -> Result<Map<String, Value>, Fault> {
        let name = wanted.iter().filter(|claim| *claim == "preferred_username");
        Ok(name.map(|claim| (claim.clone(), Value::from(who.as_str()))).collect())
    }
}

#[derive(Clone)]
struct App(AuthorizationServer, Arc<Users>);

async fn show(State(App(server, _)): State<App>, head: Parts) -> Answer {
    let page = server.interaction(&head).await.and_then(|interaction| page(&interaction, ""));
    page.unwrap_or_else(|error| server.error_page(&head, &error))
}

async fn submit(State(app): State<App>, request: Request) -> Result<Answer, StatusCode> {
    let incoming = Incoming::read(request).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(answer(&app, &incoming).await.unwrap_or_else(|error| app.0.error_page(&incoming.head, &error)))
}

async fn answer(App(server, users): &App, incoming: &Incoming) -> Result<Answer, Error> {
    let (interaction, form) = (server.interaction(&incoming.head).await?, incoming.form()?);
    interaction.check_form(&incoming.head, form.get("csrf"))?;
    let sent = |name| form.get(name).unwrap_or_default();
    match (interaction.ask(), sent("decision")) {
        (Ask::SignIn, _) => {
            let (name, password) = (sent("username"), Password::parse(sent("password")));
            let seen = server.store().subject(&Subject::new(name)).await?; // Before the password is checked.
            let verdict = users.1.verify(password.ok_or(Reason::BodyTooLarge)?, users.0.get(name));
            if verdict.await? == Verdict::Wrong {
                return page(&interaction, "The name or the password is wrong.");
            }
            interaction.signed_in(&seen, "pwd").await
        }
        (Ask::Consent | Ask::Confirm, "allow") => interaction.approve().await,
        (Ask::Consent | Ask::Confirm, _) => interaction.deny().await,
        (Ask::SignOut, _) => interaction.sign_out().await,
    }
}

fn page(interaction: &OpenInteraction, problem: &str) -> Result<Answer, Error> {
    let fields = match interaction.ask() {
        Ask::SignIn => "<input name=username><input name=password type=password><button>Sign in</button>",
        Ask::SignOut => "<button>Sign out</button>",
        _ => "<button name=decision value=allow>Allow</button><button>Deny</button>",
    };
    let scopes = interaction.scopes().iter().map(|scope| &*scope.scope).collect::<Vec<_>>().join(", ");
    let client = interaction.client_id().map_or("", ClientId::as_str);
    let about = format!("<p>{problem}<p>{client} asks for {scopes}");
    let form = format!("<form method=post><input name=csrf type=hidden value={}>", interaction.csrf());
    let mut answer = Answer::new((about + &form + fields).into());
    let policy = format!("frame-ancestors 'none'; form-action {}", interaction.form_action()).parse();
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.map_err(Fault::new)?);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("embed DATABASE KEY LISTEN");
    let (database, key, listener) = (next()?, next()?, tokio::net::TcpListener::bind(next()?).await?);
    let issuer = format!("http://{}", listener.local_addr()?); // Yours is https, and always the same.
    let store = SqliteStore::open(Path::new(&database))?.issuer(&Issuer::new(&*issuer))?;
    let master = MasterKey::new(&std::fs::read(key)?.try_into().map_err(|_| "the key must have 32 bytes")?);
    let passwords = Passwords::new(PasswordCost::default(), Arc::new(SystemEntropy), 1)?;
    let alice = passwords.hash(Password::parse("correct horse battery staple").ok_or("too long")?).await?;
    let users = Arc::new(Users(BTreeMap::from([("alice".to_owned(), alice)]), passwords));
    let ports = Ports::new(Arc::new(store), users.clone(), master);
    let server = AuthorizationServer::builder(Settings::new(&issuer)?, ports).build()?;
    server.ensure_keys().await?;
    server.store().commit(Commit::new(server.now()).with(phone()?)).await?.ok(); // It is registered already.
    let ask = || get(show).post(submit);
    let pages = Router::new().route("/login", ask()).route("/consent", ask()).route("/logout/confirm", ask());
    let router = pages.with_state(App(server.clone(), users)).fallback_service(server.service());
    eprintln!("listening on {issuer}");
    tokio::spawn(async move { axum::serve(listener, router).await });
    loop {
        server.maintain(500).await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// A client: an app on the user's phone.
fn phone() -> Result<RegistryChange, serde_json::Error> {
    let metadata = json!({"redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none"});
    let caller = Caller { id: ClientId::new("phone"), epoch: 1, disabled: false, secret: None };
    let (require_pkce, skip_consent, applied, version) = (true, false, false, 1);
    let (metadata, registered) = (serde_json::from_value(metadata)?, Registered::default());
    let client = Client { caller, metadata, require_pkce, skip_consent, applied, version, registered };
    Ok(RegistryChange::PutClient(client.into(), Expect::Absent))
}
