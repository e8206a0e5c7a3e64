//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.6).

use async_trait::async_trait;
use protocol::{AuthorizationCode, Confirmation, GrantType, Handle, Timestamp};

use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources},
    context::{GrantHandler, Installed, TokenRequest},
    details,
    error::Error,
    incoming::RequestHead as _,
    ports::Standing,
    reason::Reason,
    refusal::{Difference, parameters::list, uri_difference},
    registry::RegisteredClient,
    settle::Decision,
    store::{Code, CodeChange, Commit, End, Through, Why},
    tokens::{Issued, issue::Issue},
};

/// Redeems an authorization code (RFC 6749 §4.1.3).
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationCodeGrant;

pub(crate) fn install(installed: &mut Installed) {
    installed.grant(AuthorizationCodeGrant);
}

#[async_trait]
impl GrantHandler for AuthorizationCodeGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::AuthorizationCode
    }

    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let redemption = Redemption::read(request)?;
        let stored = server.store().code(redemption.code).await?.ok_or(Reason::CodeUnknown)?;
        let read = stored.open(&redemption.code).ok_or(Reason::CodeUnknown)?;
        let head = &request.incoming.head;
        head.note_subject(&read.grant.subject);
        if let Err(reason) = redeem(&redemption, &read, &request.client, request.now) {
            head.differs(reason, || difference(reason, &redemption, &read, request));
            return Ok(refusal(reason, &redemption, &read, request.now));
        }
        match server.accounts().standing(&read.grant.subject).await? {
            Standing::Active => issue(server, request, &redemption, &read).await,
            Standing::Disabled | Standing::Gone => Err(Reason::SubjectDisabled.into()),
        }
    }
}

/// The parameters of the token request.
struct Redemption<'a> {
    code: Handle<AuthorizationCode>,
    redirect_uri: Option<&'a str>,
    verifier: Option<&'a str>,
    wanted: RequestedResources,
    /// The keys that the sender holds.
    shown: Option<&'a Confirmation>,
}

impl<'a> Redemption<'a> {
    fn read(request: &'a TokenRequest<'_>) -> Result<Self, Reason> {
        let code = AuthorizationCode::presented(request.require("code")?).ok_or(Reason::CodeUnknown)?;
        Ok(Self {
            code: code.handle(),
            redirect_uri: request.params.get("redirect_uri"),
            verifier: request.params.get("code_verifier"),
            wanted: RequestedResources::read(request.params.all("resource"))?,
            shown: request.confirmation(),
        })
    }
}

/// The rules, as a function of its arguments only. The owner of the code is checked first, so that a client learns
/// nothing about another client's code, and only the owner can end its grant.
fn redeem(
    redemption: &Redemption<'_>,
    read: &Through<Code>,
    client: &RegisteredClient,
    now: Timestamp,
) -> Result<(), Reason> {
    if read.grant.client != *client.id() {
        return Err(Reason::CodeClientMismatch);
    }
    if read.row.used {
        return Err(Reason::CodeReused);
    }
    if read.ended.is_some() {
        return Err(Reason::GrantEnded);
    }
    if read.row.expires_at <= now {
        return Err(Reason::CodeExpired);
    }
    let shown = redemption.shown.and_then(|shown| shown.jkt);
    if read.row.dpop_jkt.is_some_and(|bound| !shown.is_some_and(|shown| shown.is(&bound))) {
        return Err(Reason::CodeKeyMismatch);
    }
    if redemption.redirect_uri.is_some_and(|sent| *sent != *read.row.redirect_uri) {
        return Err(Reason::CodeRedirectMismatch);
    }
    match (&read.row.challenge, redemption.verifier) {
        (None, None) => {}
        (None, Some(_)) => return Err(Reason::PkceVerifierUnexpected),
        (Some(_), None) => return Err(Reason::PkceVerifierMissing),
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => {}
        (Some(_), Some(_)) => return Err(Reason::PkceMismatch),
    }
    // OAuth 2.1 drops the parameter because PKCE replaces it; without PKCE, RFC 6749 §4.1.3 applies.
    if read.row.challenge.is_none() && redemption.redirect_uri.is_none() {
        return Err(Reason::ParameterMissing("redirect_uri"));
    }
    if redemption.wanted.0.iter().any(|resource| !read.grant.audience.contains(resource)) {
        return Err(Reason::ResourceNotAllowed);
    }
    Ok(())
}

