//! `init`: what a new installation needs, written once, and the steps that remain.

mod files;

use std::{
    fs,
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use protocol::{
    display::Shown,
    uri::{self, Parts},
};
use server::{Settings, ports::SystemEntropy};

use crate::{
    config::DEFAULT_FILE,
    global::Global,
    terminal::{Exit, Failure, failed, misused, output, unusable},
    wiring::master_key,
};
use files::Installation;

/// Where the state of an installation is that has no folder of its own.
const STATE: &str = "/var/lib/passavant";
/// Where systemd looks for units of this machine.
const UNIT: &str = "/etc/systemd/system/passavant.service";
/// The user that a server of a whole machine runs as.
const USER: &str = "passavant";
/// The port behind a proxy.
const PORT: u16 = 4000;

/// What the server is called, and where its files go.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// URL of the server, as browsers will open it: https, or http on this machine
    #[arg(value_name = "ISSUER")]
    issuer: String,
    /// Folder for all files; without one, /etc/passavant and /var/lib/passavant
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    folder: Option<PathBuf>,
    /// Address that the server listens on, for the proxy in front of it [default: 127.0.0.1:4000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// Where the files go.
struct Paths {
    config: PathBuf,
    key: PathBuf,
    state: PathBuf,
    unit: PathBuf,
    caddy: PathBuf,
    nginx: PathBuf,
}

impl InitArgs {
    /// Runs the command. No file is overwritten.
    ///
    /// # Errors
    /// [`Failure`]: an invalid issuer; a file that is there already or can't be written, by its path.
    pub(crate) fn run(mut self, global: &Global) -> Result<Exit, Failure> {
        self.issuer.truncate(self.issuer.trim_end_matches('/').len());
        Settings::new(&self.issuer).map_err(|why| misused(format_args!("{}: {why}", Shown(&self.issuer))))?;
        let (paths, user) = self.paths(global)?;
        for path in [&paths.config, &paths.unit, &paths.caddy, &paths.nginx] {
            if path.exists() {
                return Err(failed(format_args!(
                    "{} is there already: nothing was written. Remove it first, or give another --folder",
                    path.display()
                )));
            }
        }
        let binary = std::env::current_exe().map_err(failed)?;
        let installation = Installation {
            issuer: &self.issuer,
            listen: self.listen(),
            is_local: is_local(&self.issuer),
            binary: &binary,
            config: &paths.config,
            key: &paths.key,
            state: &paths.state,
            user,
        };
        make_folder(&paths.state, 0o700)?;
        let mut text = String::new();
        let mut done = |what: &str, path: &Path| text.push_str(&format!("{what:<15}{}\n", path.display()));
        match master_key::write_new(&paths.key, &SystemEntropy) {
            Ok(()) => done("master key", &paths.key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => done("kept the key", &paths.key),
            Err(error) => return Err(unusable(&paths.key, &error)),
        }
        write_new(&paths.config, &installation.config_file(), 0o640)?;
        done("configuration", &paths.config);
        done("state", &paths.state);
        write_new(&paths.unit, &installation.unit(), 0o644)?;
        done("systemd unit", &paths.unit);
        if !installation.is_local {
            write_new(&paths.caddy, &installation.caddy(), 0o644)?;
            write_new(&paths.nginx, &installation.nginx(), 0o644)?;
            done("Caddy", &paths.caddy);
            done("nginx", &paths.nginx);
        }
        text.push_str(&installation.next_steps(&paths.unit, &paths.caddy, &paths.nginx));
        output::print(&text)?;
        Ok(Exit::Ok)
    }

    /// The paths, and the user that the server runs as: that of the machine, or the owner of the folder.
    fn paths(&self, global: &Global) -> Result<(Paths, String), Failure> {
        let given = global.config.as_deref().filter(|path| *path != Path::new(DEFAULT_FILE));
        let folder = match (&self.folder, given) {
            (Some(folder), _) => Some(folder.clone()),
            (None, Some(file)) => Some(file.parent().unwrap_or(Path::new("")).to_owned()),
            (None, None) => None,
        };
        let Some(folder) = folder else {
            let config = PathBuf::from(DEFAULT_FILE);
            let folder = make_folder(config.parent().unwrap_or(Path::new("/")), 0o750)?;
            let in_folder = |name: &str| folder.join(name);
            let paths = Paths {
                key: in_folder("master.key"),
                state: STATE.into(),
                unit: UNIT.into(),
                caddy: in_folder("Caddyfile"),
                nginx: in_folder("nginx.conf"),
                config,
            };
            return Ok((paths, USER.to_owned()));
        };
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let folder = make_folder(&folder, 0o700)?;
        let owner = fs::metadata(&folder).map_err(|error| unusable(&folder, &error))?.uid();
        let name = given.and_then(Path::file_name).unwrap_or("passavant.toml".as_ref());
        let paths = Paths {
            config: folder.join(name),
            key: folder.join("master.key"),
            state: folder.join("data"),
            unit: folder.join("passavant.service"),
            caddy: folder.join("Caddyfile"),
            nginx: folder.join("nginx.conf"),
        };
        Ok((paths, owner.to_string()))
    }

    /// Where the server listens: without a proxy in front, at the port of its URL.
    fn listen(&self) -> SocketAddr {
        let port =
            Parts::of(&self.issuer).ok().filter(|_| is_local(&self.issuer)).and_then(|parts| parts.port);
        self.listen.unwrap_or((Ipv4Addr::LOCALHOST, port.unwrap_or(PORT)).into())
    }
}

/// Whether browsers reach the server without a proxy: by plain http, on this machine.
fn is_local(issuer: &str) -> bool {
    uri::Parts::of(issuer).is_ok_and(|parts| parts.scheme == "http")
}

/// Makes a folder that is missing, and answers its absolute path.
fn make_folder(folder: &Path, mode: u32) -> Result<PathBuf, Failure> {
    let made = fs::DirBuilder::new().recursive(true).mode(mode).create(folder);
    made.and_then(|()| folder.canonicalize()).map_err(|error| unusable(folder, &error))
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| unusable(path, &error))
}
