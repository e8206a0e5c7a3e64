//! `guard`: protects anything that speaks HTTP, from outside of it. As a reverse proxy in front of one upstream, or
//! as the one question `/check` that another proxy asks.

mod check;
mod desk;
mod flowing;
mod forward;
mod headers;
mod health;
mod identity;
mod limits;
mod paths;
mod proxy;
mod settings;
mod trouble;
mod tunnel;
mod upstream;

use std::{net::SocketAddr, sync::Arc};

pub(crate) use settings::GuardArgs;

use self::{check::Check, desk::Desk, health::Health, proxy::Proxy, settings::Settings, upstream::Upstream};
use crate::{
    http::{self, Entrance},
    serve,
    terminal::{Exit, Failure},
};

/// Runs until it is told to end.
///
/// # Errors
/// [`Failure`] where it can't start: a setting that is wrong, a port that is taken.
pub(crate) async fn run(args: GuardArgs) -> Result<Exit, Failure> {
    let settings = Settings::read(args)?;
    serve::log(&settings.log);
    let mut entrances = Entrances::default();
    let health = Arc::new(Health::of(settings.upstream.as_ref()));
    let check = Arc::new(Check::new(&settings.guards, settings.identity, Arc::clone(&health)));
    match (&settings.upstream, settings.guards.first()) {
        (Some(origin), Some(guard)) => {
            let upstream = Upstream::to(origin, settings.deadline)?;
            let proxy = Proxy::new(&settings, guard, upstream);
            entrances.open("listening ", settings.listen, Desk::Proxy(Arc::new(proxy))).await?;
        }
        _ => entrances.open("listening ", settings.listen, Desk::Check(Arc::clone(&check))).await?,
    }
    if let Some(address) = settings.check_listen {
        entrances.open("check     ", address, Desk::Check(check)).await?;
    }
    if let Some(address) = settings.management_listen {
        entrances.open("management", address, Desk::Health(health)).await?;
    }
    let stop = serve::stop_signal()?;
    serve::say_ready(settings.described() + &entrances.described);
    http::serve(entrances.open, stop).await;
    tracing::info!("ended");
    Ok(Exit::Ok)
}

/// The listeners, and how they are told.
#[derive(Default)]
struct Entrances {
    open: Vec<Entrance<Desk>>,
    described: String,
}

impl Entrances {
    async fn open(&mut self, name: &str, address: SocketAddr, door: Desk) -> Result<(), Failure> {
        let listener = http::listen(address).await?;
        self.described += &format!("{name} {}\n", listener.local_addr()?);
        self.open.push(Entrance { listener, door });
        Ok(())
    }
}
