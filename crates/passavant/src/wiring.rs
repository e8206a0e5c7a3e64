//! One installation, put together: the configuration, the store, the server over it, the directory.
//!
//! The server and the command line are the same embedder: both use nothing but the public interfaces of the crates.

pub(crate) mod master_key;

use std::{
    fs,
    io::{self, Read as _},
    num::NonZero,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use accounts::{Directory, DirectoryAccounts, Logo, Passwords, StyledPages, pages::LOGO_BYTES_MAX};
use admin::Administration;
use fetching::{ClientSettings, NamedBy, ReqwestFetch, SystemClock};
use protocol::{Issuer, Timestamp};
use server::{
    AuthorizationServer, Fault, MasterKey, Ports, Settings,
    ports::{Clock, Entropy, SystemEntropy},
    store::{Actor, Store},
};
use sqlite::{OpenError, Options, SqliteStore};

use crate::config::{Branding, Config};
use master_key::MasterKeyError;

/// Fetches at the same time; more of them wait, within their deadline.
const FETCHES_MAX: usize = 4;

/// What a command works with.
pub(crate) struct Installation {
    /// What the operator said.
    pub(crate) config: Config,
    /// The server over it.
    pub(crate) server: AuthorizationServer,
    /// The accounts in it.
    pub(crate) directory: Arc<dyn Directory>,
    /// What secrets are kept under.
    pub(crate) master: Arc<MasterKey>,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// How pages look.
    pub(crate) pages: StyledPages,
}

/// Who opens the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The server: the only one on its file.
    Server,
    /// The server, which refuses to bring an older schema up to date.
    ServerAsIs,
    /// A command, beside a running server or without one.
    Tool,
}

impl Installation {
    /// Opens everything that the configuration names.
    ///
    /// # Errors
    /// [`OpenFailure`]
    pub(crate) async fn open(config: Config, role: Role) -> Result<Self, OpenFailure> {
        let settings = config.settings.clone();
        let master = Arc::new(MasterKey::new(&*master_key::read(&config.master_key_file)?));
        check_private(&config.database)?;
        let options = Options { migrate: role != Role::ServerAsIs, server: role != Role::Tool };
        let store = SqliteStore::open_with(&config.database, options)?;
        let issuer = Arc::new(store.issuer(&Issuer::new(config.issuer.as_str()))?);
        let newest: Timestamp = issuer.newest().await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::starting_at(newest));
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let directory: Arc<dyn Directory> = issuer.clone();
        let pages = pages(&settings, &config.branding)?;
        let ports = Ports {
            store: issuer.clone(),
            accounts: Arc::new(DirectoryAccounts(directory.clone())),
            clock: clock.clone(),
            entropy: entropy.clone(),
            fetch: Arc::new(operator_fetch(&config.issuer)),
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
        })
    }
}

/// Fetches the key sets of clients and resources, whose URLs the operator registered.
fn operator_fetch(issuer: &str) -> ReqwestFetch {
    ReqwestFetch::deferred(ClientSettings {
        named_by: Some(NamedBy::operator_of(issuer)),
        concurrent_max: Some(FETCHES_MAX),
        ..ClientSettings::default()
    })
}

/// Why an installation can't be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenFailure {
    /// The logo is not usable.
    #[error("the logo {} {text}", path.display())]
    Logo {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// No master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// Others could read the tokens' digests and everybody's claims.
    #[error("{} may be read by others (mode {mode:04o}): chmod 600 it first", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The folder of the database can't be looked into.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store fails.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl OpenFailure {
    /// Whether the operator can put it right by the configuration.
    pub(crate) fn is_configuration(&self) -> bool {
        match self {
            Self::Logo { .. } | Self::MasterKey(_) | Self::Exposed { .. } | Self::Unreadable { .. } => true,
            Self::Store(_) | Self::Fault(_) => false,
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
    let database = check_private(&config.database).err().map(|error| ("database.url", error));
    let logo = config.branding.logo.as_deref().and_then(|path| logo(path).err());
    key.into_iter().chain(database).chain(logo.map(|error| ("branding.logo", error))).collect()
}

/// Refuses a file that others than its owner may touch. One that is not there yet is made private.
fn check_private(path: &Path) -> Result<(), OpenFailure> {
    match fs::metadata(path) {
        Ok(found) => {
            let mode = found.permissions().mode() & 0o7777;
            if mode & 0o077 != 0 {
                return Err(OpenFailure::Exposed { path: path.to_owned(), mode });
            }
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(OpenFailure::Unreadable { path: path.to_owned(), source }),
    }
}
