//! From texts to values: every problem is found, not only the first.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use protocol::uri;
use server::Settings;

use super::{Config, Network, Origin, Problem, layers::Layers};

/// The configuration, as far as it can be made; problems are added.
pub(super) fn check(layers: &mut Layers, problems: &mut Vec<Problem>) -> Option<Config> {
    let mut checker = Checker { layers, problems };
    let issuer = checker.issuer();
    let listen = checker.each("http.listen", address);
    let trusted_proxies = checker.each("http.trusted_proxies", network);
    let management = checker.each("management.listen", address);
    let database = checker.path("database.url", database);
    let master_key_file = checker.path("secrets.master_key_file", |text| Ok(PathBuf::from(text)));
    let log = checker.each("log.filter", |text| match text.parse::<tracing_subscriber::EnvFilter>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    });
    if listen.as_ref().is_some_and(Vec::is_empty) {
        checker.refuse("http.listen", "must name at least one address");
    }
    Some(Config {
        issuer: issuer?,
        listen: listen?,
        trusted_proxies: trusted_proxies?,
        management: management?.first().copied(),
        database: database?,
        master_key_file: master_key_file?,
        log: log?.join(","),
        dev: false,
    })
}

struct Checker<'l> {
    layers: &'l mut Layers,
    problems: &'l mut Vec<Problem>,
}

impl Checker<'_> {
    fn issuer(&mut self) -> Option<String> {
        let Some((value, _)) = self.layers.value("issuer") else {
            let text = "is missing: the public URL of this server, like https://id.example.org (to try it out: passavant serve --dev)".to_owned();
            self.problems.push(Problem { key: "issuer".into(), origin: None, text });
            return None;
        };
        let issuer = value.texts().first().cloned().unwrap_or_default();
        if let Err(error) = Settings::new(&issuer) {
            let text = error.to_string();
            self.refuse("issuer", text.trim_start_matches("issuer "));
            return None;
        }
        if uri::Parts::of(&issuer).is_ok_and(|parts| parts.scheme == "http") {
            let warning = format!("issuer {issuer} is plain http: fine on this machine, and nowhere else");
            self.layers.warnings.push(warning);
        }
        Some(issuer)
    }

    /// Every text of a value, read. Absent: none.
    fn each<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let texts = self.layers.value(key).map(|(value, _)| value.texts().to_vec()).unwrap_or_default();
        let mut values = Vec::with_capacity(texts.len());
        let mut failed = false;
        for text in &texts {
            match read(text) {
                Ok(value) => values.push(value),
                Err(problem) => {
                    self.refuse(key, &format!("`{text}` {problem}"));
                    failed = true;
                }
            }
        }
        (!failed).then_some(values)
    }

    /// A path in the file starts at the folder of the file, any other where the command runs.
    fn path(&mut self, key: &str, read: impl Fn(&str) -> Result<PathBuf, String>) -> Option<PathBuf> {
        let found = self.each(key, read)?.into_iter().next()?;
        let folder = match self.layers.value(key) {
            Some((_, Origin::File(file, _))) => file.parent().map(Path::to_owned),
            Some(_) | None => None,
        };
        Some(folder.map_or(found.clone(), |folder| folder.join(found)))
    }

    fn refuse(&mut self, key: &str, text: &str) {
        let origin = self.layers.value(key).map(|(_, origin)| origin.clone());
        self.problems.push(Problem { key: key.to_owned(), origin, text: text.to_owned() });
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "is no address and port, like 127.0.0.1:4000 or [::1]:4000".to_owned())
}

fn network(text: &str) -> Result<Network, String> {
    Network::parse(text).ok_or_else(|| "is no address, like 127.0.0.1 or 10.0.0.0/8".to_owned())
}

