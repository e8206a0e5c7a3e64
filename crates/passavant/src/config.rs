//! The configuration: a file, the environment and flags, read in layers, checked as a whole, then plain values.

mod check;
mod duration;
#[cfg(test)]
mod effects;
mod env;
mod file;
mod jwt_bearer;
mod kind;
mod layer;
mod layers;
mod problem;
mod reference;
mod registration;
#[macro_use]
mod table;
mod sections;
mod tls;
mod value;

use std::path::{Path, PathBuf};

pub(crate) use check::{Config, log_filter};
pub(crate) use duration::{parse as parse_duration, print as print_duration};
pub(crate) use env::{environment, logging};
pub(crate) use layers::Layers;
pub(crate) use problem::{Origin, Problem, Problems};
pub(crate) use reference::{page, schema};
pub(crate) use sections::{branding::Branding, keys};
pub(crate) use table::Key;
pub(crate) use value::{Value, redacted};

/// Where the configuration is looked for when nobody names a file.
pub(crate) const DEFAULT_FILE: &str = "/etc/passavant/passavant.toml";

/// The file that `PASSAVANT_CONFIG` names.
pub(crate) fn named_file() -> Option<PathBuf> {
    env::config_file(&environment()).map(Path::to_owned)
}
