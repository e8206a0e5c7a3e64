//! `cargo xtask docs`: pages that are made from the code, so that they stay true: which test shows which requirement,
//! every reason to refuse, and every key of the configuration.

mod config;
mod peers;

use std::{fmt::Write as _, path::Path};

use anyhow::{Context as _, bail};

use crate::steps::{command, execute, workspace};

const TESTS: &str = "crates/server/tests/service";
/// With the features of `cargo test`, so that what it has built is used.
const ERRORS: [&str; 8] =
    ["test", "--quiet", "--workspace", "--all-features", "--test", "reasons", "--", "docs_errors_md"];
const HEAD: &str = "\
# Requirements, and the tests that show them

Made by `cargo xtask docs --write` from the authorization server's tests: a test is named by its requirement, and its
doc line is the section that demands it. The stores have `testkit::store_suite!`, the API side `crates/resource/tests`,
tokens and keys `crates/jose/tests`, peers and browser `interop/`.
";

/// Compares the pages with the code, or renews them.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let write = match arguments {
        [] => false,
        [one] if one == "--write" => true,
        _ => bail!("the only option is --write"),
    };
    let pages = [
        ("docs/specs.md", page(&workspace().join(TESTS))?),
        ("docs/config.md", config::page()),
        ("docs/config.schema.json", config::schema()),
    ];
    for (document, page) in pages {
        let path = workspace().join(document);
        if write {
            std::fs::write(&path, page).with_context(|| format!("could not write {document}"))?;
        } else if std::fs::read_to_string(&path).unwrap_or_default() != page {
            bail!("{document} is not what the code says\n    fix: cargo xtask docs --write");
        }
        println!("docs: {document} is what the code says");
    }
    errors(write)?;
    peers::check()?;
    println!("docs: {} names tests that are there", peers::DOCUMENT);
    Ok(())
}

/// `docs/errors.md` is made of values of `server` and `resource`, so a test that links both compares it, or writes it.
fn errors(write: bool) -> anyhow::Result<()> {
    let mut test = command("cargo", &ERRORS);
    if write {
        test.env("PASSAVANT_WRITE_DOCS", "1");
    }
    execute(&mut test)
}

fn page(folder: &Path) -> anyhow::Result<String> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    files.retain(|path| {
        path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("main.rs")
    });
    files.sort();
    let mut page = HEAD.to_owned();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let title = title(&text);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        write!(page, "\n## {title}\n\n`{TESTS}/{name}`\n\n| requirement | demanded by |\n|---|---|\n")?;
        for (test, demanded) in tests(&text) {
            writeln!(page, "| `{test}` | {} |", demanded.replace('|', "\\|"))?;
        }
    }
    Ok(page)
}

/// The first paragraph of a file's doc comment on one line, without its period: a heading.
fn title(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//! "));
    lines.collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

/// Each test of a file, with the doc comment above it on one line.
fn tests(text: &str) -> Vec<(&str, String)> {
    let (mut found, mut doc, mut is_test) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
        if let Some(words) = line.strip_prefix("///") {
            doc.push_str(words);
        } else if line == "#[test]" || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((name, _)) = name.filter(|_| is_test) {
            found.push((name, std::mem::take(&mut doc).trim().to_owned()));
            is_test = false;
        } else if !line.starts_with("#[") {
            doc.clear();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_the_whole_first_paragraph() {
        let text = "//! One line,\n//! and its end.\n//!\n//! Another paragraph.\nuse a;\n";
        assert_eq!(title(text), "One line, and its end");
    }

    #[test]
    fn a_test_is_listed_with_its_doc_line() {
        let text = "/// RFC 1 §2:\n/// a | b\n#[tokio::test]\nasync fn it_holds() {\n}\n\n/// No test.\nfn other() {}\n\n#[test]\nfn bare() {}\n";
        assert_eq!(tests(text), [("it_holds", "RFC 1 §2: a | b".to_owned()), ("bare", String::new())]);
    }
}
