//! From the rows of the families to the one `Reason`.
//!
//! `family!` turns the rows of a file into a macro that puts them behind those it is given and hands all on to `reasons!`,
//! which asks one family after the other and makes the enum of what it has then. So `Reason` is one flat list, which
//! callers match on, and a new reason is one row in one file:
//!
//! ```text
//! /// The rule that was broken, with the section that demands it.
//! VariantName, "variant_name", RegisteredCode, Plain or Suspicious, "What the peer is told";
//! ```
//!
//! The slug is the variant's name in snake case and follows one grammar with the reasons of `resource`: the thing, then
//! what is wrong with it (`client_secret_wrong`, `code_expired`), in words of a closed list. `docs/errors.md` has the
//! grammar; the test `crates/passavant/tests/reasons.rs` has the list, and holds both crates to it.

/// The rows of one family. The `$` in front is handed in since a macro can't write one into a macro that it makes.
macro_rules! family {
    ($dollar:tt $family:ident $($row:tt)+) => {
        macro_rules! $family {
            (rows { $dollar($dollar before:tt)* } of $dollar($dollar more:ident)*) => {
                reasons! { rows { $dollar($dollar before)* $($row)+ } of $dollar($dollar more)* }
            };
        }
    };
}

macro_rules! reasons {
    (of $($families:ident)+) => {
        reasons! { rows {} of $($families)+ }
    };
    (rows { $($rows:tt)* } of $next:ident $($more:ident)*) => {
        $next! { rows { $($rows)* } of $($more)* }
    };
    (rows {
        $(
            $(#[doc = $rule:literal])+
            $variant:ident $(($parameter:ident: $type:ty))?,
            $slug:literal, $code:ident, $severity:ident, $description:expr;
        )+
    } of) => {
        /// Why a request is refused. The doc comment of each is the rule, with its section.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $rule])+ $variant $(($type))?,)+
        }

        impl Reason {
            /// All of them; one that names a parameter stands here once, with a placeholder.
            pub const ALL: &[Self] = &[$(Self::$variant $((stringify!($parameter)))?,)+];

            /// The stable word for it: in pages, logs, metrics and `docs/errors.md`.
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $slug,)+
                }
            }

            /// The registered code that the peer reads.
            pub const fn code(self) -> ErrorCode {
                match self {
                    $(Self::$variant { .. } => ErrorCode::$code,)+
                }
            }

            /// How much attention it deserves.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant { .. } => Severity::$severity,)+
                }
            }

            /// What the peer is told: characters of RFC 6749 §5.2, and never which part of a credential was wrong.
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$variant $(($parameter))? => $description,)+
                }
            }

            /// The rule that the request broke, with the section that demands it.
            pub const fn rule(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => concat!($($rule),+).trim_ascii(),)+
                }
            }
        }
    };
}
