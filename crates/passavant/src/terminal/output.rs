//! What commands print: data on standard output, messages on standard error.

use std::{
    fmt::{Display, Write as _},
    io::{self, Write as _},
};

use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr as _;

use super::failure::{Failure, failed};

/// The output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns
    #[default]
    Table,
    /// JSON, with the member names that `apply` reads
    Json,
    /// The same as YAML
    Yaml,
    /// NAME=value lines for a shell
    Env,
    /// Only ids and secrets, one per line
    Quiet,
}

/// Which members of a kind of record are shown.
pub(crate) struct Layout {
    /// The members that `--format quiet` prints, and that come first in a table of one record.
    pub(crate) quiet: &'static [&'static str],
    /// The columns of a table.
    pub(crate) columns: &'static [&'static str],
}

/// Which page of a long list.
#[derive(Debug, clap::Args)]
pub(crate) struct Page {
    /// List only what comes after this id
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
    /// List at most this many
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

impl Page {
    /// How many to query: one more than are shown, to see whether there are more.
    pub(crate) fn asked(&self) -> u32 {
        self.limit + 1
    }

    /// Cuts the list to the page, with a message if there is more.
    pub(crate) fn cut<T>(&self, mut found: Vec<T>, id: impl Fn(&T) -> String) -> Vec<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if found.len() > limit {
            found.truncate(limit);
            if let Some(last) = found.last() {
                say(format_args!("there are more: --after {}", id(last)));
            }
        }
        found
    }
}

/// Prints many records.
///
/// # Errors
/// Where standard output can't be written.
pub(crate) fn list(format: Format, layout: &Layout, records: &[Value]) -> Result<(), Failure> {
    let text = match format {
        Format::Table => table(layout.columns, records),
        Format::Json => json(&Value::Array(records.to_vec())),
        Format::Yaml => yaml(&Value::Array(records.to_vec())),
        Format::Env => records.iter().map(env).collect::<Vec<_>>().join("\n"),
        Format::Quiet => records.iter().map(|record| quiet(layout, record)).collect(),
    };
    print(&text)
}

/// Prints one record.
///
/// # Errors
/// Where standard output can't be written.
pub(crate) fn one(format: Format, layout: &Layout, record: &Value) -> Result<(), Failure> {
    let text = match format {
        Format::Table => sheet(layout, record),
        Format::Json => json(record),
        Format::Yaml => yaml(record),
        Format::Env => env(record),
        Format::Quiet => quiet(layout, record),
    };
    print(&text)
}

/// Prints text as it is.
///
/// # Errors
/// Where standard output can't be written. A closed pipe (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(failed(format!("could not write to standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a message on standard error, if it can be written.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

fn quiet(layout: &Layout, record: &Value) -> String {
    let shown = layout.quiet.iter().filter_map(|name| record.get(name));
    shown.fold(String::new(), |text, value| text + &cell("", value) + "\n")
}

fn table(columns: &[&str], records: &[Value]) -> String {
    let head = columns.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>();
    let cells = |record: &Value| -> Vec<String> {
        columns.iter().map(|name| record.get(name).map_or(String::new(), |value| cell(name, value))).collect()
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(records.iter().map(cells)).collect();
    aligned(&rows)
}

/// One record as a table of two columns, those of `quiet` first.
pub(crate) fn sheet(layout: &Layout, record: &Value) -> String {
    let first = layout.quiet.iter().filter_map(|name| record.get(name).map(|value| (*name, value)));
    let members = record.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value));
    let others = members.filter(|(name, _)| !layout.quiet.contains(name));
    let row = |(name, value): (&str, &Value)| vec![name.to_owned(), cell(name, value)];
    aligned(&first.chain(others).map(row).collect::<Vec<_>>())
}

fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let line = row.iter().zip(&widths).fold(String::new(), |mut line, (cell, width)| {
            // `{:width$}` counts characters; a terminal gives some of them two columns, and some none.
            let padding = width - cell.width();
            let _ = write!(line, "{cell}{:padding$}  ", "");
            line
        });
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A value as text, without control characters, which a terminal would interpret.
fn cell(name: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(seconds) if is_time(name) => seconds.as_i64().map_or_else(|| seconds.to_string(), time),
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            items.iter().map(|item| cell(name, item)).collect::<Vec<_>>().join(" ")
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    text.chars().map(|character| if character.is_control() { '?' } else { character }).collect()
}

