//! Rules for every source file: it begins with a description, it is short, and it is never `mod.rs`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::finding::Finding;

/// Lines of a file before its tests.
const LINES_MAX: usize = 400;

/// One source file: its path from the root of the workspace, and its text.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

/// Reads every `.rs` file under `crates/*/src`.
pub(super) fn measure(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut paths = Vec::new();
    for folder in entries(&root.join("crates"))? {
        let src = folder.join("src");
        if src.is_dir() {
            collect(&src, &mut paths)?;
        }
    }
    paths.sort();
    paths.into_iter().map(|path| read(root, &path)).collect()
}

/// The files that violate a rule.
pub(super) fn judge(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .flat_map(|source| [misnamed(source), unnamed(source), too_long(source)])
        .flatten()
        .collect()
}

fn misnamed(source: &Source) -> Option<Finding> {
    let folder = source.path.strip_suffix("/mod.rs")?;
    Some(source.finding("a module is never called mod.rs", format!("rename it to {folder}.rs")))
}

fn unnamed(source: &Source) -> Option<Finding> {
    if source.text.starts_with("//! ") {
        return None;
    }
    Some(source.finding(
        "its first line does not say what room this is",
        "begin the file with one line `//! ...` that describes the file".into(),
    ))
}

fn too_long(source: &Source) -> Option<Finding> {
    let lines = lines_before_tests(&source.text);
    if lines <= LINES_MAX {
        return None;
    }
    let stem = source.path.strip_suffix(".rs").unwrap_or(&source.path);
    Some(source.finding(
        &format!("{lines} lines before its tests, and the limit is {LINES_MAX}"),
        format!("move one of its subjects into a file of {stem}/"),
    ))
}

impl Source {
    fn finding(&self, wrong: &str, fix: String) -> Finding {
        Finding { place: self.path.clone(), wrong: wrong.into(), fix }
    }
}

/// Counts up to `#[cfg(test)]` on a module; the same attribute on a single item is still code.
fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let opens_tests = |at: &usize| {
        let item = lines[at + 1..].iter().find(|line| !line.starts_with("#["));
        lines[*at] == "#[cfg(test)]" && item.is_some_and(|line| line.starts_with("mod "))
    };
    (0..lines.len()).find(opens_tests).unwrap_or(lines.len())
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for path in entries(folder)? {
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    listed.map(|entry| Ok(entry?.path())).collect()
}

fn read(root: &Path, path: &Path) -> anyhow::Result<Source> {
    let text = std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(Source { path, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.into(), text: text.into() };
        judge(&[source]).into_iter().map(|finding| finding.wrong).collect()
    }

    fn lines(count: usize) -> String {
        format!("//! A file.\n{}", "\n".repeat(count - 1))
    }

    #[test]
    fn a_file_may_have_400_lines_before_its_tests() {
        assert_eq!(findings("a.rs", &lines(400)), Vec::<String>::new());
        assert_eq!(findings("a.rs", &lines(401)), ["401 lines before its tests, and the limit is 400"]);
    }

    #[test]
    fn tests_are_not_counted() {
        let tests = format!("#[cfg(test)]\n#[expect(dead_code)]\nmod tests {{\n{}}}\n", "\n".repeat(500));
        assert_eq!(lines_before_tests(&format!("{}{tests}", lines(400))), 400);
    }

    #[test]
    fn an_item_for_tests_alone_does_not_end_the_count() {
        let item = "#[cfg(test)]\nuse std::fmt;\n";
        assert_eq!(lines_before_tests(&format!("{item}{}", lines(10))), 12);
    }

    #[test]
    fn file_starts_with_a_description() {
        assert_eq!(findings("a.rs", "use std::fmt;\n"), ["its first line does not say what room this is"]);
        assert_eq!(findings("a.rs", ""), ["its first line does not say what room this is"]);
    }

    #[test]
    fn a_module_is_never_mod_rs() {
        assert_eq!(findings("a/mod.rs", "//! A file.\n"), ["a module is never called mod.rs"]);
    }
}
