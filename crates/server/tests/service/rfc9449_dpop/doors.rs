//! A bound token never works without the proof of its key, wherever this server takes tokens (RFC 9449 §7).

use http::Request;
use jose::SigningKey;
use passavant_server::Reason;
use testkit::server::{DpopProof, Running};

use super::{MUSIC, NOTES, key, of_machine, of_user, start};

/// An endpoint of this server, or a route of its host, that takes access tokens.
#[derive(Clone, Copy, Debug)]
enum Door {
    UserInfo,
    Introspection,
    OwnRoute(&'static str, &'static str),
}

const DOORS: [Door; 4] = [
    Door::UserInfo,
    Door::Introspection,
    Door::OwnRoute(NOTES, "notes.read"),
    Door::OwnRoute(MUSIC, "music.play"),
];

impl Door {
    fn method_and_path(self) -> (&'static str, &'static str) {
        match self {
            Self::UserInfo => ("GET", "/userinfo"),
            Self::Introspection => ("POST", "/introspect"),
            Self::OwnRoute(..) => ("GET", "/notes"),
        }
    }

    /// A token that opens it, bound to this key.
    async fn token(self, server: &Running, key: &SigningKey) -> String {
        let reply = match self {
            Self::UserInfo => of_user(server, "shop", key).await,
            Self::Introspection => {
                let proof = server.proof(key, "POST", "/token").sign();
                server.client_credentials("notes").header("dpop", &proof).send().await.ok()
            }
            Self::OwnRoute(_, scope) => of_machine(server, key, scope).await,
        };
        reply.member("access_token")
    }

    /// A valid proof for a request with this token.
    fn proof(self, server: &Running, key: &SigningKey, token: &str) -> DpopProof {
        let (method, path) = self.method_and_path();
        server.proof(key, method, path).token(token)
    }

    /// Why a request is refused; `None` if it is not. A challenge names the scheme that was tried.
    async fn knock(self, server: &Running, scheme: &str, token: &str, proofs: &[String]) -> Option<Reason> {
        let authorization = format!("{scheme} {token}");
        let (method, path) = self.method_and_path();
        let (reason, status, challenge) = match self {
            Self::OwnRoute(audience, scope) => {
                let mut request = Request::builder().method(method).uri(path);
                request = request.header("authorization", authorization);
                for proof in proofs {
                    request = request.header("dpop", proof);
                }
                let head = request.body(()).expect("a request").into_parts().0;
                let denied = server.authorization_server.access(&head, audience, &[scope]).await.err()?;
                let answer = denied.answer();
                let challenge = answer.headers()["www-authenticate"].to_str().expect("text").to_owned();
                (denied.reason(), answer.status().as_u16(), challenge)
            }
            Self::UserInfo | Self::Introspection => {
                let method = http::Method::from_bytes(method.as_bytes()).expect("a method");
                let mut call = server.request(method, path).header("authorization", &authorization);
                for proof in proofs {
                    call = call.header("dpop", proof);
                }
                let reply = call.param("token", "x").send().await;
                let reason = reply.reason()?;
                reply.refused(reason);
                (Some(reason), reply.status(), reply.header("www-authenticate").unwrap_or("").to_owned())
            }
        };
        assert_eq!(status, 401, "{self:?} {reason:?}");
        assert!(challenge.starts_with(&format!("{scheme} error=")), "{self:?}: {challenge}");
        assert_eq!(challenge.contains("algs="), scheme == "DPoP", "{self:?}: {challenge}");
        reason
    }
}

/// RFC 9449 §7.2: the scheme `Bearer` is refused, with and without a proof.
#[tokio::test]
async fn a_bound_token_is_no_bearer_token_anywhere() {
    let (server, key) = (start().await, key());
    for door in DOORS {
        let token = door.token(&server, &key).await;
        let proof = door.proof(&server, &key, &token).sign();
        assert_eq!(door.knock(&server, "Bearer", &token, &[]).await, Some(Reason::TokenBound), "{door:?}");
        let with_proof = door.knock(&server, "Bearer", &token, &[proof]).await;
        assert_eq!(with_proof, Some(Reason::TokenBound), "{door:?}");
    }
}

