//! The flags that say what the tokens of the issuer look like.

use std::time::Duration;

use clap::builder::PossibleValuesParser;
use resource::Provider;

use super::values;

/// What the tokens of the issuer look like, where they differ from RFC 9068.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Tokens of other servers")]
pub(super) struct ShapeArgs {
    /// Accept access tokens as this server issues them by default (or PASSAVANT_PROVIDER)
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Provider::ALL.map(|(name, _)| name)))]
    provider: Option<String>,
    /// How a token must show that it is for this API: exact, exact-or-absent, exact-or-client, url-prefix, or
    /// CLAIM="VALUE VALUE" (or PASSAVANT_AUDIENCE_RULE) [default: exact]
    #[arg(long, value_name = "RULE")]
    audience_rule: Option<String>,
    /// Accept JWTs whose typ is JWT or absent: only their claims tell them from ID tokens then (or
    /// PASSAVANT_ACCEPT_UNTYPED_JWT)
    #[arg(long)]
    accept_untyped_jwt: bool,
    /// Accept JWTs without sub, whose X-Auth-Subject is empty (or PASSAVANT_ACCEPT_MISSING_SUBJECT)
    #[arg(long)]
    accept_missing_subject: bool,
    /// Claims that hold the scopes instead of scope, such as scp or realm_access.roles, separated by spaces (or
    /// PASSAVANT_SCOPES_FROM)
    #[arg(long, value_name = "CLAIMS")]
    scopes_from: Option<String>,
    /// Claims that hold the roles for X-Auth-Roles, separated by spaces (or PASSAVANT_ROLES_FROM)
    #[arg(long, value_name = "CLAIMS")]
    roles_from: Option<String>,
    /// Claim that names the client instead of client_id, such as azp (or PASSAVANT_CLIENT_FROM)
    #[arg(long, value_name = "CLAIM")]
    client_from: Option<String>,
    /// How far clocks may differ, at most 5 minutes: an expired token is accepted for that long (or
    /// PASSAVANT_LEEWAY_SECONDS) [default: 30 s]
    #[arg(long, value_name = "DURATION", value_parser = values::leeway)]
    leeway_seconds: Option<Duration>,
    /// Longest token, at most 64 KiB (or PASSAVANT_TOKEN_BYTES_MAX) [default: 8 KiB, for another server's --provider 16 KiB]
    #[arg(long, value_name = "SIZE", value_parser = values::size)]
    token_bytes_max: Option<u64>,
    /// Accepted algorithms, separated by spaces (or PASSAVANT_ALGORITHMS) [default: all that need no shared secret]
    #[arg(long, value_name = "ALGORITHMS")]
    algorithms: Option<String>,
    /// Origin at which clients reach this API, which DPoP proofs name (or PASSAVANT_ORIGIN) [default: that of the
    /// audience]
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
}

impl ShapeArgs {
    /// The same as variables.
    pub(super) fn variables(&self) -> [(&'static str, Option<String>); 11] {
        [
            ("PASSAVANT_PROVIDER", self.provider.clone()),
            ("PASSAVANT_AUDIENCE_RULE", self.audience_rule.clone()),
            ("PASSAVANT_ACCEPT_UNTYPED_JWT", self.accept_untyped_jwt.then(|| "true".to_owned())),
            ("PASSAVANT_ACCEPT_MISSING_SUBJECT", self.accept_missing_subject.then(|| "true".to_owned())),
            ("PASSAVANT_SCOPES_FROM", self.scopes_from.clone()),
            ("PASSAVANT_ROLES_FROM", self.roles_from.clone()),
            ("PASSAVANT_CLIENT_FROM", self.client_from.clone()),
            ("PASSAVANT_LEEWAY_SECONDS", self.leeway_seconds.map(|time| time.as_secs().to_string())),
            ("PASSAVANT_TOKEN_BYTES_MAX", self.token_bytes_max.map(|bytes| bytes.to_string())),
            ("PASSAVANT_ALGORITHMS", self.algorithms.clone()),
            ("PASSAVANT_ORIGIN", self.origin.clone()),
        ]
    }
}
