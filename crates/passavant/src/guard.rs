//! `guard`: protects any HTTP service, as a reverse proxy in front of one upstream, or by the endpoint `/check` that
//! another proxy asks.

mod body;
mod check;
mod cors;
mod error;
mod forward;
mod headers;
mod health;
mod identity;
mod limits;
mod log;
mod nonce;
mod paths;
mod proxy;
mod response;
mod service;
mod settings;
mod shape_args;
mod target;
mod tunnel;
mod upstream;
mod values;

use std::{net::SocketAddr, sync::Arc};

use serving::{Listener, Places};

pub(crate) use settings::GuardArgs;

use self::{
    check::Check,
    health::Health,
    proxy::Proxy,
    service::{GuardService, Surroundings},
    settings::Settings,
    upstream::Upstream,
};
use crate::{
    serve,
    terminal::{Exit, Failure, failed},
};

/// Runs until a signal stops it.
///
/// # Errors
/// [`Failure`] where it can't start: an invalid setting, a port in use.
pub(crate) async fn run(args: GuardArgs) -> Result<Exit, Failure> {
    let settings = Settings::read(args)?;
    serve::log(&settings.log);
    let mut listeners = Listeners::new(Places::public(settings.forward.trusted_proxies.clone()));
    let health = Arc::new(Health::of(settings.upstream.as_ref()));
    let check = Arc::new(Check::new(&settings, Arc::clone(&health)));
    let pages = Arc::new(Surroundings {
        cors: settings.cors.clone(),
        head: settings.head,
        certificates: settings.certificates.clone(),
    });
    match (&settings.upstream, settings.guards.first()) {
        (Some(origin), Some(guard)) => {
            let upstream = Upstream::to(origin, settings.deadline)?;
            let proxy = Proxy::new(&settings, guard, upstream);
            listeners.open("listening ", settings.listen, GuardService::proxy(proxy, &pages)).await?;
        }
        _ => listeners.open("listening ", settings.listen, GuardService::check(&check, &pages)).await?,
    }
    if let Some(address) = settings.check_listen {
        listeners.open("check     ", address, GuardService::check(&check, &pages)).await?;
    }
    if let Some(address) = settings.management_listen {
        listeners.open("management", address, GuardService::health(&health, &pages)).await?;
    }
    let stop = serving::stop_signal().map_err(failed)?;
    serve::say_ready(settings.described() + &listeners.described);
    serving::serve(listeners.open, stop).await;
    tracing::info!("ended");
    Ok(Exit::Ok)
}

/// The listeners, and what the start prints of them.
struct Listeners {
    open: Vec<Listener<GuardService>>,
    described: String,
    /// Those of all listeners but that of the health, which has its own.
    public: Places,
}

impl Listeners {
    fn new(public: Places) -> Self {
        Self { open: Vec::new(), described: String::new(), public }
    }

    async fn open(&mut self, name: &str, address: SocketAddr, handler: GuardService) -> Result<(), Failure> {
        let socket = serving::bind(address).await.map_err(failed)?;
        self.described += &format!("{name} {}\n", socket.local_addr().map_err(failed)?);
        let places = if handler.is_health() { Places::management() } else { self.public.clone() };
        self.open.push(Listener { socket, handler, places, tls: None });
        Ok(())
    }
}
