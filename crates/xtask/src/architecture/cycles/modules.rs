//! The modules of one crate, and the file to which a path refers.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;

use super::paths::{Alias, Contents, Named};
use crate::architecture::files::Source;

/// A module, as segments below the root of its crate.
type Module = Vec<String>;

/// Re-exports of one name that are followed at most.
const STEPS_MAX: usize = 8;

/// The modules of one crate that are files.
pub(super) struct Modules {
    /// Each with its path in the project.
    files: BTreeMap<Module, String>,
    contents: BTreeMap<Module, Contents>,
}

impl Modules {
    /// Reads the sources of one crate.
    pub(super) fn read(sources: &[&Source]) -> anyhow::Result<Self> {
        let mut modules = Self { files: BTreeMap::new(), contents: BTreeMap::new() };
        for source in sources {
            let contents =
                Contents::read(&source.text).with_context(|| format!("could not parse {}", source.path))?;
            let module = module(&source.path);
            modules.files.insert(module.clone(), source.path.clone());
            modules.contents.insert(module, contents);
        }
        Ok(modules)
    }

    /// The files of the crate that this file names.
    pub(super) fn imports_of(&self, file: &str) -> BTreeSet<String> {
        let own = module(file);
        let named = self.contents.get(&own).map(|contents| contents.paths.as_slice()).unwrap_or_default();
        let mut imports: BTreeSet<String> =
            named.iter().filter_map(|named| self.file_of(&own, named)).cloned().collect();
        imports.remove(file);
        imports
    }

    fn file_of(&self, own: &Module, named: &Named) -> Option<&String> {
        let module = [own.as_slice(), &named.within].concat();
        self.files.get(&self.lead(&module, &named.path, STEPS_MAX)?)
    }

    /// The module that defines what a path means in a module, if it is of this crate.
    fn lead(&self, from: &Module, path: &[String], steps: usize) -> Option<Module> {
        let (start, rest) = self.start(from, path, steps)?;
        let mut at = start;
        let mut rest = rest;
        while let [next, after @ ..] = rest {
            let deeper = [at.as_slice(), std::slice::from_ref(next)].concat();
            if !self.files.contains_key(&deeper) {
                break;
            }
            (at, rest) = (deeper, after);
        }
        match rest {
            [name, ..] if name != "*" => {
                Some(self.exported(&at, name, steps).unwrap_or_else(|| self.whole(at)))
            }
            _ => Some(self.whole(at)),
        }
    }

    /// Where a path begins: the root, a parent, a module beside, or a name that was brought in.
    fn start<'p>(&self, from: &Module, path: &'p [String], steps: usize) -> Option<(Module, &'p [String])> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some((Vec::new(), rest)),
            "self" => Some((from.clone(), rest)),
            "super" => {
                let mut at = from.clone();
                at.pop()?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.start(&at, rest, steps),
                    _ => Some((at, rest)),
                }
            }
            _ if self.files.contains_key(&[from.as_slice(), std::slice::from_ref(first)].concat()) => {
                Some((from.clone(), path))
            }
            name if steps > 0 => {
                let named = self.brought_in(from, name)?;
                (named.path != path).then(|| self.lead(from, &named.path, steps - 1))?.map(|at| (at, rest))
            }
            _ => None,
        }
    }

    /// The declaration that brings a name into a module.
    fn brought_in(&self, module: &Module, name: &str) -> Option<&Named> {
        let paths = &self.contents.get(module)?.paths;
        paths.iter().find(|named| named.alias.as_ref().is_some_and(|alias| alias.name == name))
    }

    /// Where a name is defined that a module hands on.
    fn exported(&self, module: &Module, name: &str, steps: usize) -> Option<Module> {
        let contents = self.contents.get(module)?;
        if steps == 0 || contents.items.iter().any(|item| item == name) {
            return None;
        }
        let exported = |named: &&Named| named.alias.as_ref().is_some_and(|alias| alias.exported);
        let exact = |named: &&Named| named.alias.as_ref().is_some_and(|alias: &Alias| alias.name == name);
        if let Some(named) = contents.paths.iter().filter(exported).find(exact) {
            return self.lead(module, &named.path, steps - 1);
        }
        let whole = contents
            .paths
            .iter()
            .filter(exported)
            .filter(|named| named.path.last().is_some_and(|p| p == "*"));
        whole.filter_map(|named| self.lead(module, &named.path[..named.path.len() - 1], steps - 1)).find(
            |at| self.contents.get(at).is_some_and(|contents| contents.items.iter().any(|item| item == name)),
        )
    }

    /// The module that is a file: itself, or the one that it stands in.
    fn whole(&self, mut module: Module) -> Module {
        while !self.files.contains_key(&module) && module.pop().is_some() {}
        module
    }
}

/// `crates/x/src/a/b.rs` is `a::b`; `lib.rs` and `main.rs` are the root.
fn module(path: &str) -> Module {
    let below = path.split_once("/src/").map_or(path, |(_, below)| below);
    let below = below.strip_suffix(".rs").unwrap_or(below);
    match below {
        "lib" | "main" => Module::new(),
        below => below.split('/').map(str::to_owned).collect(),
    }
}
