//! The environment: the one file of the binary that reads it.
//!
//! `PASSAVANT_` and the path of the key in capitals, its levels joined by `__`; with `_FILE` behind, the value is
//! read from the file of that name. A list is written as TOML.

use std::{ffi::OsString, path::Path};

use super::{
    layer::Layer,
    problem::Origin,
    sections::keys,
    table::{Key, PREFIX},
    value::Value,
};
use protocol::secret_text;
use server::spelling::suggestion;

/// The variable by which many programs are told what to log.
const RUST_LOG: &str = "RUST_LOG";
/// The key that it sets.
const LOG_FILTER: &str = "log.filter";

/// Longest value that is read from a file, in bytes.
const VALUE_BYTES_MAX: usize = 64 * 1024;

/// Variables with a meaning of their own: the one below, those by which `apply --server` shows who asks, and those of an
/// API's guard, which may well run beside us.
const OTHERS: &[&str] = &[
    "CONFIG",
    "AUDIENCE",
    "TOKEN",
    "JWKS_URL",
    "INTROSPECTION_URL",
    "INTROSPECTION_RESPONSE",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "CLIENT_AUTH",
    "DECRYPTION_KEY_FILE",
    "REQUIRED_SCOPES",
    "CACHE_SECONDS",
    "DPOP",
    "DPOP_NONCE_SECRET",
];

/// Every variable that is meant for passavant, and `RUST_LOG`.
#[expect(clippy::disallowed_methods, reason = "this is the one file that reads the environment")]
pub(crate) fn environment() -> Vec<(String, OsString)> {
    let own = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut own: Vec<_> = own.filter(|(name, _)| name.starts_with(PREFIX) || name == RUST_LOG).collect();
    own.sort();
    own
}

/// The file that `PASSAVANT_CONFIG` names.
pub(crate) fn config_file(environment: &[(String, OsString)]) -> Option<&Path> {
    let named = environment.iter().find(|(name, _)| name == "PASSAVANT_CONFIG");
    named.map(|(_, path)| Path::new(path)).filter(|path| !path.as_os_str().is_empty())
}

/// Only those variables that configure logging.
pub(crate) fn logging(mut environment: Vec<(String, OsString)>) -> Vec<(String, OsString)> {
    environment
        .retain(|(name, _)| name == RUST_LOG || named(name).is_some_and(|(key, _)| key.path == LOG_FILTER));
    environment
}

/// The value of `RUST_LOG`; an empty one counts as unset.
pub(super) fn rust_log(environment: &[(String, OsString)]) -> Layer {
    let mut layer = Layer::default();
    let said = environment.iter().find(|(name, value)| name == RUST_LOG && !value.is_empty());
    if let (Some((_, value)), Some(key)) = (said, keys().find(|key| key.path == LOG_FILTER)) {
        let value = Value::Text(value.to_string_lossy().into_owned());
        layer.set(key, value, Origin::Environment(RUST_LOG.to_owned()));
    }
    layer
}

/// The values of the variables.
pub(super) fn read(environment: &[(String, OsString)]) -> Layer {
    let mut layer = Layer::default();
    let mut taken: Vec<(&'static str, &str)> = Vec::new();
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let origin = Origin::Environment(name.clone());
        let Some((key, by_file)) = named(name) else {
            if !OTHERS.contains(&rest) && !is_service_link(rest, value) {
                layer.warnings.push(unknown(name));
            }
            continue;
        };
        if let Some((_, other)) = taken.iter().find(|(path, _)| *path == key.path) {
            layer.refuse(key.path, origin, format!("{other} is set as well; keep one of them"));
            continue;
        }
        taken.push((key.path, name));
        let text = match by_file {
            false => value.to_str().map(str::to_owned).ok_or_else(|| "is not UTF-8".to_owned()),
            true => from_file(name, Path::new(value), &mut layer.warnings),
        };
        match text.and_then(|text| parse(&text)) {
            Ok(value) => layer.set(key, value, origin),
            Err(problem) => layer.refuse(key.path, origin, problem),
        }
    }
    layer
}

/// The key of a variable, and whether a file holds its value.
fn named(name: &str) -> Option<(&'static Key, bool)> {
    let find = |name: &str| keys().find(|key| key.variable() == name);
    match find(name) {
        Some(key) => Some((key, false)),
        None => find(name.strip_suffix("_FILE")?).map(|key| (key, true)),
    }
}

/// What a file holds, as a secret is read: without what is around it.
fn from_file(name: &str, path: &Path, warnings: &mut Vec<String>) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if text.len() > VALUE_BYTES_MAX {
        return Err(format!("{}: is longer than {VALUE_BYTES_MAX} bytes", path.display()));
    }
    let bare = secret_text::secret(&text);
    if bare.is_trimmed {
        warnings.push(format!("{name}: {}: {}", path.display(), secret_text::TRIMMED));
    }
    Ok(bare.text.to_owned())
}

