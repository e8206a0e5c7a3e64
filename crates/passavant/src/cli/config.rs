//! `config check`, `config show`, and what can be configured at all.

use serde_json::{Map, Value, json};

use crate::{
    config::{KEYS, Layers, Origin, Problem, Problems, environment, page, schema},
    dev,
    global::Global,
    terminal::{Exit, Failure, Layout, output, say},
    wiring::{OpenFailure, check_files},
};

const LAYOUT: Layout = Layout { quiet: &["value"], columns: &["key", "value"] };
const ORIGIN: Layout = Layout { quiet: &["value"], columns: &["key", "value", "origin"] };

/// What is done with the configuration.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say everything that is wrong with it (exit 3), or that nothing is
    Check,
    /// Show what holds
    Show {
        /// Also say where each value comes from
        #[arg(long)]
        origin: bool,
    },
    /// Print every key with its variable, default and meaning, as Markdown
    Reference,
    /// Print a JSON Schema of the configuration file
    Schema,
}

impl ConfigCommand {
    /// Does it.
    ///
    /// # Errors
    /// [`Problems`], with exit code 3.
    pub(crate) fn run(self, global: &Global) -> Result<Exit, Failure> {
        match self {
            Self::Check => {
                let mut layers = layers(global)?;
                let checked = layers.check();
                layers.warnings.iter().for_each(|warning| say(format_args!("warning: {warning}")));
                let wrong = check_files(&checked?);
                if !wrong.is_empty() {
                    return Err(Problems(wrong.into_iter().map(problem).collect()).into());
                }
                say("the configuration is fine");
            }
            Self::Show { origin } => {
                let layers = layers(global)?;
                let look = if origin { &ORIGIN } else { &LAYOUT };
                let records: Vec<_> = KEYS.iter().map(|key| record(&layers, key.path, origin)).collect();
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
        return Layers::read(Some(&dev::file(global.data.as_deref())), &[], &[]);
    }
    Layers::read(global.file().as_deref(), &environment(), &[])
}

fn problem((key, failure): (&str, OpenFailure)) -> Problem {
    Problem { key: key.to_owned(), origin: None, text: failure.to_string() }
}

fn record(layers: &Layers, key: &str, with_origin: bool) -> Value {
    let mut record = Map::new();
    record.insert("key".to_owned(), key.into());
    let (value, origin) = match layers.value(key) {
        Some((value, origin)) => (json!(shown(value.texts())), origin),
        None => (Value::Null, &Origin::Default),
    };
    record.insert("value".to_owned(), value);
    if with_origin {
        record.insert("origin".to_owned(), origin.to_string().into());
    }
    record.into()
}

/// No key holds a secret itself, but a URL may hold one by mistake.
fn shown(texts: &[String]) -> Value {
    let hide = |text: &String| match text
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?)))
    {
        Some((scheme, (_, host))) => format!("{scheme}://...@{host}"),
        None => text.clone(),
    };
    match texts {
        [one] => hide(one).into(),
        several => several.iter().map(hide).collect::<Vec<_>>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        assert_eq!(shown(&["postgres://u:secret@db/x".to_owned()]), "postgres://...@db/x");
        assert_eq!(shown(&["sqlite:/var/lib/x.db".to_owned()]), "sqlite:/var/lib/x.db");
    }
}
