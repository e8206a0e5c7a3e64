//! Builds a guard from environment variables; no other file reads them.

mod shape;

use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use jose::{DecryptionKey, KeyError, KeyManagement};
use protocol::secret_text;
use zeroize::Zeroizing;

use crate::face::builder::GuardBuilder;
use crate::face::guard::Guard;
use crate::judging::introspection::{AnswerForm, ClientAuth};
use crate::judging::verifier::Mode;
use crate::limits::{CACHE_SECONDS, KEY_FILE_BYTES_MAX};
use crate::proof::dpop::Dpop;

impl Guard {
    /// A guard configured by the `PASSAVANT_*` variables, with the HTTP client of the feature `client`. An empty
    /// variable counts as absent.
    ///
    /// | variable | value |
    /// |---|---|
    /// | `PASSAVANT_ISSUER` | the trusted issuer; required |
    /// | `PASSAVANT_AUDIENCE` | the audience of tokens; required |
    /// | `PASSAVANT_TOKEN` | `auto` (default), `jwt`, `introspection` |
    /// | `PASSAVANT_JWKS_URL`, `PASSAVANT_INTROSPECTION_URL` | default: by discovery |
    /// | `PASSAVANT_INTROSPECTION_RESPONSE` | `auto` (default: only `jwt` with a decryption key), `json`, `jwt` |
    /// | `PASSAVANT_CLIENT_ID`, `PASSAVANT_CLIENT_SECRET` | the credentials for introspection |
    /// | `PASSAVANT_CLIENT_AUTH` | `basic` (default), `post`, `bearer`: then the secret is the token |
    /// | `PASSAVANT_DECRYPTION_KEY_FILE` | a private key in PEM or a private JWK |
    /// | `PASSAVANT_REQUIRED_SCOPES` | all of them are needed; separated by spaces |
    /// | `PASSAVANT_CACHE_SECONDS` | how long introspection answers are cached: default 10, 0 disables the cache |
    /// | `PASSAVANT_DPOP` | `off` (default), `accept`, `require`: then the audience must be a URL, or the origin known |
    /// | `PASSAVANT_DPOP_NONCE_SECRET` | at least 32 bytes, which nodes of one API share: [`GuardBuilder::dpop_nonces`] |
    /// | `PASSAVANT_PROVIDER` | the [`Provider`] whose tokens are accepted as it issues them: `keycloak`, `entra`, .. |
    /// | `PASSAVANT_AUDIENCE_RULE` | an [`AudienceRule`]: `exact` (default), `exact-or-absent`, `exact-or-client`, `url-prefix`, or `CLAIM=VALUE VALUE`: another claim has one of these values |
    /// | `PASSAVANT_ORIGIN` | the origin at which clients reach this API, for DPoP; default: that of the audience |
    /// | `PASSAVANT_ALGORITHMS` | the accepted algorithms, separated by spaces; default: all that need no shared secret |
    /// | `PASSAVANT_LEEWAY_SECONDS` | how far clocks may differ: default 30 |
    /// | `PASSAVANT_ACCEPT_UNTYPED_JWT` | `true`: [`GuardBuilder::accept_untyped_jwt`]; default `false` |
    /// | `PASSAVANT_ACCEPT_MISSING_SUBJECT` | `true`: [`GuardBuilder::accept_missing_subject`]; default `false` |
    /// | `PASSAVANT_SCOPES_FROM`, `PASSAVANT_ROLES_FROM` | claims, separated by spaces: [`GuardBuilder::scopes_from`], [`GuardBuilder::roles_from`] |
    /// | `PASSAVANT_CLIENT_FROM` | a claim: [`GuardBuilder::client_from`] |
    /// | `PASSAVANT_TOKEN_BYTES_MAX` | longest token, in bytes: default 8192, and 16384 with a provider |
    ///
    /// # Errors
    ///
    /// [`EnvError`], which lists every problem.
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
    pub fn from_env() -> Result<Self, EnvError> {
        let builder = GuardBuilder::from_lookup(|name| std::env::var(name).ok())?;
        builder.build().map_err(|error| EnvError(vec![error.to_string()]))
    }
}

