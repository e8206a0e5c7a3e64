//! `serve`: runs the server, from its configuration to its graceful end.

mod base_path;
mod clock;
mod event_log;
mod health;
mod limited;
mod logging;
mod refusals;
mod request_log;
mod served_tls;
mod service;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use accounts::{AccountPages, Authenticator, SignInLimits};
use admin::{
    Administration, ApplyMode,
    operations::{Apply, RegisterOwnResource},
};
use axum::Router;
use server::{AuthorizationServer, store::Actor};
use serving::{Listener, Network, Places, Tls};
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};

use clock::ClockWatch;
use event_log::EventLog;
pub(crate) use logging::{log, log_warnings};
pub(crate) use refusals::BATCH_MAX as REFUSALS_PER_SECOND_MAX;
use refusals::Refusals;
use served_tls::ServedTls;
use service::{IssuerService, Proxies, nothing_here};

use crate::{
    config::{self, Config, Layers, Value, environment},
    dev,
    global::Global,
    terminal::{Exit, Failure, failed, read_world},
    wiring::{Installation, Opening, Role},
};

/// Seconds between two rounds of housekeeping.
const MAINTENANCE_SECONDS: u64 = 5;
/// Most rows that one step of housekeeping deletes, which takes the writer some milliseconds.
const MAINTENANCE_ROWS: u32 = 4_000;

static START: OnceLock<Instant> = OnceLock::new();

/// Remembers the start of the process.
pub(crate) fn mark_start() {
    START.get_or_init(Instant::now);
}

/// How the server runs.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on instead of the configured ones (with --dev: its port, on both loopback addresses)
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Apply this file before the first request is answered
    #[arg(long, value_name = "FILE")]
    apply: Option<PathBuf>,
    /// Refuse a database with an older schema instead of migrating it
    #[arg(long)]
    no_migrate: bool,
    /// Accept an issuer without data in a database that has data of other issuers
    #[arg(long)]
    new_issuer: bool,
}

/// Runs the server until a signal stops it.
///
/// # Errors
/// [`Failure`] where it can't start.
pub(crate) async fn run(global: &Global, args: ServeArgs) -> Result<Exit, Failure> {
    let Ready { config, sockets, mutual, management, tls } = prepare(global, &args).await?;
    let role = if args.no_migrate { Role::ServerAsIs } else { Role::Server };
    // In development the issuer follows the port, and everything that it needs is seeded.
    let opening = Opening { role, new_issuer: args.new_issuer || config.dev };
    let installation = Arc::new(Installation::open(config, opening).await?);
    // An RSA key takes as long as everything else of a first start together.
    let server = installation.server.clone();
    let keys = tokio::spawn(async move { server.ensure_keys().await });
    let administration = installation.administration(Actor::Server)?;
    if installation.config.dev {
        dev::seed(&installation.config, &administration).await?;
    }
    keys.await??;
    RegisterOwnResource.run(&administration).await?;
    if let Some(file) = &args.apply {
        apply_at_start(&administration, file).await?;
    }
    let limits = Arc::new(SignInLimits::new(installation.config.sign_in));
    let refusals = Refusals::default();
    let service = service(&installation, administration, limits.clone(), &refusals, &tls)?;
    let places = Places::public(installation.config.trusted_proxies.clone().into());
    let listen = |tls: &Option<Tls>, socket| Listener {
        socket,
        handler: service.clone(),
        places: places.clone(),
        tls: tls.clone(),
    };
    let mut listeners: Vec<_> = sockets.into_iter().map(|socket| listen(&tls.public, socket)).collect();
    listeners.extend(mutual.into_iter().map(|socket| listen(&tls.mutual, socket)));
    if let Some(socket) = management {
        let pages = health::router(installation.server.clone(), installation.clock.clone());
        let service = IssuerService::pages_only(pages, &*installation.entropy);
        listeners.push(Listener { socket, handler: service, places: Places::management(), tls: None });
    }
    let stop = serving::stop_signal().map_err(failed)?;
    let watch = ClockWatch::new(installation.clock.clone());
    let server = &installation.server;
    tls.follow();
    let working = [
        tokio::spawn(maintain(server.clone(), limits, watch)),
        tokio::spawn(refusals.clone().write_batches(server.clone())),
        tokio::spawn(EventLog::begin(server.clone()).await?.follow()),
    ];
    announce(&installation, &listeners);
    serving::serve(listeners, stop).await;
    working.iter().for_each(JoinHandle::abort);
    refusals.write(server).await;
    tracing::info!("ended");
    Ok(Exit::Ok)
}

/// What is ready before the database is opened. Ports are bound first, so that a second server fails at once.
struct Ready {
    config: Config,
    sockets: Vec<TcpListener>,
    /// Where client certificates are asked for.
    mutual: Vec<TcpListener>,
    management: Option<TcpListener>,
    tls: ServedTls,
}