/// RFC 9449 §7.1: with the scheme `DPoP` and a proof it is accepted, once for each proof.
#[tokio::test]
async fn a_bound_token_opens_every_door_with_its_proof() {
    let (server, key) = (start().await, key());
    for door in DOORS {
        let token = door.token(&server, &key).await;
        let proof = door.proof(&server, &key, &token).sign();
        assert_eq!(door.knock(&server, "DPoP", &token, std::slice::from_ref(&proof)).await, None, "{door:?}");
        let replayed = door.knock(&server, "DPoP", &token, &[proof]).await;
        assert_eq!(replayed, Some(Reason::ProofReplayed), "{door:?}");
        let another = door.proof(&server, &key, &token).sign();
        assert_eq!(door.knock(&server, "DPoP", &token, &[another]).await, None, "{door:?}");
    }
}

/// RFC 9449 §4.3, §7.1: a proof by another key, for another request, of another time or for another token opens nothing.
#[tokio::test]
async fn a_bound_token_opens_no_door_with_another_proof() {
    let (server, own, other) = (start().await, key(), key());
    for door in DOORS {
        let token = door.token(&server, &own).await;
        let proof = || door.proof(&server, &own, &token);
        let now = server.now();
        for (proofs, reason) in [
            (vec![], Reason::ProofMissing),
            (vec![proof().sign(), proof().sign()], Reason::ProofRepeated),
            (vec![door.proof(&server, &other, &token).sign()], Reason::ProofKeyWrong),
            (vec![proof().claim("htm", "PUT").sign()], Reason::ProofMethodWrong),
            (vec![proof().claim("htu", "https://as.example/other").sign()], Reason::ProofTargetWrong),
            (vec![proof().claim("htu", "https://other.example/userinfo").sign()], Reason::ProofTargetWrong),
            (vec![proof().claim("iat", now - 60).sign()], Reason::ProofExpired),
            (vec![proof().claim("iat", now + 61).sign()], Reason::ProofClockSkewed),
            (vec![proof().token("another").sign()], Reason::ProofTokenWrong),
            (vec![proof().claim("ath", serde_json::Value::Null).sign()], Reason::ProofClaimMissing),
        ] {
            let refused = door.knock(&server, "DPoP", &token, &proofs).await;
            assert_eq!(refused, Some(reason), "{door:?}");
        }
    }
}

/// RFC 9449 §7.1: the scheme `DPoP` is for bound tokens.
#[tokio::test]
async fn an_unbound_token_does_not_work_with_the_scheme_dpop() {
    let (server, key) = (start().await, key());
    let token = server.client_credentials("shop").param("scope", "notes.read").send().await.ok();
    let (token, door) = (token.member("access_token"), Door::OwnRoute(NOTES, "notes.read"));
    let proof = door.proof(&server, &key, &token).sign();
    assert_eq!(door.knock(&server, "DPoP", &token, &[proof]).await, Some(Reason::TokenUnbound));
}

/// RFC 9449 §7.1: a token in a form is a bearer token.
#[tokio::test]
async fn a_bound_token_in_a_form_is_refused() {
    let (server, key) = (start().await, key());
    let token = Door::UserInfo.token(&server, &key).await;
    let proof = server.proof(&key, "POST", "/userinfo").token(&token).sign();
    let call = server.post("/userinfo").param("access_token", &token).header("dpop", &proof);
    call.send().await.refused(Reason::TokenBound);
}

/// RFC 9449 §7.2: the challenge tells a client that sent a bound token as a bearer token which scheme it needs.
#[tokio::test]
async fn the_challenge_for_a_bound_token_names_both_schemes() {
    let (server, key) = (start().await, key());
    let token = Door::UserInfo.token(&server, &key).await;
    let reply = server.userinfo(&token).await;
    let challenges = reply.headers("www-authenticate");
    assert!(challenges[0].starts_with("Bearer error=\"invalid_token\""), "{challenges:?}");
    assert_eq!(challenges[1], "DPoP algs=\"ES256 EdDSA PS256 RS256\"");
}
