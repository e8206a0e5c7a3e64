//! `apply`: makes the registry what a file says.

mod remote;

use std::path::PathBuf;

use admin::{ApplyMode, Difference, operations::Apply};

use crate::{
    global::Global,
    terminal::{Exit, Failure, Format, output, read_world, say},
};
use remote::{Asked, Remote};

/// Options of `apply`.
#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    /// File with clients, resources, users and scopes: .json or .toml, or - for JSON from standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Show what would change without changing it
    #[arg(long)]
    dry_run: bool,
    /// Delete what an earlier apply created and the file no longer lists; users are disabled instead
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    remote: Remote,
}

impl ApplyArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`admin::ApplyError`]; exit code 3 where the document is invalid.
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
        let administration = global.administration().await?;
        let world = read_world(&self.file, &administration)?;
        let mode = if self.prune { ApplyMode::Prune } else { ApplyMode::Replace };
        Ok(Apply { world: &world, mode, dry_run: self.dry_run }.run(&administration).await?)
    }
}
