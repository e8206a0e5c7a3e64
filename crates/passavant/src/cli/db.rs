//! `db ..`: what an operator mends in the database while no server runs.

use admin::api_identifier;
use fetching::{Clock as _, SystemClock};
use protocol::{Issuer, display::Shown, uri};

use crate::{
    global::Global,
    storage::Rename,
    terminal::{Exit, Failure, misused, output, say},
};

/// Commands for the database.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Give the data of an issuer to the configured one, after the URL of the server has changed
    RenameIssuer {
        /// URL of the issuer so far
        #[arg(value_name = "OLD_ISSUER")]
        old: String,
    },
    /// End what was issued under a clock that was ahead, and go on from the present time
    ResetTime,
}

/// Runs a command.
///
/// # Errors
/// [`Failure`] with its exit code.
pub(crate) async fn run(command: Command, global: &Global) -> Result<Exit, Failure> {
    match command {
        Command::RenameIssuer { old } => rename(old, global).await?,
        Command::ResetTime => reset_time(global).await?,
    }
    Ok(Exit::Ok)
}

async fn rename(mut old: String, global: &Global) -> Result<(), Failure> {
    let config = global.configuration()?;
    old.truncate(old.trim_end_matches('/').len());
    uri::check_issuer(&old).map_err(|why| misused(format_args!("{}: {why}", Shown(&old))))?;
    let (from, to) = (Issuer::new(old), config.settings.issuer.clone());
    let own = |issuer: &Issuer| api_identifier(issuer.as_str());
    let audiences = vec![(from.to_string(), to.to_string()), (own(&from), own(&to))];
    config.database.rename_issuer(&Rename { from: from.clone(), to: to.clone(), audiences }).await?;
    say(format_args!(
        "renamed {from} to {to}: accounts, clients, keys and grants stay. Users sign in again, ID tokens and JWT access \
         tokens of the old name are not valid anymore, and clients and APIs must be configured with the new one"
    ));
    Ok(())
}

async fn reset_time(global: &Global) -> Result<(), Failure> {
    let config = global.configuration()?;
    let now = SystemClock::default().now();
    let (newest, ended) = config.database.reset_time(&config.settings.issuer, now).await?;
    if newest <= now {
        say("nothing to mend: nothing in the database is later than the present time");
        return Ok(());
    }
    say(format_args!(
        "the newest time was {}, and is {} now: sessions ended: {}, grants ended: {}, with their tokens. A JWT access \
         token of a client that was signed ahead of time is valid until it expires; if there may be some, run passavant \
         key list, then passavant key retire --now KID",
        output::time(newest.0),
        output::time(now.0),
        ended.sessions,
        ended.grants,
    ));
    Ok(())
}