impl GuardBuilder {
    /// As [`Guard::from_env`], but with a function that looks up each variable by name, so that values may come from
    /// elsewhere. `None` means that it is not set.
    ///
    /// # Errors
    ///
    /// [`EnvError`], which lists every problem.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvError> {
        let mut environment = Environment { lookup, problems: Vec::new() };
        let builder = environment.builder();
        if environment.problems.is_empty() { Ok(builder) } else { Err(EnvError(environment.problems)) }
    }
}

/// The problems of the environment. `Debug` is readable as well, since `main` prints that.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvError(Vec<String>);

impl EnvError {
    /// Every problem, as a sentence that names its variable.
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl fmt::Debug for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::error::Error for EnvError {}

pub(super) struct Environment<L> {
    lookup: L,
    pub(super) problems: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Environment<L> {
    fn builder(&mut self) -> GuardBuilder {
        let issuer = self.needed("PASSAVANT_ISSUER");
        let audience = self.needed("PASSAVANT_AUDIENCE");
        let modes = [("auto", Mode::Auto), ("jwt", Mode::Jwt), ("introspection", Mode::Introspection)];
        let mode = self.choice("PASSAVANT_TOKEN", &modes);
        let forms = [("auto", AnswerForm::Auto), ("json", AnswerForm::Json), ("jwt", AnswerForm::Jwt)];
        let form = self.choice("PASSAVANT_INTROSPECTION_RESPONSE", &forms);
        let proofs = [("off", Dpop::Off), ("accept", Dpop::Accept), ("require", Dpop::Require)];
        let dpop = self.choice("PASSAVANT_DPOP", &proofs);
        let mut builder = Guard::builder(&issuer, &audience).response(form).dpop(dpop);
        if let Some(secret) = self.value("PASSAVANT_DPOP_NONCE_SECRET").map(Zeroizing::new) {
            builder = builder.dpop_nonces(secret_text::secret(&secret).text.as_bytes());
        }
        builder = shape::read(self, builder);
        if self.value("PASSAVANT_TOKEN").is_some() {
            builder = builder.mode(mode);
        }
        builder = builder.cache(Duration::from_secs(self.seconds("PASSAVANT_CACHE_SECONDS", CACHE_SECONDS)));
        if let Some(scopes) = self.value("PASSAVANT_REQUIRED_SCOPES") {
            builder = builder.required_scopes(&scopes);
        }
        if let Some(url) = self.value("PASSAVANT_JWKS_URL") {
            builder = builder.jwks_url(&url);
        }
        if let Some(url) = self.value("PASSAVANT_INTROSPECTION_URL") {
            builder = builder.introspection_url(&url);
        }
        for key in self.decryption_keys() {
            builder = builder.decryption_key(key);
        }
        self.credentials(builder, mode)
    }

    fn credentials(&mut self, builder: GuardBuilder, mode: Mode) -> GuardBuilder {
        let methods =
            [("basic", ClientAuth::Basic), ("post", ClientAuth::Post), ("bearer", ClientAuth::Bearer)];
        let method = self.choice("PASSAVANT_CLIENT_AUTH", &methods);
        let needs_id = method != ClientAuth::Bearer;
        let id = self.value("PASSAVANT_CLIENT_ID");
        let secret = self.value("PASSAVANT_CLIENT_SECRET").map(Zeroizing::new);
        let secret = secret.map(|text| {
            let bare = secret_text::secret(&text);
            if bare.is_trimmed || bare.text.len() != text.len() {
                tracing::warn!("PASSAVANT_CLIENT_SECRET: {}", secret_text::TRIMMED);
            }
            Zeroizing::new(bare.text.to_owned())
        });
        let secret = secret.filter(|secret| !secret.is_empty());
        match (id, secret) {
            (None, None) if mode != Mode::Introspection => builder,
            (Some(id), Some(secret)) => builder.introspect(&id, &secret).client_auth(method),
            (None, Some(secret)) if !needs_id => builder.introspect("", &secret).client_auth(method),
            (id, secret) => {
                if id.is_none() && needs_id {
                    self.problems.push("PASSAVANT_CLIENT_ID is not set; introspection needs it".to_owned());
                }
                if secret.is_none() {
                    self.problems
                        .push("PASSAVANT_CLIENT_SECRET is not set; introspection needs it".to_owned());
                }
                builder
            }
        }
    }

    fn decryption_keys(&mut self) -> Vec<DecryptionKey> {
        let Some(path) = self.value("PASSAVANT_DECRYPTION_KEY_FILE") else { return Vec::new() };
        match key_file(Path::new(&path)).and_then(|text| decryption_keys(&text)) {
            Ok(keys) => keys,
            Err(problem) => {
                self.problems.push(format!("PASSAVANT_DECRYPTION_KEY_FILE={path}: {problem}"));
                Vec::new()
            }
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    fn needed(&mut self, name: &str) -> String {
        self.value(name).unwrap_or_else(|| {
            self.problems.push(format!("{name} is not set"));
            String::new()
        })
    }

    /// The first choice is the default.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> T {
        let Some(value) = self.value(name) else { return choices[0].1 };
        if let Some((_, choice)) = choices.iter().find(|(text, _)| *text == value) {
            return *choice;
        }
        let known: Vec<_> = choices.iter().map(|(text, _)| *text).collect();
        self.problems.push(format!("{name}={value} is not known; this version takes {}", known.join(", ")));
        choices[0].1
    }

    pub(super) fn seconds(&mut self, name: &str, default: u64) -> u64 {
        let Some(value) = self.value(name) else { return default };
        value.parse().unwrap_or_else(|_| {
            self.problems.push(format!("{name}={value} is no whole number of seconds"));
            default
        })
    }
}

fn key_file(path: &Path) -> Result<Zeroizing<String>, String> {
    let mut text = Zeroizing::new(String::new());
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(KEY_FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > KEY_FILE_BYTES_MAX {
        return Err(format!("longer than {KEY_FILE_BYTES_MAX} bytes"));
    }
    Ok(Zeroizing::new(secret_text::secret(&text).text.to_owned()))
}

/// The key for each algorithm that it supports: only the one in `alg` if a JWK names it, otherwise all of its kind.
fn decryption_keys(text: &str) -> Result<Vec<DecryptionKey>, String> {
    let is_jwk = text.trim_start().starts_with('{');
    let read = |algorithm: KeyManagement| match is_jwk {
        true => DecryptionKey::from_private_jwk(text.as_bytes(), algorithm),
        false => DecryptionKey::from_pem(text, algorithm),
    };
    let (mut keys, mut problem) = (Vec::new(), None);
    for algorithm in KeyManagement::ALL {
        match read(*algorithm) {
            Ok(key) if key.public_jwk().is_some() => keys.push(key),
            Ok(_) | Err(KeyError::Algorithm | KeyError::KeyType | KeyError::Length) => {}
            Err(error) => problem = Some(error),
        }
    }
    match (keys.is_empty(), problem) {
        (false, _) => Ok(keys),
        (true, Some(problem)) => Err(problem.to_string()),
        (true, None) => Err("the key is not for decryption".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: (&str, &str) = ("PASSAVANT_ISSUER", "https://id.example");
    const AUDIENCE: (&str, &str) = ("PASSAVANT_AUDIENCE", "https://notes.example");
    const ID: (&str, &str) = ("PASSAVANT_CLIENT_ID", "notes-rs");
    const SECRET: (&str, &str) = ("PASSAVANT_CLIENT_SECRET", "a-secret-of-22-characters");

    fn built(variables: &[(&str, &str)]) -> Result<Guard, Vec<String>> {
        let lookup = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let builder = GuardBuilder::from_lookup(lookup).map_err(|error| error.problems().to_vec())?;
        builder.build().map_err(|error| vec![error.to_string()])
    }

    #[test]
    fn issuer_and_audience_are_enough() {
        let guard = built(&[ISSUER, AUDIENCE]).expect("a guard");
        assert_eq!(guard.issuer().as_str(), "https://id.example");
        assert_eq!(guard.audience().as_str(), "https://notes.example");
    }

    #[test]
    fn every_variable_of_the_contract_is_taken() {
        for more in [
            &[("PASSAVANT_TOKEN", "auto")][..],
            &[("PASSAVANT_TOKEN", "jwt")],
            &[("PASSAVANT_TOKEN", "introspection"), ID, SECRET],
            &[ID, SECRET, ("PASSAVANT_CLIENT_AUTH", "basic")],
            &[ID, SECRET, ("PASSAVANT_CLIENT_AUTH", "post")],
            &[ID, SECRET, ("PASSAVANT_CLIENT_AUTH", "bearer")],
            &[SECRET, ("PASSAVANT_CLIENT_AUTH", "bearer")],
            &[ID, SECRET, ("PASSAVANT_INTROSPECTION_RESPONSE", "auto")],
            &[ID, SECRET, ("PASSAVANT_INTROSPECTION_RESPONSE", "json")],
            &[ID, SECRET, ("PASSAVANT_INTROSPECTION_RESPONSE", "jwt")],
            &[ID, SECRET, ("PASSAVANT_CACHE_SECONDS", "0")],
            &[("PASSAVANT_REQUIRED_SCOPES", "notes.read notes.write")],
            &[("PASSAVANT_JWKS_URL", "https://id.example/jwks")],
            &[("PASSAVANT_INTROSPECTION_URL", "https://id.example/introspect")],
            &[("PASSAVANT_DPOP", "off")],
            &[("PASSAVANT_DPOP", "accept")],
            &[("PASSAVANT_DPOP", "require")],
            &[("PASSAVANT_TOKEN", ""), ("PASSAVANT_JWKS_URL", ""), ("PASSAVANT_CLIENT_ID", "")],
            &[("PASSAVANT_PROVIDER", "keycloak")],
            &[("PASSAVANT_PROVIDER", "gitlab"), ID, SECRET],
            &[("PASSAVANT_PROVIDER", "gitlab"), ("PASSAVANT_TOKEN", "jwt")],
            &[("PASSAVANT_AUDIENCE_RULE", "exact")],
            &[("PASSAVANT_AUDIENCE_RULE", "exact-or-absent")],
            &[("PASSAVANT_AUDIENCE_RULE", "exact-or-client")],
            &[("PASSAVANT_AUDIENCE_RULE", "url-prefix")],
            &[("PASSAVANT_AUDIENCE_RULE", "azp=web phone")],
            &[("PASSAVANT_ORIGIN", "https://api.example"), ("PASSAVANT_DPOP", "require")],
            &[("PASSAVANT_ALGORITHMS", "ES256 EdDSA")],
            &[("PASSAVANT_LEEWAY_SECONDS", "0")],
            &[("PASSAVANT_LEEWAY_SECONDS", "300")],
            &[("PASSAVANT_ACCEPT_UNTYPED_JWT", "true")],
            &[("PASSAVANT_ACCEPT_MISSING_SUBJECT", "true")],
            &[("PASSAVANT_SCOPES_FROM", "scp roles"), ("PASSAVANT_ROLES_FROM", "realm_access.roles")],
            &[("PASSAVANT_CLIENT_FROM", "azp")],
            &[("PASSAVANT_TOKEN_BYTES_MAX", "32768")],
        ] {
            let variables = [&[ISSUER, AUDIENCE], more].concat();
            assert!(built(&variables).is_ok(), "{more:?}: {:?}", built(&variables));
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_variable() {
        for (more, problem) in [
            (&[("PASSAVANT_TOKEN", "opaque")][..], "PASSAVANT_TOKEN=opaque"),
            (&[("PASSAVANT_TOKEN", "introspection")], "PASSAVANT_CLIENT_ID"),
            (&[ID], "PASSAVANT_CLIENT_SECRET"),
            (&[SECRET], "PASSAVANT_CLIENT_ID"),
            (&[ID, ("PASSAVANT_CLIENT_AUTH", "bearer")], "PASSAVANT_CLIENT_SECRET"),
            (&[ID, SECRET, ("PASSAVANT_CLIENT_AUTH", "mtls")], "PASSAVANT_CLIENT_AUTH=mtls"),
            (&[("PASSAVANT_INTROSPECTION_RESPONSE", "xml")], "PASSAVANT_INTROSPECTION_RESPONSE=xml"),
            (&[("PASSAVANT_CACHE_SECONDS", "-1")], "PASSAVANT_CACHE_SECONDS=-1"),
            (&[ID, SECRET, ("PASSAVANT_CACHE_SECONDS", "999999")], "3600 seconds"),
            (&[("PASSAVANT_DPOP", "on")], "PASSAVANT_DPOP=on"),
            (&[("PASSAVANT_JWKS_URL", "http://id.example/jwks")], "plain http"),
            (&[("PASSAVANT_REQUIRED_SCOPES", "a\"b")], "scope"),
            (&[("PASSAVANT_DECRYPTION_KEY_FILE", "/nowhere/key.pem")], "PASSAVANT_DECRYPTION_KEY_FILE"),
            (&[("PASSAVANT_PROVIDER", "github")], "PASSAVANT_PROVIDER=github"),
            (&[("PASSAVANT_PROVIDER", "gitlab")], "introspection needs credentials"),
            (&[("PASSAVANT_AUDIENCE_RULE", "any")], "PASSAVANT_AUDIENCE_RULE=any"),
            (&[("PASSAVANT_AUDIENCE_RULE", "azp=")], "audience rule"),
            (&[("PASSAVANT_ALGORITHMS", "ES256 none")], "none is not an algorithm"),
            (&[("PASSAVANT_ALGORITHMS", "HS256")], "asymmetric"),
            (&[("PASSAVANT_LEEWAY_SECONDS", "301")], "300 seconds"),
            (&[("PASSAVANT_LEEWAY_SECONDS", "1m")], "PASSAVANT_LEEWAY_SECONDS=1m"),
            (&[("PASSAVANT_ACCEPT_UNTYPED_JWT", "yes")], "PASSAVANT_ACCEPT_UNTYPED_JWT=yes"),
            (&[("PASSAVANT_SCOPES_FROM", "/")], "name of a claim"),
            (&[("PASSAVANT_TOKEN_BYTES_MAX", "16 KiB")], "PASSAVANT_TOKEN_BYTES_MAX=16 KiB"),
            (&[("PASSAVANT_TOKEN_BYTES_MAX", "1000000")], "from 8192 to 65536 bytes"),
        ] {
            let problems = built(&[&[ISSUER, AUDIENCE], more].concat()).expect_err("a problem");
            assert!(problems[0].contains(problem), "{problem}: {problems:?}");
        }
        assert!(built(&[("PASSAVANT_ISSUER", "http://id.example"), AUDIENCE]).is_err());
        let nowhere = built(&[ISSUER, ("PASSAVANT_AUDIENCE", "urn:notes"), ("PASSAVANT_DPOP", "require")]);
        assert!(nowhere.expect_err("a problem")[0].contains("origin"));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let problems = built(&[("PASSAVANT_TOKEN", "x"), ("PASSAVANT_DPOP", "y")]).expect_err("problems");
        assert_eq!(problems.len(), 4, "{problems:?}");
    }

    #[test]
    fn a_secret_is_in_no_message() {
        let problems = built(&[SECRET, ("PASSAVANT_CLIENT_AUTH", "x")]).expect_err("problems");
        assert!(!problems.concat().contains(SECRET.1));
    }

    #[test]
    fn a_key_without_alg_is_for_every_algorithm_of_its_kind() {
        let algorithms = |text: &str| -> Vec<_> {
            decryption_keys(text).expect("keys").iter().map(DecryptionKey::algorithm).collect()
        };
        let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
        let jwk = key.to_private_jwk().expect("a text");
        assert_eq!(algorithms(&jwk), [KeyManagement::EcdhEs]);
        let any = jwk.replace(r#""alg":"ECDH-ES","#, "").replace(r#","alg":"ECDH-ES""#, "");
        assert_ne!(any, *jwk, "the member was there");
        let of_kind = [KeyManagement::EcdhEs, KeyManagement::EcdhEsA128Kw, KeyManagement::EcdhEsA256Kw];
        assert_eq!(algorithms(&any), of_kind);
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
        let public = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
        let public = public.public_jwk().expect("public").to_value().to_string();
        for text in [
            "",
            "{}",
            "-----BEGIN PRIVATE KEY-----",
            &*public,
            r#"{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
        ] {
            assert!(decryption_keys(text).is_err(), "{text}");
        }
    }
}
