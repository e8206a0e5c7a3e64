//! What a client may exchange, and for which resources.

use protocol::{Audience, TokenExchangePolicy};

use super::subject::SubjectToken;
use crate::{audience::RequestedResources, reason::Reason};

/// Whether the policy covers this subject token: by the client that it was issued to, or by a resource that it is for.
pub(super) fn covers(policy: &TokenExchangePolicy, subject: &SubjectToken) -> Result<(), Reason> {
    let by_client = policy.subject_clients.iter().any(|known| known == subject.client.as_str());
    let by_audience =
        policy.subject_audiences.iter().any(|known| subject.audience.iter().any(|own| own.is(known)));
    if by_client || by_audience { Ok(()) } else { Err(Reason::SubjectTokenNotAllowed) }
}

/// The resources that were asked for, each of which the policy must name; all that it names if none was.
pub(super) fn targets(
    policy: &TokenExchangePolicy,
    asked: &RequestedResources,
) -> Result<RequestedResources, Reason> {
    if asked.0.is_empty() {
        return RequestedResources::read(policy.audiences.iter().map(String::as_str));
    }
    let is_named = |asked: &Audience| policy.audiences.iter().any(|known| asked.is(known));
    if asked.0.iter().all(is_named) { Ok(asked.clone()) } else { Err(Reason::ResourceNotAllowed) }
}

#[cfg(test)]
mod tests {
    use protocol::{ClientId, Scopes, Subject, Timestamp};

    use super::*;
    use crate::grants::token_exchange::subject::Through;

    fn policy(clients: &[&str], audiences: &[&str], targets: &[&str]) -> TokenExchangePolicy {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        TokenExchangePolicy {
            subject_clients: owned(clients),
            subject_audiences: owned(audiences),
            audiences: owned(targets),
            ..TokenExchangePolicy::default()
        }
    }

    fn subject(client: &str, audience: &[&str]) -> SubjectToken {
        SubjectToken {
            subject: Subject::new("alice"),
            client: ClientId::new(client),
            audience: audience.iter().map(|one| Audience::new(*one)).collect(),
            scopes: Scopes::default(),
            expires_at: Timestamp(9),
            authenticated_at: Timestamp(1),
            act: None,
            through: Through::Grant(protocol::GrantId(1)),
        }
    }

    #[test]
    fn a_policy_covers_tokens_of_its_clients_and_for_its_resources() {
        let orders = "https://orders.example";
        for (clients, audiences, expected) in [
            (&["shop"][..], &[][..], Ok(())),
            (&[], &[orders], Ok(())),
            (&["shop"], &["https://other.example"], Ok(())),
            (&[], &[], Err(Reason::SubjectTokenNotAllowed)),
            (&["other"], &["https://other.example"], Err(Reason::SubjectTokenNotAllowed)),
        ] {
            let verdict = covers(&policy(clients, audiences, &[]), &subject("shop", &[orders]));
            assert_eq!(verdict, expected, "{clients:?} {audiences:?}");
        }
    }

    #[test]
    fn only_resources_of_the_policy_are_targets() {
        let policy = policy(&[], &[], &["https://a.example", "https://b.example"]);
        let asked = |names: &[&str]| {
            let wanted = RequestedResources::read(names.iter().copied()).expect("few");
            targets(&policy, &wanted).map(|targets| targets.0.len())
        };
        assert_eq!(asked(&[]), Ok(2));
        assert_eq!(asked(&["https://a.example"]), Ok(1));
        assert_eq!(asked(&["https://a.example", "https://c.example"]), Err(Reason::ResourceNotAllowed));
    }
}