/// A time as people read it (RFC 3339), in UTC.
pub(crate) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

fn is_time(name: &str) -> bool {
    name.ends_with("_at") || matches!(name, "exp" | "iat" | "nbf" | "auth_time")
}

fn env(record: &Value) -> String {
    let mut text = String::new();
    for (name, value) in record.as_object().into_iter().flatten() {
        let name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        let value = if is_time(&name.to_lowercase()) { value.to_string() } else { cell("", value) };
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
        if value.chars().all(plain) {
            let _ = writeln!(text, "{name}={value}");
        } else {
            let _ = writeln!(text, "{name}='{}'", value.replace('\'', r"'\''"));
        }
    }
    text
}

fn yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Array(items) => yaml_items(items, 0, &mut text),
        Value::Object(members) => yaml_members(members, 0, &mut text),
        scalar => text = format!("{scalar}\n"),
    }
    text
}

fn yaml_items(items: &[Value], depth: usize, text: &mut String) {
    if items.is_empty() && depth == 0 {
        text.push_str("[]\n");
    }
    for item in items {
        let mut inner = String::new();
        match item {
            Value::Object(members) if !members.is_empty() => yaml_members(members, depth + 1, &mut inner),
            other => inner = format!("{}{other}\n", "  ".repeat(depth + 1)),
        }
        let _ = write!(text, "{}- {}", "  ".repeat(depth), inner.trim_start());
    }
}

/// Scalars are written as JSON writes them, which YAML 1.2 reads the same.
fn yaml_members(members: &Map<String, Value>, depth: usize, text: &mut String) {
    for (name, value) in members {
        let _ = write!(text, "{}{}:", "  ".repeat(depth), yaml_name(name));
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                yaml_members(inner, depth + 1, text);
            }
            Value::Array(inner) if !inner.is_empty() => {
                text.push('\n');
                yaml_items(inner, depth + 1, text);
            }
            other => {
                let _ = writeln!(text, " {other}");
            }
        }
    }
}

/// YAML 1.1 reads some plain words as booleans, so everything but a registered name with an underscore is quoted.
fn yaml_name(name: &str) -> String {
    let plain = name.contains('_') && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if plain { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_aligned_columns() {
        let rows = [json!({"client_id": "shop", "scope": "a b"}), json!({"client_id": "x"})];
        assert_eq!(table(&["client_id", "scope"], &rows), "CLIENT_ID  SCOPE\nshop       a b\nx\n");
    }

    #[test]
    fn a_wide_character_takes_two_columns_and_a_combining_one_none() {
        let rows = [json!({"name": "山田", "sub": "1"}), json!({"name": "e\u{301}", "sub": "2"})];
        assert_eq!(table(&["name", "sub"], &rows), "NAME  SUB\n山田  1\ne\u{301}     2\n");
    }

    #[test]
    fn table_cells_cannot_contain_terminal_escapes() {
        assert_eq!(cell("client_name", &json!("a\u{1b}[2Jb\r\n")), "a?[2Jb??");
    }

    #[test]
    fn times_read_as_times_and_lists_as_words() {
        assert_eq!(cell("expires_at", &json!(0)), "1970-01-01T00:00:00Z");
        assert_eq!(cell("access_token_lifetime", &json!(600)), "600");
        assert_eq!(cell("scopes", &json!(["a", "b"])), "a b");
    }

    #[test]
    fn an_environment_line_survives_a_shell() {
        let record = json!({"client_id": "shop", "client_name": "It's $HOME", "expires_at": 7});
        assert_eq!(env(&record), "CLIENT_ID=shop\nCLIENT_NAME='It'\\''s $HOME'\nEXPIRES_AT=7\n");
    }

    #[test]
    fn yaml_nests_and_quotes() {
        let record =
            json!([{"client_id": "no", "jwks": {"keys": [{"kty": "EC"}]}, "redirect_uris": ["a", "b"]}]);
        let expected = "- client_id: \"no\"\n  \"jwks\":\n    \"keys\":\n      - \"kty\": \"EC\"\n  \
                        redirect_uris:\n    - \"a\"\n    - \"b\"\n";
        assert_eq!(yaml(&record), expected);
    }
}
