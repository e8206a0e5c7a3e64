//! `apply`: makes the registry what a file says.

mod remote;

use std::{num::NonZero, path::PathBuf, sync::Arc};

use accounts::{PasswordCost, Passwords};
use server::Fault;

use crate::world::{self, Difference, Manner, World};
use crate::{
    global::Global,
    terminal::{Exit, Failure, Format, output, say},
};
use remote::{Asked, Remote};

/// Which file, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    /// Clients, resources, users and scopes under their registered names; JSON or TOML, by its extension, or - for JSON
    /// from standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete what an earlier apply made and the file no longer lists; users are disabled instead
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    remote: Remote,
}

impl ApplyArgs {
    /// Does it.
    ///
    /// # Errors
    /// [`world::Wrongs`], with exit code 3, and the store's.
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let difference = match &self.remote.server {
            Some(server) => {
                let asked = Asked { file: &self.file, dry_run: self.dry_run, prune: self.prune };
                self.remote.apply(server, asked, global).await?
            }
            None => self.apply_here(global).await?,
        };
        match global.format {
            Format::Json | Format::Yaml | Format::Env => {
                output::one(
                    global.format,
                    &output::Layout { quiet: &[], columns: &[] },
                    &difference.to_value(),
                )?;
            }
            Format::Table | Format::Quiet => {
                difference.warnings.iter().for_each(|warning| say(format_args!("warning: {warning}")));
                let changes =
                    if global.format == Format::Table { difference.to_string() } else { String::new() };
                output::print(&format!("{changes}{}\n", difference.count()))?;
                if self.dry_run {
                    say("nothing was changed: this was a dry run");
                }
            }
        }
        Ok(Exit::Ok)
    }

    async fn apply_here(&self, global: &Global) -> Result<Difference, Failure> {
        let installation = global.installation().await?;
        let world = World::read(&self.file, &installation)?;
        let manner = if self.prune { Manner::Prune } else { Manner::Replace };
        let passwords = std::sync::OnceLock::new();
        let hasher = || hasher(&passwords, installation.config.password_cost);
        Ok(match self.dry_run {
            true => world::difference(&installation, &world, manner).await?,
            false => world::settle(&installation, &hasher, &world, manner).await?,
        })
    }
}

/// Made when the first password is to be hashed: that takes as long as one hash.
fn hasher(kept: &std::sync::OnceLock<Arc<Passwords>>, cost: PasswordCost) -> Result<Arc<Passwords>, Fault> {
    if let Some(passwords) = kept.get() {
        return Ok(passwords.clone());
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let made = Passwords::new(cost, Arc::new(server::ports::SystemEntropy), cores)?;
    Ok(kept.get_or_init(|| Arc::new(made)).clone())
}
