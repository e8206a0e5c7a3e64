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

use serving::Listener;

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
    let mut listeners = Listeners::default();
    let health = Arc::new(Health::of(settings.upstream.as_ref()));
    let check = Arc::new(Check::new(&settings, Arc::clone(&health)));
    let pages = Arc::new(Surroundings { cors: settings.cors.clone(), head: settings.head });
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
#[derive(Default)]
struct Listeners {
    open: Vec<Listener<GuardService>>,
    described: String,
}

impl Listeners {
    async fn open(&mut self, name: &str, address: SocketAddr, handler: GuardService) -> Result<(), Failure> {
        let socket = serving::bind(address).await.map_err(failed)?;
        self.described += &format!("{name} {}\n", socket.local_addr().map_err(failed)?);
        self.open.push(Listener { socket, handler });
        Ok(())
    }
}