/// What differs where the rules refuse, for the log. Neither the code nor the verifier is in it.
fn difference(
    reason: Reason,
    redemption: &Redemption<'_>,
    read: &Through<Code>,
    request: &TokenRequest<'_>,
) -> Option<Difference> {
    let late = request.now.since(read.row.expires_at);
    Some(match reason {
        Reason::CodeClientMismatch => {
            Difference::new("client_id", request.client.id(), format_args!("{}", read.grant.client))
        }
        Reason::CodeExpired => {
            Difference::new("code", format_args!("a code that expired {late} s ago"), "a code before its end")
        }
        Reason::CodeReused => Difference::new("code", "a code that was used", "a code that was not used yet"),
        Reason::CodeKeyMismatch => {
            let shown = redemption.shown.and_then(|shown| shown.jkt);
            let shown = shown.map_or("no proof".to_owned(), |key| format!("a proof by {key}"));
            Difference::new("DPoP", shown, format_args!("dpop_jkt {}", read.row.dpop_jkt?))
        }
        Reason::CodeRedirectMismatch => {
            uri_difference("redirect_uri", redemption.redirect_uri?, [&*read.row.redirect_uri])
        }
        Reason::PkceVerifierUnexpected => Difference::new(
            "code_verifier",
            "a verifier",
            "none, since the authorization request had no code_challenge",
        ),
        Reason::PkceVerifierMissing => {
            Difference::absent("code_verifier", "the verifier of the code_challenge that was sent")
        }
        Reason::PkceMismatch => Difference::new(
            "code_verifier",
            format_args!("a verifier of {} characters", redemption.verifier?.len()),
            "the verifier of the code_challenge that was sent",
        ),
        Reason::ResourceNotAllowed => {
            Difference::new("resource", list(&redemption.wanted.0), list(&read.grant.audience))
        }
        _ => return None,
    })
}

/// A second redemption ends the grant (RFC 6749 §4.1.2); a wrong verifier is counted (RFC 9700 §4.5).
fn refusal(
    reason: Reason,
    redemption: &Redemption<'_>,
    read: &Through<Code>,
    now: Timestamp,
) -> Decision<Issued> {
    let mut decision = Decision::refuse(now, reason);
    match reason {
        Reason::CodeReused if read.ended.is_none() => {
            decision.commit.push(End::grant(&read.grant, Why::CodeReplayed));
        }
        Reason::PkceMismatch => decision.commit.push(CodeChange::CountTry(redemption.code)),
        _ => {}
    }
    decision
}

async fn issue(
    server: &AuthorizationServer,
    request: &TokenRequest<'_>,
    redemption: &Redemption<'_>,
    read: &Through<Code>,
) -> Result<Decision<Issued>, Error> {
    let client = &request.client;
    let grant = &*details::narrowed_grant(&read.grant, request.params.get("authorization_details"))?;
    let resources = server.registry().resources().await?;
    let audience = audience::approved(&resources, client, grant, &grant.scopes, &redemption.wanted)?;
    let mut commit = Commit::new(request.now).with(CodeChange::Use(redemption.code));
    let (nonce, confirmation) = (read.row.nonce.as_deref(), request.confirmation());
    let issue = Issue { server, client, grant, nonce, confirmation };
    let issued = issue.tokens(audience, &mut commit).await?;
    Ok(Decision { commit, answer: Ok(issued) })
}

#[cfg(test)]
mod tests {
    use jose::Thumbprint;
    use protocol::{ClientId, ClientMetadata, CodeChallenge, GrantId, Scopes, Subject};

