//! The table of keys: one row is a key with its kind, default, example and meaning, and a field of its section.
//!
//! Reading, `config show`, the reference and the schema all go by these rows. `cargo xtask docs` compiles this file, the
//! sections, the kinds and `reference.rs` too, so they depend on nothing else in the binary.

use super::kind::{Kind, Shape};

/// What stands before each variable of the environment.
pub(crate) const PREFIX: &str = "PASSAVANT_";

/// One table of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    /// Its name and a dot; empty for keys above all tables.
    pub(crate) prefix: &'static str,
    /// What it is about, in Markdown.
    pub(crate) about: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [Key],
}

/// One key of the configuration.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// Table and name, joined by a dot.
    pub(crate) path: &'static str,
    /// The kind of its values.
    pub(crate) shape: &'static dyn Shape,
    /// The value where none is set, as the environment would have it.
    pub(crate) default: Option<&'static str>,
    /// A value that is accepted.
    pub(crate) example: &'static str,
    /// What it does, in Markdown.
    pub(crate) meaning: &'static str,
}

impl Key {
    /// The variable of the environment that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.to_ascii_uppercase().replace('.', "__"))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.path)
    }
}

/// Where the values of a section are read from. What does not fit is reported there.
pub(crate) trait Source {
    /// The value of a key, where it is one of this kind.
    fn take<K: Kind>(&mut self, key: &Key, kind: &K) -> Option<K::Held>;
}

/// The first text of several that may be there: an example goes before a default.
pub(crate) const fn first(texts: &[&'static str]) -> Option<&'static str> {
    match texts {
        [first, ..] => Some(first),
        [] => None,
    }
}

/// Makes a section of its rows: a struct with a typed field for each key, its rows, and the reading of both.
///
/// A row is `/// meaning`, then `name: Type = kind, default "value", example "value";`. Without a default the key has no
/// value until somebody sets it; without an example the default is one.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident at $prefix:literal {
            $(
                $(#[doc = $meaning:literal])+
                $field:ident: $held:ty = $kind:expr $(, default $default:literal)? $(, example $example:literal)?;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) struct $name {
            $($(#[doc = $meaning])+ pub(crate) $field: $held,)+
        }

        impl $name {
            /// Its rows.
            pub(crate) const SECTION: super::super::table::Section = super::super::table::Section {
                prefix: $prefix,
                about: concat!($($about),+),
                keys: &[$(super::super::table::Key {
                    path: concat!($prefix, stringify!($field)),
                    shape: &$kind,
                    default: super::super::table::first(&[$($default)?]),
                    example: super::super::table::first(&[$($example,)? $($default)?])
                        .expect("a row has a default or an example"),
                    meaning: concat!($($meaning),+),
                }),+],
            };

            /// Reads all of it. Every key is read, so that every problem is found.
            pub(crate) fn read(source: &mut impl super::super::table::Source) -> Option<Self> {
                let mut rows = Self::SECTION.keys.iter();
                $(let $field = source.take(rows.next()?, &$kind);)+
                Some(Self { $($field: $field?,)+ })
            }
        }
    };
}