fn database(text: &str) -> Result<PathBuf, String> {
    match text.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() && !path.contains(['?', '#']) => {
            Ok(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
        }
        Some(_) | None => Err("is no database, like sqlite:/var/lib/passavant/passavant.db".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::Value;
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        file
    }

    #[test]
    fn a_whole_file_is_read() {
        let file = file(
            "issuer = \"https://id.example.org\"\n[http]\nlisten = [\"127.0.0.1:1\", \"[::1]:1\"]\n\
             trusted_proxies = [\"10.0.0.0/8\"]\n[management]\nlisten = \"127.0.0.1:2\"\n\
             [database]\nurl = \"sqlite:data/p.db\"\n[secrets]\nmaster_key_file = \"/k\"\n",
        );
        let mut layers = Layers::read(Some(file.path()), &[], &[]).expect("reads");
        let config = layers.check().expect("fine");
        assert_eq!(config.issuer, "https://id.example.org");
        assert_eq!(config.listen.len(), 2);
        assert_eq!(config.management, Some("127.0.0.1:2".parse().expect("an address")));
        assert_eq!(config.database, file.path().parent().expect("a folder").join("data/p.db"));
        assert_eq!(config.master_key_file, Path::new("/k"));
        assert!(layers.warnings.is_empty());
    }

    #[test]
    fn every_problem_is_told_with_its_key_and_line() {
        let file = file(
            "isuer = \"x\"\nissuer = \"http://id.example.org\"\n[http]\nlisten = \"4000\"\n\
             [database]\nurl = 3\n[mail]\nsmtp = \"x\"\n",
        );
        let problems = Layers::read(Some(file.path()), &[], &[]).expect("reads").check().expect_err("four");
        let text = problems.to_string();
        for (line, key, words) in [
            (1, "isuer", "did you mean `issuer`?"),
            (2, "issuer", "plain http is only for loopback"),
            (4, "http.listen", "no address and port"),
            (6, "database.url", "must be a text"),
            (7, "mail", "unknown key"),
        ] {
            let place = format!("{}:{line}: {key}: ", file.path().display());
            let found = text.lines().find(|found| found.contains(&place));
            assert!(found.is_some_and(|found| found.contains(words)), "{place} {words} in {text}");
        }
    }

    #[test]
    fn a_list_is_refused_where_one_text_is_wanted() {
        let file = file(
            "issuer = [\"https://id.example.org\", \"https://other.example\"]\n[management]\nlisten = []\n\
             [log]\nfilter = [\"info\", \"hyper=warn\"]\n",
        );
        let problems = Layers::read(Some(file.path()), &[], &[]).expect("reads").check().expect_err("two");
        let text = problems.to_string();
        assert!(text.contains(":1: issuer: must be one text") && !text.contains("log.filter"), "{text}");
        assert!(text.contains(":3: management.listen: must be one text"), "{text}");
    }

    #[test]
    fn every_example_of_the_reference_is_taken_as_it_stands() {
        let page = super::super::page();
        let whole = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a file");
        let config = Layers::read(Some(file(whole).path()), &[], &[]).expect("reads").check().expect("fine");
        assert_eq!(config.issuer, "https://id.example.org");
        assert!(config.management.is_some() && config.trusted_proxies.len() == 1);
    }

    #[test]
    fn a_flag_goes_before_the_environment_before_the_file_before_the_default() {
        let file = file("issuer = \"https://file.example\"\n[http]\nlisten = \"127.0.0.1:1\"\n");
        let environment = [("PASSAVANT_HTTP__LISTEN".to_owned(), "127.0.0.1:2".into())];
        let layers = Layers::read(Some(file.path()), &environment, &[]).expect("reads");
        assert_eq!(layers.value("http.listen").expect("set").0, Value::Text("127.0.0.1:2".into()));
        let flags = [("http.listen", Value::Text("127.0.0.1:3".into()))];
        let mut layers = Layers::read(Some(file.path()), &environment, &flags).expect("reads");
        let config = layers.check().expect("fine");
        assert_eq!((config.listen[0].port(), config.issuer.as_str()), (3, "https://file.example"));
    }

    #[test]
    fn an_http_issuer_on_loopback_is_taken_with_a_warning() {
        let mut layers =
            Layers::read(None, &[("PASSAVANT_ISSUER".to_owned(), "http://localhost:4000".into())], &[])
                .expect("no file");
        layers.check().expect("fine");
        assert_eq!(layers.warnings.len(), 1);
    }
}
