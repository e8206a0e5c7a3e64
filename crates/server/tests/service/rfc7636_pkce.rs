//! PKCE (RFC 7636, RFC 9700 §2.1.1).

use passavant_server::{PkcePolicy, Reason};
use testkit::server::{Authorize, Call, Code, Running, TestServer, confidential, public};

async fn start() -> Running {
    TestServer::new().client(confidential("shop")).client(public("spa")).account("alice").start().await
}

fn authorize(server: &Running, client: &str) -> Authorize {
    server.browser().sign_in("alice").authorize(client)
}

fn with_verifier(server: &Running, code: &Code, verifier: &str) -> Call {
    server.redemption(code).without("code_verifier").param("code_verifier", verifier)
}

/// RFC 9700 §2.1.1 requires it of public clients, this server of all.
#[tokio::test]
async fn every_client_must_send_a_challenge() {
    let server = start().await;
    for client in ["shop", "spa"] {
        authorize(&server, client).without_pkce().finish().await.refused(Reason::PkceMissing);
        let method_alone = authorize(&server, client).without("code_challenge");
        method_alone.finish().await.refused(Reason::PkceMissing);
    }
}

/// RFC 7636 §4.3: the default method is `plain`, but RFC 9700 §2.1.1 allows only `S256`.
#[tokio::test]
async fn the_method_is_s256() {
    let server = start().await;
    for method in ["plain", "s256", "S512"] {
        let request = authorize(&server, "spa").param("code_challenge_method", method);
        request.finish().await.refused(Reason::PkceMethodUnsupported);
    }
    let silent = authorize(&server, "spa").without("code_challenge_method");
    silent.finish().await.refused(Reason::PkceMethodUnsupported);
}

/// RFC 7636 §4.2: the base64url of a SHA-256.
#[tokio::test]
async fn a_challenge_is_43_characters_of_base64url() {
    let server = start().await;
    for challenge in ["x", &"x".repeat(42), &"x".repeat(44), &format!("{}=", "x".repeat(43)), &"+".repeat(43)]
    {
        let request = authorize(&server, "spa").param("code_challenge", challenge);
        request.finish().await.refused(Reason::PkceMalformed);
    }
}

/// RFC 7636 §4.6
#[tokio::test]
async fn a_verifier_that_does_not_meet_the_challenge_is_refused() {
    let server = start().await;
    let code = authorize(&server, "spa").code().await;
    for verifier in ["short", &"x".repeat(43), &code.verifier[1..], &"x".repeat(129)] {
        with_verifier(&server, &code, verifier).send().await.refused(Reason::PkceMismatch);
    }
    server.redeem(&code).await.ok();
}

/// RFC 9700 §4.5: the number of attempts is limited.
#[tokio::test]
async fn a_code_is_burnt_after_five_wrong_verifiers() {
    let server = start().await;
    let code = authorize(&server, "spa").code().await;
    for _ in 0..5 {
        with_verifier(&server, &code, &"x".repeat(43)).send().await.refused(Reason::PkceMismatch);
    }
    server.redeem(&code).await.refused(Reason::CodeReused);
}

/// RFC 7636 §4.6
#[tokio::test]
async fn a_challenge_demands_a_verifier() {
    let server = start().await;
    let code = authorize(&server, "shop").code().await;
    let call = server.redemption(&code).without("code_verifier");
    call.send_unwritten().await.refused(Reason::PkceVerifierMissing);
}

/// RFC 9700 §4.8.2: an attacker may have removed the challenge from the request.
#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let server = TestServer::new().client(confidential("shop").without_pkce()).account("alice").start().await;
    let code = authorize(&server, "shop").without_pkce().code().await;
    server.redemption(&code).send_unwritten().await.refused(Reason::PkceVerifierUnexpected);
}

/// RFC 9700 §2.1.1: a confidential OpenID client may rely on its nonce, if the operator allows it.
#[tokio::test]
async fn a_confidential_client_with_a_nonce_may_be_excused() {
    let server = TestServer::new()
        .client(confidential("shop"))
        .client(public("spa").without_pkce())
        .account("alice")
        .settings(|settings| settings.pkce = PkcePolicy::Public)
        .start()
        .await;
    let excused = authorize(&server, "shop").scope("openid email").without_pkce().code().await;
    server.redemption(&excused).without("code_verifier").send().await.ok();
    let no_nonce = authorize(&server, "shop").without_pkce().without("nonce").finish().await;
    no_nonce.refused(Reason::PkceOrNonceMissing);
    let description = no_nonce.param("error_description").expect("a description");
    assert!(description.starts_with("code_challenge or nonce"), "{description}");
    let no_openid = authorize(&server, "shop").scope("email").without_pkce();
    no_openid.finish().await.refused(Reason::PkceOrNonceMissing);
    authorize(&server, "spa").without_pkce().finish().await.refused(Reason::PkceMissing);
}

/// `require_pkce` false frees a confidential client of both: OpenID Connect Core 1.0 §3.1.2.1 makes the nonce optional. A
/// public client is never freed.
#[tokio::test]
async fn an_excused_client_sends_neither_challenge_nor_nonce() {
    for policy in [PkcePolicy::Required, PkcePolicy::Public] {
        let server = TestServer::new()
            .client(confidential("shop").without_pkce())
            .client(public("spa").without_pkce())
            .account("alice")
            .settings(|settings| settings.pkce = policy)
            .start()
            .await;
        for scope in ["openid email", "email"] {
            let request = authorize(&server, "shop").scope(scope).without_pkce().without("nonce");
            let code = request.code().await;
            server.redemption(&code).without("code_verifier").send().await.ok();
        }
        for nonce in ["nonce", "none"] {
            let request = authorize(&server, "spa").without_pkce().without(nonce);
            request.finish().await.refused(Reason::PkceMissing);
        }
    }
}

/// If a challenge is sent, it is enforced even for exempt clients.
#[tokio::test]
async fn a_challenge_that_was_not_demanded_is_enforced() {
    let server = TestServer::new().client(confidential("shop").without_pkce()).account("alice").start().await;
    let code = authorize(&server, "shop").code().await;
    with_verifier(&server, &code, &"x".repeat(43)).send().await.refused(Reason::PkceMismatch);
}
