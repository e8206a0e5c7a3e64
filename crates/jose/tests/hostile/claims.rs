//! Validly signed payloads with claims of the wrong type.

use passavant_jose::json::JsonError;
use passavant_jose::{Claims, JoseError, SignatureAlgorithm, Unverified};

use crate::forge::{key, sign};
use crate::{Row, refused};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, payload) in [
        ("empty", String::new()),
        ("a member twice", r#"{"sub":"a","sub":"b"}"#.to_owned()),
        ("a member twice, escaped", r#"{"sub":"a","\u0073ub":"b"}"#.to_owned()),
        ("a member twice inside another", r#"{"cnf":{"jkt":"a","jkt":"b"}}"#.to_owned()),
        ("not JSON", "sub=a".to_owned()),
        ("more behind", r#"{"sub":"a"} {"sub":"b"}"#.to_owned()),
        ("seventeen levels", format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16))),
        ("a thousand levels", format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000))),
        ("a number beyond all", r#"{"exp":1e999}"#.to_owned()),
        ("NaN", r#"{"exp":NaN}"#.to_owned()),
    ] {
        rows.push(refused(format!("claims: {name}"), claims(&payload), JsonError::Malformed.into()));
    }
    for payload in ["[]", "null", "1", r#""a""#] {
        rows.push(refused(format!("claims: {payload}"), claims(payload), JsonError::NotObject.into()));
    }
    for name in ["exp", "nbf", "iat"] {
        for value in [r#""1900000000""#, "null", "true", "[1900000000]", "{}", "1e300", "-1e300"] {
            let found = claims(&format!("{{\"{name}\":{value}}}")).and_then(|claims| claims.time(name));
            rows.push(refused(format!("{name}: {value}"), found, JoseError::Claim(name.to_owned())));
        }
    }
    for value in ["1", "null", "{}", "[1]", r#"["a",null]"#, r#"[["a"]]"#] {
        let found = claims(&format!("{{\"aud\":{value}}}"))
            .and_then(|claims| claims.strings("aud").map(|found| found.len()));
        rows.push(refused(format!("aud: {value}"), found, JoseError::Claim("aud".to_owned())));
    }
    for value in ["1", "null", "{}", r#"["a"]"#, "false"] {
        let found = claims(&format!("{{\"iss\":{value}}}"))
            .and_then(|claims| claims.string("iss").map(|found| found.is_some()));
        rows.push(refused(format!("iss: {value}"), found, JoseError::Claim("iss".to_owned())));
    }
    rows
}

fn claims(payload: &str) -> Result<Claims, JoseError> {
    let signer = key(SignatureAlgorithm::EdDsa);
    let token = sign(r#"{"alg":"EdDSA"}"#, payload, &signer);
    Unverified::parse(&token)?.verify(&signer.verifying_key())?.claims()
}
