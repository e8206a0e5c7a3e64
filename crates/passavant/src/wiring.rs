//! One installation: its configuration, its storage, the server and the directory over it.
//!
//! `serve` and the other commands embed the server in the same way, by the public interfaces of the crates.

pub(crate) mod master_key;

use std::{
    fs,
    io::Read as _,
    num::NonZero,
    path::{Path, PathBuf},
    sync::Arc,
};

use accounts::{Directory, DirectoryAccounts, Logo, Passwords, StyledPages, pages::LOGO_BYTES_MAX};
use admin::Administration;
use fetching::{ClientSettings, NamedBy, ReqwestFetch, SystemClock};
use protocol::Timestamp;
use server::{
    AuthorizationServer, Fault, MasterKey, Ports, Settings,
    ports::{Clock, Entropy, SystemEntropy},
    store::Actor,
};

pub(crate) use crate::storage::{Opening, Role};
use crate::{
    config::{Branding, Config, print_duration},
    storage::{Storage, StorageError},
    terminal::output::time,
};
use master_key::MasterKeyError;

/// Most concurrent fetches; others wait, within their deadline.
const FETCHES_MAX: usize = 4;

/// Everything that a command works with.
pub(crate) struct Installation {
    /// Its configuration.
    pub(crate) config: Config,
    /// Its authorization server.
    pub(crate) server: AuthorizationServer,
    /// Its accounts.
    pub(crate) directory: Arc<dyn Directory>,
    /// The key that encrypts secrets at rest.
    pub(crate) master: Arc<MasterKey>,
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The pages, with name and logo.
    pub(crate) pages: StyledPages,
}

impl Installation {
    /// Opens everything that the configuration names.
    ///
    /// # Errors
    /// [`OpenFailure`]
    pub(crate) async fn open(config: Config, opening: Opening) -> Result<Self, OpenFailure> {
        let settings = config.settings.clone();
        let master = Arc::new(MasterKey::new(&*master_key::read(&config.master_key_file)?));
        let Storage { store, directory } = config.database.open(&settings.issuer, opening).await?;
        let clock = clock(store.newest().await?)?;
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let pages = pages(&settings, &config.branding)?;
        let ports = Ports {
            store,
            accounts: Arc::new(DirectoryAccounts(directory.clone())),
            clock: clock.clone(),
            entropy: entropy.clone(),
            fetch: Arc::new(operator_fetch(&config.issuer)),
            strangers_fetch: Arc::new(strangers_fetch(&config)),
            pages: Arc::new(pages.clone()),
            master: master.clone(),
        };
        let server = AuthorizationServer::assemble(settings, ports);
        Ok(Self { config, server, directory, master, clock, entropy, pages })
    }

    /// What operations work on, done by this actor. Hashes as many passwords at once as there are cores.
    ///
    /// # Errors
    /// Where no password can be hashed at this cost.
    pub(crate) fn administration(&self, actor: Actor) -> Result<Administration, Fault> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let passwords = Passwords::new(self.config.password_cost, self.entropy.clone(), cores)?;
        Ok(Administration {
            server: self.server.clone(),
            directory: self.directory.clone(),
            passwords: Arc::new(passwords),
            password_rule: self.config.password_rule,
            actor,
            request_id: None,
            peer: None,
        })
    }
}

/// Seconds that the newest time in the store may be ahead of the system's clock. Clocks of machines that share a
/// database, or of one before and after a restart, differ by less.
const AHEAD_SECONDS_MAX: i64 = 5 * 60;

/// The clock, which does not start before the newest time that was written.
///
/// # Errors
/// [`OpenFailure::Ahead`]: until the system's clock has caught up, nothing would expire.
fn clock(newest: Timestamp) -> Result<Arc<dyn Clock>, OpenFailure> {
    let system = SystemClock::default().now();
    if newest.since(system) > AHEAD_SECONDS_MAX {
        return Err(OpenFailure::Ahead { newest, system });
    }
    Ok(Arc::new(SystemClock::starting_at(newest)))
}

/// Fetches the key sets of clients and resources, whose URLs the operator registered.
fn operator_fetch(issuer: &str) -> ReqwestFetch {
    ReqwestFetch::deferred(ClientSettings {
        named_by: Some(NamedBy::operator_of(issuer)),
        concurrent_max: Some(FETCHES_MAX),
        ..ClientSettings::default()
    })
}

/// Fetches what clients name that the operator did not register.
fn strangers_fetch(config: &Config) -> ReqwestFetch {
    let documents = config.settings.client_documents.as_ref();
    // The configuration permits it to an issuer of plain http only.
    let named_by = match documents.is_some_and(|documents| documents.danger_loopback) {
        true => NamedBy::operator_of(&config.issuer),
        false => NamedBy::Stranger,
    };
    ReqwestFetch::deferred(ClientSettings {
        named_by: Some(named_by),
        concurrent_max: Some(FETCHES_MAX),
        ..ClientSettings::default()
    })
}

/// Why an installation can't be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenFailure {
    /// The store was written under a clock that was ahead.
    #[error(
        "the database was last written at {}, which is {} ahead of the clock of this machine ({}): until then time would \
         stand still, and nothing would expire. If this clock is wrong, set it. If it was wrong when the database was \
         written, run passavant db reset-time, with the same --config or --dev: it ends what was issued ahead of time",
        time(newest.0),
        print_duration(std::time::Duration::from_secs(newest.since(*system).unsigned_abs())),
        time(system.0)
    )]
    Ahead {
        /// The newest time in the database.
        newest: Timestamp,
        /// The time of this machine.
        system: Timestamp,
    },
    /// The logo is invalid.
    #[error("the logo {} {text}", path.display())]
    Logo {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// The master key is missing or invalid.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database can't be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl OpenFailure {
    /// Whether the configuration is at fault.
    pub(crate) fn is_configuration(&self) -> bool {
        match self {
            Self::Logo { .. } | Self::MasterKey(_) => true,
            Self::Storage(error) => error.is_configuration(),
            Self::Ahead { .. } | Self::Fault(_) => false,
        }
    }
}

/// The pages, under the name and logo of the organization.
fn pages(settings: &Settings, branding: &Branding) -> Result<StyledPages, OpenFailure> {
    let pages = StyledPages::new(settings);
    let pages = match &branding.name {
        Some(name) => pages.named(name),
        None => pages,
    };
    Ok(match &branding.logo {
        Some(path) => pages.with_logo(logo(path)?),
        None => pages,
    })
}

fn logo(path: &Path) -> Result<Logo, OpenFailure> {
    let refused = |text: String| OpenFailure::Logo { path: path.to_owned(), text };
    let most = u64::try_from(LOGO_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    read.map_err(|error| refused(error.to_string()))?;
    Logo::new(bytes).map_err(|error| refused(error.to_string()))
}

/// What is wrong with the files that a configuration names. A database that is not there yet will be made.
pub(crate) fn check_files(config: &Config) -> Vec<(&'static str, OpenFailure)> {
    let key = master_key::read(&config.master_key_file).err();
    let key = key.map(|error| ("secrets.master_key_file", error.into()));
    let database = config.database.check().err().map(|error| ("database.url", error.into()));
    let logo = config.branding.logo.as_deref().and_then(|path| logo(path).err());
    key.into_iter().chain(database).chain(logo.map(|error| ("branding.logo", error))).collect()
}
