//! Every key of the configuration: the one table that reading, `config show`, the reference and the schema go by.
//!
//! `cargo xtask docs` compiles this file and `reference.rs` too, so they lean on nothing of the binary.

/// What stands before each variable of the environment.
pub(crate) const PREFIX: &str = "PASSAVANT_";

/// Every key that can be set, and what holds where nobody does.
pub(crate) const KEYS: &[Key] = &[
    Key {
        path: "issuer",
        holds: Holds::One("URL"),
        default: None,
        example: "https://id.example.org",
        meaning: "The only public URL, without a slash at its end; no header of a request ever changes it. Required. \
                  `http` is taken for a loopback host alone, with a warning.",
    },
    Key {
        path: "http.listen",
        holds: Holds::Several("address and port"),
        default: Some("127.0.0.1:4000"),
        example: "127.0.0.1:4000",
        meaning: "Where requests come in: plain HTTP, for a proxy in front. At least one; port 0 is one that the \
                  system picks.",
    },
    Key {
        path: "http.trusted_proxies",
        holds: Holds::Several("address, or network (`10.0.0.0/8`)"),
        default: None,
        example: "127.0.0.1",
        meaning: "Whose `X-Forwarded-For` is believed. It tells who fails to sign in, and never builds a URL.",
    },
    Key {
        path: "management.listen",
        holds: Holds::One("address and port"),
        default: None,
        example: "127.0.0.1:4001",
        meaning: "Where `/health/live` and `/health/ready` are told, on a port of its own; nowhere unless it is set.",
    },
    Key {
        path: "database.url",
        holds: Holds::One("`sqlite:` and a path"),
        default: Some("sqlite:/var/lib/passavant/passavant.db"),
        example: "sqlite:/var/lib/passavant/passavant.db",
        meaning: "The database. It is made where there is none. A path in the file starts at the folder of the file.",
    },
    Key {
        path: "secrets.master_key_file",
        holds: Holds::One("path"),
        default: Some("/etc/passavant/master.key"),
        example: "/etc/passavant/master.key",
        meaning: "The master key, which seals the signing keys at rest; `passavant key master FILE` writes one. A path \
                  in the file starts at the folder of the file.",
    },
    Key {
        path: "log.filter",
        holds: Holds::Several("directive of `tracing`"),
        default: Some("info"),
        example: "info",
        meaning: "What is logged to standard error: `error`, `warn`, `info`, `debug`, `trace`, or `target=level`, joined \
                  by commas.",
    },
];

/// One key of the configuration.
#[derive(Debug)]
pub(crate) struct Key {
    /// Tables and name, joined by dots.
    pub(crate) path: &'static str,
    /// What is written behind it.
    pub(crate) holds: Holds,
    /// What holds where nobody says anything.
    pub(crate) default: Option<&'static str>,
    /// A value that is taken.
    pub(crate) example: &'static str,
    /// What it does, in Markdown.
    pub(crate) meaning: &'static str,
}

/// What is written behind a key, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// One text.
    One(&'static str),
    /// One text, or a list of them.
    Several(&'static str),
}

impl Key {
    /// The variable of the environment that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.to_ascii_uppercase().replace('.', "__"))
    }
}
