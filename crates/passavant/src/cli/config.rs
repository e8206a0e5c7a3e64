//! `config ..`: checks and shows the configuration, and prints its reference.

use serde_json::{Map, Value};

use crate::{
    config::{
        Config, Key, Layers, Origin, Problem, Problems, Value as Written, environment, keys, page, redacted,
        schema,
    },
    dev,
    global::Global,
    terminal::{Exit, Failure, Layout, output, say},
    wiring::{OpenFailure, check_files},
};

const LAYOUT: Layout = Layout { quiet: &["value"], columns: &["key", "value"] };
const ORIGIN: Layout = Layout { quiet: &["value"], columns: &["key", "value", "origin"] };

/// Checks and shows the configuration.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the configuration, and list every problem (exit code 3)
    Check,
    /// Show the effective values
    Show {
        /// Show where each value comes from
        #[arg(long)]
        origin: bool,
    },
    /// Print every key with its variable, default and meaning, as Markdown
    Reference,
    /// Print a JSON Schema of the configuration file
    Schema,
}

/// The key without which clients behind a proxy are not told apart.
const PROXIES: &str = "http.trusted_proxies";

impl ConfigCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// [`Problems`], with exit code 3.
    pub(crate) fn run(self, global: &Global) -> Result<Exit, Failure> {
        match self {
            Self::Check => {
                let mut layers = layers(global)?;
                let checked = Config::of(&mut layers);
                layers.warnings.iter().for_each(|warning| say(format_args!("warning: {warning}")));
                let config = checked.map_err(|problems| global.without_file(problems))?;
                if config.trusted_proxies.is_empty()
                    && layers.warnings.iter().all(|warning| !warning.contains(PROXIES))
                {
                    say(format_args!("note: {PROXIES} is empty: behind a proxy, name its address there"));
                }
                let wrong = check_files(&config);
                if !wrong.is_empty() {
                    return Err(Problems(wrong.into_iter().map(problem).collect()).into());
                }
                say("the configuration is valid");
            }
            Self::Show { origin } => {
                let layers = layers(global)?;
                let look = if origin { &ORIGIN } else { &LAYOUT };
                let records: Vec<_> = keys().map(|key| record(&layers, key, origin)).collect();
                output::list(global.format, look, &records)?;
            }
            Self::Reference => output::print(&page())?,
            Self::Schema => output::print(&format!("{:#}\n", schema()))?,
        }
        Ok(Exit::Ok)
    }
}

fn layers(global: &Global) -> Result<Layers, Problems> {
    if global.dev {
        return dev::layers(global.data.as_deref());
    }
    Layers::read(global.file().as_deref(), &environment(), &[])
}

fn problem((key, failure): (&str, OpenFailure)) -> Problem {
    Problem { key: key.to_owned(), origin: None, text: failure.to_string() }
}

fn record(layers: &Layers, key: &Key, with_origin: bool) -> Value {
    let mut record = Map::new();
    record.insert("key".to_owned(), key.path.into());
    let (value, origin) = match layers.value(key.path) {
        Some((value, origin)) => (shown(key, value), origin),
        None => (Value::Null, &Origin::Default),
    };
    record.insert("value".to_owned(), value);
    if with_origin {
        record.insert("origin".to_owned(), origin.to_string().into());
    }
    record.into()
}

/// No key holds a secret itself, but a URL may hold one by mistake. A list of one is shown as that one.
fn shown(key: &Key, value: &Written) -> Value {
    match value {
        Written::Text(text) => key.shape.typed(&redacted(text)),
        Written::Integer(number) => (*number).into(),
        Written::Boolean(flag) => (*flag).into(),
        Written::List(list) => match list.as_slice() {
            [one] => redacted(one).into(),
            several => several.iter().map(|text| redacted(text)).collect::<Vec<_>>().into(),
        },
    }
}
