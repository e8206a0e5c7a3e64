//! Import cycles inside a crate: files that can only be read, moved or tested together.

mod modules;
mod paths;

use std::collections::{BTreeMap, BTreeSet};

use super::{files::Source, finding::Finding};
use modules::Modules;

/// Files that may import each other in a loop without a reason.
const FILES_MAX: usize = 3;

/// Larger cycles that stay, each with its reason. One that grows, shrinks or goes needs its row changed.
const ALLOWED: &[Cycle] = &[];

/// A cycle that is known.
struct Cycle {
    /// Its files, in order.
    files: &'static [&'static str],
    /// Why it stays.
    reason: &'static str,
}

/// The imports of one crate: each file, and the files of the same crate that it names.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Every cycle of more than [`FILES_MAX`] files that has no reason, and every reason without a cycle.
pub(super) fn judge(sources: &[Source]) -> anyhow::Result<Vec<Finding>> {
    let found = crates(sources)
        .into_values()
        .map(|sources| Ok(cycles(&imports(&sources)?)))
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat();
    Ok(compare(&found, ALLOWED))
}

fn compare(found: &[Vec<String>], allowed: &[Cycle]) -> Vec<Finding> {
    let unknown = found
        .iter()
        .filter(|files| files.len() > FILES_MAX && !allowed.iter().any(|cycle| cycle.files == files.as_slice()))
        .map(|files| Finding {
            place: files[0].clone(),
            wrong: format!("{} files import each other in a cycle: {}", files.len(), files.join(", ")),
            fix: "move what both sides need below both of them; if the cycle must stay, give it a row with its reason \
                  in ALLOWED in crates/xtask/src/architecture/cycles.rs"
                .into(),
        });
    let stale = allowed
        .iter()
        .filter(|cycle| !found.iter().any(|files| cycle.files == files.as_slice()))
        .map(|cycle| Finding {
            place: cycle.files.first().copied().unwrap_or_default().into(),
            wrong: format!("the cycle that may stay because {:?} is not there as listed", cycle.reason),
            fix: "change or remove its row in ALLOWED in crates/xtask/src/architecture/cycles.rs".into(),
        });
    unknown.chain(stale).collect()
}

/// The sources of each crate, by the path of its `src`.
fn crates(sources: &[Source]) -> BTreeMap<&str, Vec<&Source>> {
    let mut crates = BTreeMap::<_, Vec<_>>::new();
    for source in sources {
        if let Some(end) = source.path.find("/src/") {
            crates.entry(&source.path[..end + "/src".len()]).or_default().push(source);
        }
    }
    crates
}

fn imports(sources: &[&Source]) -> anyhow::Result<Imports> {
    let modules = Modules::read(sources)?;
    Ok(sources.iter().map(|source| (source.path.clone(), modules.imports_of(&source.path))).collect())
}

/// The strongly connected parts of more than one file, each in order. (Two files are in one part if each can be reached
/// from the other; the graphs are small, so reaching is simply tried from every file.)
fn cycles(imports: &Imports) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        imports.keys().map(|file| (file, reachable(imports, file))).collect();
    let mut seen = BTreeSet::new();
    let mut cycles = Vec::new();
    for (file, others) in &reached {
        if seen.contains(*file) || !others.contains(*file) {
            continue;
        }
        let together: Vec<String> = others
            .iter()
            .filter(|other| reached.get(**other).is_some_and(|back| back.contains(*file)))
            .map(|other| (*other).clone())
            .collect();
        seen.extend(together.iter().cloned());
        if together.len() > 1 {
            cycles.push(together);
        }
    }
    cycles
}

/// What can be reached from a file by at least one import.
fn reachable<'a>(imports: &'a Imports, from: &str) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&String> = imports.get(from).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(imports.get(next).into_iter().flatten());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source { path: format!("x/src/{path}"), text: (*text).into() })
            .collect();
        let sources: Vec<&Source> = sources.iter().collect();
        let short = |file: String| file.trim_start_matches("x/src/").to_owned();
        cycles(&imports(&sources).expect("parses"))
            .into_iter()
            .map(|files| files.into_iter().map(short).collect())
            .collect()
    }

    #[test]
    fn files_that_import_each_other_are_a_cycle() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::{self, B};"),
            ("b.rs", "use super::c::C;"),
            ("c.rs", "fn f() { crate::a::f() }"),
        ];
        assert_eq!(found(&files), [["a.rs", "b.rs", "c.rs"]]);
    }

    #[test]
    fn a_file_that_only_declares_another_does_not_import_it() {
        let files = [("lib.rs", "mod a; pub struct Top;"), ("a.rs", "use super::Top;")];
        assert_eq!(found(&files), Vec::<Vec<String>>::new());
    }

    #[test]
    fn reexported_name_counts_as_an_import_from_its_definition() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
            ("a.rs", "use crate::B; pub struct A;"),
            ("b.rs", "use crate::{A as Other}; pub struct B;"),
        ];
        assert_eq!(found(&files), [["a.rs", "b.rs"]]);
    }

    #[test]
    fn tests_may_import_what_they_like() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B;"),
            (
                "b.rs",
                "#[cfg(test)] mod tests { use crate::a::A; } #[cfg(test)] use crate::a::A; #[test] fn t() { crate::a::f() }",
            ),
        ];
        assert_eq!(found(&files), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_module_inside_a_file_counts_as_its_file() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod inner { use super::super::b::B; } pub struct A;"),
            ("b.rs", "use crate::a; fn f() -> a::A { todo!() }"),
        ];
        assert_eq!(found(&files), [["a.rs", "b.rs"]]);
    }

    #[test]
    fn large_cycles_need_a_reason_and_reasons_a_cycle() {
        let cycle: Vec<String> = ["a.rs", "b.rs", "c.rs", "d.rs"].map(String::from).into();
        assert_eq!(compare(std::slice::from_ref(&cycle), &[]).len(), 1);
        assert_eq!(compare(&[cycle[..3].to_vec()], &[]), []);
        let row = Cycle { files: &["a.rs", "b.rs", "c.rs", "d.rs"], reason: "it is one thing" };
        assert_eq!(compare(&[cycle], std::slice::from_ref(&row)), []);
        assert_eq!(compare(&[], &[row]).len(), 1);
    }
}