    use super::*;
    use crate::store::{Client, Ended, Grant};

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn client(id: &str) -> RegisteredClient {
        RegisteredClient::read(Client::of(id, ClientMetadata::default()))
    }

    fn code() -> Through<Code> {
        let grant = Grant {
            id: GrantId(1),
            subject: Subject::new("alice"),
            client: ClientId::new("shop"),
            session: None,
            offline: false,
            scopes: Scopes::stored("openid"),
            audience: vec![],
            narrowed: false,
            authenticated_at: Timestamp(90),
            amr: "pwd".into(),
            approved_at: Timestamp(100),
            expires_at: Timestamp(1_000),
            details: None,
        };
        let row = Code {
            grant: grant.id,
            redirect_uri: "https://shop.example/cb".into(),
            challenge: Some(CodeChallenge::of(VERIFIER)),
            nonce: None,
            dpop_jkt: None,
            expires_at: Timestamp(160),
            used: false,
            tries: 0,
        };
        Through { row, grant, ended: None, session_expires_at: None }
    }

    type Defect = fn(&mut Redemption<'static>, &mut Through<Code>);

    fn verdict(defect: Defect) -> Result<(), Reason> {
        let code_handle = AuthorizationCode::mint(1, [1; 24]).handle();
        let mut read = code();
        let mut redemption = Redemption {
            code: code_handle,
            redirect_uri: Some("https://shop.example/cb"),
            verifier: Some(VERIFIER),
            wanted: RequestedResources::default(),
            shown: None,
        };
        defect(&mut redemption, &mut read);
        redeem(&redemption, &read, &client("shop"), Timestamp(159))
    }

    #[test]
    fn a_code_is_redeemed_by_its_client_once_in_time_with_its_verifier() {
        assert_eq!(verdict(|_, _| {}), Ok(()));
        let defects: [(Defect, Reason); 10] = [
            (|_, code| code.grant.client = ClientId::new("other"), Reason::CodeClientMismatch),
            (|_, code| code.row.used = true, Reason::CodeReused),
            (|_, code| code.ended = Some(Ended::Grant), Reason::GrantEnded),
            (|_, code| code.row.expires_at = Timestamp(159), Reason::CodeExpired),
            (|sent, _| sent.redirect_uri = Some("https://shop.example/cb/"), Reason::CodeRedirectMismatch),
            (|_, code| code.row.dpop_jkt = Some(Thumbprint::from_bytes([1; 32])), Reason::CodeKeyMismatch),
            (|sent, _| sent.verifier = None, Reason::PkceVerifierMissing),
            (|sent, _| sent.verifier = Some("wrong"), Reason::PkceMismatch),
            (|_, code| code.row.challenge = None, Reason::PkceVerifierUnexpected),
            (
                |sent, _| sent.wanted.0 = vec![protocol::Audience::new("https://x")],
                Reason::ResourceNotAllowed,
            ),
        ];
        for (defect, reason) in defects {
            assert_eq!(verdict(defect), Err(reason));
        }
    }

    #[test]
    fn without_pkce_the_redirect_uri_must_be_repeated() {
        let without = |sent: &mut Redemption<'static>, code: &mut Through<Code>| {
            (code.row.challenge, sent.verifier, sent.redirect_uri) = (None, None, None);
        };
        assert_eq!(verdict(without), Err(Reason::ParameterMissing("redirect_uri")));
    }

    #[test]
    fn a_replay_by_another_client_ends_nothing() {
        let read = code();
        let redemption = Redemption {
            code: AuthorizationCode::mint(1, [1; 24]).handle(),
            redirect_uri: None,
            verifier: None,
            wanted: RequestedResources::default(),
            shown: None,
        };
        let other = refusal(Reason::CodeClientMismatch, &redemption, &read, Timestamp(1));
        assert!(other.commit.is_empty());
        let own = refusal(Reason::CodeReused, &redemption, &read, Timestamp(1));
        assert_eq!(own.commit.writes[0], End::grant(&read.grant, Why::CodeReplayed).into());
    }
}
