//! The paths in a source file: its `use` declarations, and the full paths in its code. Tests are ignored.

use syn::{
    Attribute, ImplItem, Item, ItemMod, ItemUse, Path, UseTree, Visibility,
    visit::{self, Visit},
};

/// One path from a module, and what it is called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The module inside the file that names it, as segments below the file's own module.
    pub(super) within: Vec<String>,
    /// The path; `*` stands for everything.
    pub(super) path: Vec<String>,
    /// For a `use` declaration: what it brings in, and whether others may see it.
    pub(super) alias: Option<Alias>,
}

/// What a `use` declaration brings in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alias {
    /// The name, `*` for everything.
    pub(super) name: String,
    /// Whether other modules can import it.
    pub(super) exported: bool,
}

/// What is needed of a source file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The paths that it names.
    pub(super) paths: Vec<Named>,
    /// The items that it defines at its top.
    pub(super) items: Vec<String>,
    within: Vec<String>,
}

impl Contents {
    /// Reads a file.
    pub(super) fn read(text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        let mut contents = Self { items: file.items.iter().filter_map(name).collect(), ..Self::default() };
        contents.visit_file(&file);
        Ok(contents)
    }

    fn name_path(&mut self, path: Vec<String>, alias: Option<Alias>) {
        self.paths.push(Named { within: self.within.clone(), path, alias });
    }

    fn walk(&mut self, tree: &UseTree, before: &[String], exported: bool) {
        let with = |last: String| [before, &[last]].concat();
        let alias = |name: String| Some(Alias { name, exported });
        match tree {
            UseTree::Path(part) => self.walk(&part.tree, &with(part.ident.to_string()), exported),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.walk(item, before, exported)),
            UseTree::Name(part) if part.ident == "self" => {
                let name = before.last().cloned().unwrap_or_default();
                self.name_path(before.to_vec(), alias(name));
            }
            UseTree::Name(part) => {
                self.name_path(with(part.ident.to_string()), alias(part.ident.to_string()))
            }
            UseTree::Rename(part) => {
                let path = if part.ident == "self" { before.to_vec() } else { with(part.ident.to_string()) };
                self.name_path(path, alias(part.rename.to_string()));
            }
            UseTree::Glob(_) => self.name_path(with("*".into()), alias("*".into())),
        }
    }
}

impl<'ast> Visit<'ast> for Contents {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes(item).iter().any(is_of_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let is_test = matches!(item, ImplItem::Fn(function) if function.attrs.iter().any(is_of_tests));
        if !is_test {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.within.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.within.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.walk(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.segments.len() > 1 {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.name_path(segments, None);
        }
        visit::visit_path(self, path);
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]` and what else is built for tests only.
fn is_of_tests(attribute: &Attribute) -> bool {
    let path = attribute.path();
    if path.segments.last().is_some_and(|segment| segment.ident == "test") {
        return true;
    }
    path.is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| {
            let condition = list.tokens.to_string();
            condition == "test" || condition.starts_with("all (test") || condition.starts_with("all(test")
        })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