async fn prepare(global: &Global, args: &ServeArgs) -> Result<Ready, Failure> {
    if global.dev {
        logging::log(&config::log_filter(environment())?);
        let (config, sockets) = dev::prepare(global.data.as_deref(), args.listen).await?;
        return Ok(Ready {
            config,
            sockets,
            mutual: Vec::new(),
            management: None,
            tls: ServedTls::default(),
        });
    }
    let listen = args.listen.map(|address| ("http.listen", Value::Text(address.to_string())));
    let flags: Vec<_> = listen.into_iter().collect();
    let mut layers = Layers::read(global.file().as_deref(), &environment(), &flags)?;
    let config = Config::of(&mut layers).map_err(|problems| global.without_file(problems))?;
    logging::log(&config.log);
    layers.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let tls = ServedTls::load(&config)?;
    let (sockets, mutual) = (bind(&config.listen).await?, bind(&config.mutual_tls).await?);
    let management = match config.management {
        Some(address) => Some(serving::bind(address).await.map_err(failed)?),
        None => None,
    };
    Ok(Ready { config, sockets, mutual, management, tls })
}

async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Failure> {
    let mut sockets = Vec::with_capacity(addresses.len());
    for address in addresses {
        sockets.push(serving::bind(*address).await.map_err(failed)?);
    }
    Ok(sockets)
}

/// `serve --apply FILE`.
async fn apply_at_start(administration: &Administration, file: &Path) -> Result<(), Failure> {
    let world = read_world(file, administration)?;
    let apply = Apply { world: &world, mode: ApplyMode::Replace, dry_run: false };
    let operator = administration.acting_for(Actor::Operator("apply".into()), None);
    let difference = apply.run(&operator).await?;
    for warning in &difference.warnings {
        tracing::warn!(file = %file.display(), "{warning}");
    }
    tracing::info!(file = %file.display(), changes = difference.changes.len(), "applied");
    Ok(())
}

fn service(
    installation: &Arc<Installation>,
    administration: Administration,
    limits: Arc<SignInLimits>,
    refusals: &Refusals,
    tls: &ServedTls,
) -> Result<IssuerService, Failure> {
    let Installation { config, server, directory, clock, entropy, pages, .. } = &**installation;
    let authenticator = Authenticator {
        directory: directory.clone(),
        passwords: administration.passwords.clone(),
        limits,
        clock: clock.clone(),
    };
    let state = AccountPages { server: server.clone(), authenticator, pages: pages.clone() };
    let own: Router = if config.dev { demo::site(&config.issuer)? } else { demo::about(&config.issuer) };
    let admin = admin::api::router(administration);
    let pages = accounts::router(state).merge(own).merge(admin).fallback(nothing_here);
    let proxies =
        Proxies { trusted: config.trusted_proxies.clone().into(), certificates: tls.proxied(config) };
    Ok(IssuerService::new(server, pages, proxies, refusals.clone(), &**entropy))
}

/// Deletes what has expired, in bounded steps. While there is more to delete, it rests as long as it worked: it deletes
/// faster than rows can be written, and takes at most half of the writer's time.
async fn maintain(server: AuthorizationServer, limits: Arc<SignInLimits>, mut watch: ClockWatch) {
    let mut listed = limited::Listed::default();
    let mut rounds = tokio::time::interval(Duration::from_secs(MAINTENANCE_SECONDS));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if !watch.look() {
            continue;
        }
        if let Err(fault) = listed.publish(&server, &limits).await {
            tracing::warn!(%fault, "the list of limited sign-ins was not written");
        }
        loop {
            let started = Instant::now();
            match server.maintain(MAINTENANCE_ROWS).await {
                Ok(MAINTENANCE_ROWS..) => tokio::time::sleep(started.elapsed()).await,
                Ok(_) => break,
                Err(fault) => {
                    tracing::warn!(%fault, "housekeeping failed");
                    break;
                }
            }
        }
    }
}

/// Prints where the server listens.
fn announce(installation: &Installation, listeners: &[Listener<IssuerService>]) {
    let config = &installation.config;
    let mut text = if config.dev { dev::welcome(config) } else { format!("issuer     {}\n", config.issuer) };
    let addresses = |listeners: &[Listener<IssuerService>]| {
        let addresses = listeners.iter().filter_map(|listener| listener.socket.local_addr().ok());
        addresses.map(|address| address.to_string()).collect::<Vec<_>>().join(" ")
    };
    let (served, management) = listeners.split_at(listeners.len() - usize::from(config.management.is_some()));
    let (public, mutual) = served.split_at(served.len() - config.mutual_tls.len());
    text.push_str(&format!("listening  {}\n", addresses(public)));
    if !mutual.is_empty() {
        text.push_str(&format!("mtls       {}\n", addresses(mutual)));
    }
    if !config.dev {
        text.push_str(&format!("proxies    {}\n", trusted(&config.trusted_proxies)));
    }
    if !management.is_empty() {
        text.push_str(&format!("management {}\n", addresses(management)));
    }
    say_ready(text);
}

/// What the start says of the proxies in front.
fn trusted(proxies: &[Network]) -> String {
    match proxies {
        [] => "none trusted (behind a proxy, set http.trusted_proxies)".to_owned(),
        named => named.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}

/// Prints what was set up, and how long the start took. A closed standard output is no error.
pub(crate) fn say_ready(mut text: String) {
    let millis = START.get().map_or(0, |start| start.elapsed().as_millis());
    text.push_str(&format!("ready in {millis} ms\n"));
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