fn parse(text: &str) -> Result<Value, String> {
    if !text.starts_with('[') {
        return Ok(Value::Text(text.to_owned()));
    }
    // An IPv6 address in brackets is not a list.
    if text.parse::<std::net::SocketAddr>().is_ok() {
        return Ok(Value::Text(text.to_owned()));
    }
    let list: toml::Table =
        format!("list = {text}").parse().map_err(|_| "is not a TOML list of texts".to_owned())?;
    let texts = list
        .get("list")
        .and_then(toml::Value::as_array)
        .map(|list| list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>());
    texts.flatten().map(Value::List).ok_or_else(|| "is not a TOML list of texts".to_owned())
}

/// What Kubernetes sets for a service that is called `passavant` or begins so.
fn is_service_link(rest: &str, value: &OsString) -> bool {
    let rest = format!("_{rest}");
    let link = value
        .to_str()
        .is_some_and(|value| ["tcp://", "udp://", "sctp://"].iter().any(|s| value.starts_with(s)));
    link || rest.ends_with("_PORT") || rest.contains("_PORT_") || rest.contains("_SERVICE_")
}

fn unknown(name: &str) -> String {
    let known: Vec<String> = keys().map(Key::variable).collect();
    format!("{name} is set, but no such key is known{}", suggestion(name, known.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::super::{check::Config, layers::Layers};
    use super::*;

    fn layers(variables: &[(&str, &str)]) -> Layers {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(*value))).collect();
        Layers::read(None, &variables, &[]).expect("no file")
    }

    #[test]
    fn every_key_is_set_by_its_path_in_capitals() {
        let layers = layers(&[
            ("PASSAVANT_DATABASE__URL", "sqlite:/x"),
            ("PASSAVANT_HTTP__LISTEN", r#"["127.0.0.1:1", "[::1]:1"]"#),
            ("PASSAVANT_MANAGEMENT__LISTEN", "[::1]:2"),
            ("PASSAVANT_ISSUER", "https://id.example.org"),
        ]);
        let value = |path| &layers.value(path).expect("set").0;
        assert_eq!(value("database.url"), &Value::Text("sqlite:/x".into()));
        assert_eq!(value("http.listen"), &Value::List(vec!["127.0.0.1:1".into(), "[::1]:1".into()]));
        assert_eq!(value("management.listen"), &Value::Text("[::1]:2".into()));
        let origin = &layers.value("issuer").expect("set").1;
        assert_eq!(origin, &Origin::Environment("PASSAVANT_ISSUER".into()));
    }

    #[test]
    fn a_value_comes_from_a_file_and_a_key_that_ends_in_file_is_itself() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "https://id.example.org\n").expect("written");
        let layers = layers(&[
            ("PASSAVANT_ISSUER_FILE", file.path().to_str().expect("a path")),
            ("PASSAVANT_SECRETS__MASTER_KEY_FILE", "/k"),
        ]);
        assert_eq!(layers.value("issuer").expect("set").0, Value::Text("https://id.example.org".into()));
        assert_eq!(layers.value("secrets.master_key_file").expect("set").0, Value::Text("/k".into()));
    }

    #[test]
    fn a_value_and_its_file_together_are_refused() {
        let mut layers =
            layers(&[("PASSAVANT_ISSUER", "https://id.example.org"), ("PASSAVANT_ISSUER_FILE", "/nowhere")]);
        let problems = Config::of(&mut layers).expect_err("both");
        assert!(problems.to_string().contains("PASSAVANT_ISSUER is set as well"), "{problems}");
    }

    #[test]
    fn the_own_key_goes_before_rust_log_and_rust_log_before_the_default() {
        let both = layers(&[("PASSAVANT_LOG__FILTER", "warn"), ("RUST_LOG", "debug")]);
        assert_eq!(both.value("log.filter").expect("set").0, Value::Text("warn".into()));
        let one = layers(&[("RUST_LOG", "debug")]);
        let (value, origin) = one.value("log.filter").expect("set");
        assert_eq!((value, origin.to_string().as_str()), (&Value::Text("debug".into()), "RUST_LOG"));
        assert_eq!(layers(&[("RUST_LOG", "")]).value("log.filter").expect("set").1, Origin::Default);
    }

    #[test]
    fn unknown_variables_are_reported_and_service_links_are_not() {
        let layers = layers(&[
            ("PASSAVANT_DATABSE__URL", "x"),
            ("PASSAVANT_PORT", "tcp://10.0.0.1:4000"),
            ("PASSAVANT_PORT_4000_TCP_ADDR", "10.0.0.1"),
            ("PASSAVANT_SERVICE_HOST", "10.0.0.1"),
            ("PASSAVANT_MANAGEMENT_SERVICE_PORT", "4001"),
            ("PASSAVANT_AUDIENCE", "https://notes.example"),
        ]);
        assert_eq!(layers.warnings.len(), 1, "{:?}", layers.warnings);
        assert!(layers.warnings[0].contains("did you mean `PASSAVANT_DATABASE__URL`?"));
    }
}
