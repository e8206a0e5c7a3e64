//! The variables that say what the tokens of the issuer look like.

use std::time::Duration;

use jose::SignatureAlgorithm;

use crate::face::builder::{GuardBuilder, Provider};
use crate::face::from_env::Environment;
use crate::judging::audience::AudienceRule;
use crate::limits::LEEWAY_SECONDS;

/// Reads them. The preset comes first, so that every other variable takes precedence.
pub(super) fn read<L: Fn(&str) -> Option<String>>(
    environment: &mut Environment<L>,
    mut builder: GuardBuilder,
) -> GuardBuilder {
    if environment.value("PASSAVANT_PROVIDER").is_some() {
        builder = builder.provider(environment.choice("PASSAVANT_PROVIDER", &Provider::ALL));
    }
    if environment.choice("PASSAVANT_ACCEPT_UNTYPED_JWT", &[("false", false), ("true", true)]) {
        builder = builder.accept_untyped_jwt();
    }
    if environment.choice("PASSAVANT_ACCEPT_MISSING_SUBJECT", &[("false", false), ("true", true)]) {
        builder = builder.accept_missing_subject();
    }
    for claim in words(environment.value("PASSAVANT_SCOPES_FROM")) {
        builder = builder.scopes_from(&claim);
    }
    for claim in words(environment.value("PASSAVANT_ROLES_FROM")) {
        builder = builder.roles_from(&claim);
    }
    if let Some(claim) = environment.value("PASSAVANT_CLIENT_FROM") {
        builder = builder.client_from(&claim);
    }
    if environment.value("PASSAVANT_LEEWAY_SECONDS").is_some() {
        let seconds = environment.seconds("PASSAVANT_LEEWAY_SECONDS", LEEWAY_SECONDS.unsigned_abs());
        builder = builder.leeway(Duration::from_secs(seconds));
    }
    if let Some(text) = environment.value("PASSAVANT_TOKEN_BYTES_MAX") {
        match text.parse() {
            Ok(bytes) => builder = builder.token_bytes_max(bytes),
            Err(_) => environment
                .problems
                .push(format!("PASSAVANT_TOKEN_BYTES_MAX={text} is not a whole number of bytes")),
        }
    }
    if let Some(url) = environment.value("PASSAVANT_ORIGIN") {
        builder = builder.origin(&url);
    }
    if let Some(text) = environment.value("PASSAVANT_ALGORITHMS") {
        match algorithms(&text) {
            Ok(algorithms) => builder = builder.algorithms(&algorithms),
            Err(problem) => environment.problems.push(format!("PASSAVANT_ALGORITHMS={text}: {problem}")),
        }
    }
    if let Some(text) = environment.value("PASSAVANT_AUDIENCE_RULE") {
        match audience_rule(&text) {
            Some(rule) => builder = builder.audience_rule(rule),
            None => environment.problems.push(format!(
                "PASSAVANT_AUDIENCE_RULE={text} is not known; this version takes exact, exact-or-absent, exact-or-client, \
                 url-prefix, or CLAIM=VALUE VALUE"
            )),
        }
    }
    builder
}

fn words(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn algorithms(text: &str) -> Result<Vec<SignatureAlgorithm>, String> {
    let named = |word: &String| {
        let found = SignatureAlgorithm::ALL.iter().find(|one| one.to_string() == *word);
        found.copied().ok_or_else(|| format!("{word} is not an algorithm such as ES256, RS256 or EdDSA"))
    };
    words(Some(text.to_owned())).iter().map(named).collect()
}

fn audience_rule(text: &str) -> Option<AudienceRule> {
    if let Some((name, values)) = text.split_once('=') {
        return Some(AudienceRule::Claim {
            name: name.trim().to_owned(),
            values: words(Some(values.to_owned())),
        });
    }
    Some(match text {
        "exact" => AudienceRule::Exact,
        "exact-or-absent" => AudienceRule::ExactOrAbsent,
        "exact-or-client" => AudienceRule::ExactOrClient,
        "url-prefix" => AudienceRule::UrlPrefix,
        _ => return None,
    })
}
