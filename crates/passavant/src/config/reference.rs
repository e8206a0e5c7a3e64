//! The reference of the configuration: a page for people, and a JSON Schema for their editors.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{
    sections::{SECTIONS, keys},
    table::{Key, Section},
};

const HEAD: &str = "\
# Configuration

Made by `cargo xtask docs --write` from the server's own table of keys; `passavant config reference` prints this page, and
`passavant config schema` the JSON Schema that lies beside it as `config.schema.json`.

The file is TOML: `passavant serve -c FILE`, or `PASSAVANT_CONFIG`, or `/etc/passavant/passavant.toml`. An unknown key is
refused, with its line. A key can be set in four places, and the later one wins: default, file, environment, flag.
`passavant config show --origin` prints the effective values and where each comes from; `passavant config check` lists
everything that is wrong.

A variable of the environment is `PASSAVANT_`, and the path of the key in capitals, its levels joined by `__`. With `_FILE`
behind it, it names a file that holds the value; giving both is an error. A list is written as TOML:
`PASSAVANT_HTTP__LISTEN='[\"127.0.0.1:4000\", \"[::1]:4000\"]'`.

A duration is a text of numbers with their units (`\"10 minutes\"`, `\"90 s\"`, `\"1h 30m\"`, `\"30d\"`; seconds, minutes, hours,
days and weeks), or a number of seconds.
";

/// The page, as Markdown.
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    for section in SECTIONS {
        page.push_str(&chapter(section));
    }
    page.push_str("\n## A whole file\n\nWith a value for every key:\n\n```toml\n");
    page.push_str(&example());
    page.push_str("```\n");
    page
}

/// A section with its keys.
fn chapter(section: &Section) -> String {
    let title = match section.prefix.strip_suffix('.') {
        Some(table) => format!("`[{table}]`"),
        None => "Above all tables".to_owned(),
    };
    let mut chapter = format!("\n## {title}\n\n{}\n\n", section.about.trim());
    chapter.push_str("| key | variable | holds | default | meaning |\n|---|---|---|---|---|\n");
    for key in section.keys {
        let default =
            key.default.map_or_else(|| "none".to_owned(), |default| format!("`{}`", key.shape.toml(default)));
        let (path, variable, holds, meaning) =
            (key.path, key.variable(), key.shape.holds(), key.meaning.trim());
        let _ = writeln!(chapter, "| `{path}` | `{variable}` | {holds} | {default} | {meaning} |");
    }
    chapter
}

/// The schema of the file (JSON Schema 2020-12). Nothing is required in it, since any key may come from elsewhere.
pub(crate) fn schema() -> Value {
    let mut schema = table();
    for key in keys() {
        place(&mut schema, key.path, key);
    }
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("title".to_owned(), "Configuration of passavant".into());
    whole.extend(schema);
    whole.into()
}

/// A file that sets every key.
fn example() -> String {
    let (mut text, mut open) = (String::new(), "");
    for key in keys() {
        let (table, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if table != open {
            let _ = writeln!(text, "[{table}]");
            open = table;
        }
        let _ = writeln!(text, "{name} = {}", key.shape.toml(key.example));
    }
    text
}

fn table() -> Map<String, Value> {
    let mut table = Map::new();
    table.insert("type".to_owned(), "object".into());
    table.insert("additionalProperties".to_owned(), false.into());
    table.insert("properties".to_owned(), Map::new().into());
    table
}

/// Puts a key where its path says, and makes the tables on the way there.
fn place(table_of: &mut Map<String, Value>, path: &str, key: &Key) {
    let Some(Value::Object(properties)) = table_of.get_mut("properties") else { return };
    let Some((first, rest)) = path.split_once('.') else {
        properties.insert(path.to_owned(), property(key));
        return;
    };
    let below = properties.entry(first).or_insert_with(|| table().into());
    if let Value::Object(below) = below {
        place(below, rest, key);
    }
}

fn property(key: &Key) -> Value {
    let mut property = key.shape.schema();
    property.insert("description".to_owned(), key.meaning.trim().into());
    if let Some(default) = key.default {
        property.insert("default".to_owned(), key.shape.typed(default));
    }
    property.insert("examples".to_owned(), json!([key.shape.typed(key.example)]));
    property.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_every_key_in_its_table_and_no_other() {
        let schema = schema();
        let mut count = 0;
        for key in keys() {
            let pointer = format!("/properties/{}", key.path.replace('.', "/properties/"));
            let property = schema.pointer(&pointer).unwrap_or_else(|| panic!("{pointer} in {schema}"));
            assert_eq!(property["description"], key.meaning.trim());
            let default = key.default.map(|default| key.shape.typed(default));
            assert_eq!(property.get("default"), default.as_ref());
            count += 1;
        }
        assert_eq!(schema.to_string().matches("\"description\"").count(), count);
        for table in ["", "/properties/http", "/properties/log"] {
            assert_eq!(schema.pointer(&format!("{table}/additionalProperties")), Some(&Value::Bool(false)));
        }
    }

    #[test]
    fn the_page_has_a_row_for_every_key() {
        let page = page();
        for key in keys() {
            let row = format!("| `{}` | `{}` | ", key.path, key.variable());
            assert_eq!(page.matches(&row).count(), 1, "{row} in {page}");
        }
    }
}
