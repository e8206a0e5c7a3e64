//! Tokens that are bound to the certificate of the connection (RFC 8705 §3).

use http::request::Parts;
use passavant_resource::{ClientCertificate, Dpop, Reason, Thumbprint};
use serde_json::{Value, json};

use crate::dpop::Sender;
use crate::introspection::active;
use crate::support::{World, head, json_answer};

const OURS: &[u8] = b"a certificate in DER";
const ANOTHER: &[u8] = b"another certificate in DER";

fn bound() -> Value {
    json!({"x5t#S256": Thumbprint::of_certificate(OURS).to_string()})
}

fn by(certificate: Option<&[u8]>, token: &str) -> Parts {
    let mut head = head(token);
    if let Some(der) = certificate {
        head.extensions.insert(ClientCertificate::from_der(der));
    }
    head
}

#[tokio::test]
async fn a_bound_token_comes_by_a_connection_with_its_certificate() {
    let world = World::new();
    let guard = world.introspecting().build().expect("a guard");
    for (cnf, certificate, expected) in [
        (bound(), Some(OURS), None),
        (bound(), Some(ANOTHER), Some(Reason::CertificateWrong)),
        (bound(), Some(&b""[..]), Some(Reason::CertificateWrong)),
        (bound(), None, Some(Reason::CertificateMissing)),
        (Value::Null, Some(OURS), None),
        (Value::Null, None, None),
        (json!({"x5t": "x"}), Some(OURS), Some(Reason::ConfirmationUnknown)),
        (json!({}), Some(OURS), Some(Reason::ConfirmationUnknown)),
    ] {
        let answer = active(json!({"cnf": cnf}));
        world.server.set("/introspect", json_answer(&answer));
        for token in [world.jwt(json!({"cnf": cnf})), format!("opaque-{}", world.server.calls("/introspect"))]
        {
            let judged = guard.check(&by(certificate, &token)).await;
            let reason = judged.as_ref().err().map(|denied| denied.reason());
            assert_eq!(reason, expected, "{cnf} {certificate:?} {token}");
            if let Err(denied) = judged {
                let challenge =
                    denied.challenge().and_then(|value| value.to_str().ok()).expect("a challenge");
                assert_eq!(denied.status(), 401);
                assert!(challenge.starts_with("Bearer error=\"invalid_token\", "), "{challenge}");
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_in_a_header_is_none() {
    let world = World::new();
    let token = world.jwt(json!({"cnf": bound()}));
    let mut head = head(&token);
    for name in ["client-cert", "x-ssl-cert", "x-forwarded-client-cert", "x-client-cert"] {
        head.headers.insert(name, "YSBjZXJ0aWZpY2F0ZSBpbiBERVI=".parse().expect("a value"));
    }
    let denied = world.guard().check(&head).await.expect_err("refused");
    assert_eq!(denied.reason(), Reason::CertificateMissing);
}

#[tokio::test]
async fn a_token_that_is_bound_twice_needs_both() {
    let world = World::new();
    let guard = world.builder().dpop(Dpop::Accept).build().expect("a guard");
    let sender = Sender::new();
    let mut cnf = bound();
    cnf["jkt"] = sender.thumbprint().into();
    let token = world.jwt(json!({"cnf": cnf}));
    for (certificate, expected) in [
        (None, Some(Reason::CertificateMissing)),
        (Some(ANOTHER), Some(Reason::CertificateWrong)),
        (Some(OURS), None),
    ] {
        let mut head = sender.request(&token, &sender.proof(&token, json!({})));
        if let Some(der) = certificate {
            head.extensions.insert(ClientCertificate::from_der(der));
        }
        assert_eq!(guard.check(&head).await.err().map(|denied| denied.reason()), expected);
    }
    let denied = guard.check(&by(Some(OURS), &token)).await.expect_err("refused");
    assert_eq!(denied.reason(), Reason::TokenBound);
}
