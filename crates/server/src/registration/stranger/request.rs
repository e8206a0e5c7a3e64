//! A registration request: its body, and what comes of it.

use protocol::{ClientId, limits};
use serde_json::{Map, Value};

use super::policy::Allowed;
use crate::{
    reason::Reason,
    registration::{
        client::ClientRegistration,
        finding::{Finding, Findings},
        rules::{Registrar, Rules},
    },
    settings::Settings,
};

/// What the server sets and answers with (RFC 7591 §3.2.1), and a client must not send (RFC 7592 §2.2).
pub(super) const OF_THE_SERVER: [&str; 5] = [
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
    "warnings",
];

/// Why nothing was registered, with what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) reason: Reason,
    /// For the author of the client. Empty where the reason says all.
    pub(crate) detail: String,
}

impl Rejection {
    /// The errors of a registration: the code is that of the redirect URIs if one of them is wrong (RFC 7591 §3.2.2).
    pub(crate) fn of(wrongs: &[Finding]) -> Self {
        let is_uri = |wrong: &&Finding| wrong.pointer.starts_with("/redirect_uris");
        let reason = match wrongs.iter().find(is_uri) {
            Some(_) => Reason::RegistrationUriInvalid,
            None => Reason::RegistrationMemberInvalid,
        };
        let texts: Vec<String> = wrongs.iter().map(ToString::to_string).collect();
        Self { reason, detail: texts.join("; ") }
    }

    /// The `error_description`: ASCII without quotes and backslashes, as RFC 6749 §5.2 has it, and no longer than
    /// [`limits::REGISTRATION_ERROR_BYTES_MAX`].
    pub(crate) fn description(&self) -> String {
        let public = self.reason.description();
        let text =
            if self.detail.is_empty() { public.to_owned() } else { format!("{public}: {}", self.detail) };
        let plain = |c: char| match c {
            '"' | '\\' => '\'',
            ' '..='~' => c,
            _ => '?',
        };
        text.chars().map(plain).take(limits::REGISTRATION_ERROR_BYTES_MAX).collect()
    }
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Self { reason, detail: String::new() }
    }
}

/// A valid request.
#[derive(Clone, Debug)]
pub(crate) struct Requested {
    pub(crate) registration: ClientRegistration,
    /// What was left out, and what has no effect.
    pub(crate) warnings: Vec<Finding>,
}

impl Requested {
    /// The members of a body.
    ///
    /// # Errors
    /// [`Reason::RegistrationMalformed`]
    pub(crate) fn members(body: &[u8]) -> Result<Map<String, Value>, Reason> {
        if body.len() > limits::REGISTRATION_BYTES_MAX {
            return Err(Reason::BodyTooLarge);
        }
        let members = serde_json::from_slice(body).map_err(|_| Reason::RegistrationMalformed)?;
        Ok(Self::without_the_servers(members))
    }

    /// The members without those that the server sets, and without `null`, which is the same as absent.
    pub(crate) fn without_the_servers(mut members: Map<String, Value>) -> Map<String, Value> {
        members.retain(|name, value| !value.is_null() && !OF_THE_SERVER.contains(&name.as_str()));
        members
    }

    /// Judges the members for the client of this id.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn read(
        mut members: Map<String, Value>,
        id: &ClientId,
        allowed: &Allowed,
        settings: &Settings,
    ) -> Result<Self, Rejection> {
        let (rules, mut findings) =
            (Rules::new(settings, Registrar::Client(id.clone())), Findings::default());
        allowed.narrow(&mut members, &mut findings);
        let read = ClientRegistration::read(String::new(), members.into(), &rules, &mut findings);
        match read {
            Some(registration) if findings.wrongs.is_empty() => {
                Ok(Self { registration, warnings: findings.warnings })
            }
            _ => Err(Rejection::of(&findings.wrongs)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_holds_only_what_rfc_6749_section_5_2_allows() {
        let wrongs = [Finding::new("/client_name", "must not be \"ä\\\u{1}\"")];
        let rejection = Rejection::of(&wrongs);
        assert_eq!(
            rejection.description(),
            "The client metadata can not be registered: /client_name: must not be '?'?'"
        );
        let long = Rejection { detail: "x".repeat(9_000), ..rejection };
        assert_eq!(long.description().len(), limits::REGISTRATION_ERROR_BYTES_MAX);
    }
}
