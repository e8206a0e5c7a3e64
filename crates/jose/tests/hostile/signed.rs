//! Invalid headers, parts and base64url, and proofs with the wrong key.

use passavant_jose::base64url::encode;
use passavant_jose::json::JsonError;
use passavant_jose::limits::{HEADER_BYTES, KEY_ID_BYTES, TOKEN_BYTES};
use passavant_jose::{JoseError, KeyError, SelfSigned, SignatureAlgorithm, SigningKey, Unverified, Verified};

use crate::forge::{key, set_spare_bit, sign, split, with_part, with_text};
use crate::{Row, refused};

const ES256: SignatureAlgorithm = SignatureAlgorithm::Es256;
const MALFORMED: JoseError = JoseError::Json(JsonError::Malformed);

pub(crate) fn rows() -> Vec<Row> {
    let good = sign(r#"{"alg":"ES256","typ":"JWT","kid":"a"}"#, "{}", &key(ES256));
    verify(&good).expect("the token that the others differ from is good");
    [algorithms(), members(), headers(), parts(&good), proofs()].into_iter().flatten().collect()
}

fn verify(token: &str) -> Result<Verified, JoseError> {
    Unverified::parse(token)?.verify(&key(ES256).verifying_key())
}

fn header(name: &str, header: &str, expected: JoseError) -> Row {
    refused(format!("header: {name}"), verify(&sign(header, "{}", &key(ES256))), expected)
}

fn algorithms() -> Vec<Row> {
    let mut rows = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", "", "ES256 ", "es256", "ES256K", "RS256", "HS256", "ES384"] {
        let name = format!("alg {none:?} under a good ES256 signature");
        rows.push(header(&name, &format!("{{\"alg\":\"{none}\"}}"), JoseError::Algorithm));
        let bare = sign(&format!("{{\"alg\":\"{none}\"}}"), "{}", &key(ES256));
        let bare = with_text(&bare, 2, String::clear);
        rows.push(refused(format!("alg {none:?} without signature"), verify(&bare), JoseError::Algorithm));
    }
    for (name, text) in [("missing", "{}"), ("a number", r#"{"alg":1}"#), ("null", r#"{"alg":null}"#)] {
        rows.push(header(&format!("alg {name}"), text, JoseError::Header("alg")));
    }
    rows.push(header("alg a list", r#"{"alg":["ES256"]}"#, JoseError::Header("alg")));
    let rsa = key(SignatureAlgorithm::Rs256);
    let public = rsa.public_jwk().expect("public").to_value();
    let modulus = public["n"].as_str().expect("n").to_owned();
    for secret in [public.to_string(), modulus] {
        let Ok(mac) = SigningKey::hmac(SignatureAlgorithm::Hs256, secret.as_bytes()) else { continue };
        let forged = sign(r#"{"alg":"HS256"}"#, "{}", &mac);
        let found = Unverified::parse(&forged).and_then(|token| token.verify(&rsa.verifying_key()));
        rows.push(refused("HS256 with the RSA public key as secret", found, JoseError::Algorithm));
        let forged = sign(r#"{"alg":"RS256"}"#, "{}", &mac);
        let found = Unverified::parse(&forged).and_then(|token| token.verify(&rsa.verifying_key()));
        rows.push(refused("RS256 signed by HMAC with the public key", found, JoseError::Signature));
    }
    let other = SigningKey::generate(ES256).expect("a key");
    rows.push(refused(
        "signed by another key",
        verify(&sign(r#"{"alg":"ES256"}"#, "{}", &other)),
        JoseError::Signature,
    ));
    rows
}

fn members() -> Vec<Row> {
    let mut rows = Vec::new();
    let own = key(ES256).public_jwk().expect("public").to_value();
    for (name, value) in [
        ("jwk", own.to_string()),
        ("jwk", "null".to_owned()),
        ("jku", r#""https://evil.example/jwks""#.to_owned()),
        ("x5u", r#""https://evil.example/x5u""#.to_owned()),
        ("x5c", r#"["AAAA"]"#.to_owned()),
        ("crit", r#"["exp"]"#.to_owned()),
        ("crit", "[]".to_owned()),
        ("crit", r#""exp""#.to_owned()),
        ("crit", "{}".to_owned()),
        ("crit", "null".to_owned()),
        ("crit", "false".to_owned()),
        ("b64", "false".to_owned()),
        ("b64", "true".to_owned()),
        ("zip", r#""DEF""#.to_owned()),
    ] {
        let text = format!("{{\"alg\":\"ES256\",\"{name}\":{value}}}");
        rows.push(header(&format!("{name} {value:.20}"), &text, JoseError::HeaderForbidden(name)));
    }
    let unencoded = r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#;
    rows.push(header("b64 as RFC 7797 has it", unencoded, JoseError::HeaderForbidden("crit")));
    for (name, value) in [("typ", "1"), ("typ", "null"), ("cty", "[]"), ("kid", "1"), ("kid", "{}")] {
        let text = format!("{{\"alg\":\"ES256\",\"{name}\":{value}}}");
        rows.push(header(&format!("{name} {value}"), &text, JoseError::Header(name)));
    }
    let long = format!("{{\"alg\":\"ES256\",\"kid\":\"{}\"}}", "a".repeat(KEY_ID_BYTES + 1));
    rows.push(header("kid too long", &long, JoseError::Header("kid")));
    rows
}

fn headers() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, text) in [
        ("alg twice", r#"{"alg":"ES256","alg":"ES256"}"#),
        ("alg twice, escaped", r#"{"alg":"ES256","\u0061lg":"none"}"#),
        ("kid twice", r#"{"alg":"ES256","kid":"a","kid":"b"}"#),
        ("a member twice inside another", r#"{"alg":"ES256","x":{"a":1,"a":2}}"#),
        ("cut off", r#"{"alg":"ES256""#),
        ("with more behind", r#"{"alg":"ES256"}{}"#),
        ("with a comment", r#"{"alg":"ES256"/**/}"#),
        ("with a byte order mark", "\u{feff}{\"alg\":\"ES256\"}"),
    ] {
        rows.push(header(name, text, MALFORMED));
    }
    for text in ["[]", "null", "1", r#""ES256""#, r#"[{"alg":"ES256"}]"#] {
        rows.push(header(&format!("{text} instead of an object"), text, JsonError::NotObject.into()));
    }
    let deep = format!("{{\"alg\":\"ES256\",\"x\":{}{}}}", "[".repeat(16), "]".repeat(16));
    rows.push(header("nested seventeen levels", &deep, MALFORMED));
    let large = format!("{{\"alg\":\"ES256\",\"x\":\"{}\"}}", "a".repeat(HEADER_BYTES));
    rows.push(header("larger than its limit", &large, JoseError::TooLong(HEADER_BYTES)));
    let binary = with_part(&sign(r#"{"alg":"ES256"}"#, "{}", &key(ES256)), 0, |bytes| bytes[8] = 0xff);
    rows.push(refused("header: not UTF-8", verify(&binary), MALFORMED));
    rows
}

fn parts(good: &str) -> Vec<Row> {
    let parts = split(good);
    let [header, payload, signature] = [&parts[0], &parts[1], &parts[2]];
    let mut rows = Vec::new();
    for (name, token) in [
        ("none", String::new()),
        ("one", header.clone()),
        ("two", format!("{header}.{payload}")),
        ("four", format!("{good}.")),
        ("four, the first empty", format!(".{good}")),
        ("five", format!("{good}.{payload}.{signature}")),
        ("three, the first empty", format!(".{payload}.{signature}")),
        ("JSON serialization", format!("{{\"protected\":\"{header}\",\"signature\":\"{signature}\"}}")),
    ] {
        rows.push(refused(format!("parts: {name}"), verify(&token), JoseError::Parts));
    }
    for part in 0..3 {
        let mut bad = |name: &str, change: fn(&mut String)| {
            let found = verify(&with_text(good, part, change));
            rows.push(refused(format!("part {part}: {name}"), found, JoseError::Encoding));
        };
        bad("padded", |text| text.push('='));
        bad("padded twice", |text| text.push_str("=="));
        bad("the other alphabet", |text| text.replace_range(..1, "+"));
        bad("a question mark", |text| text.replace_range(..1, "?"));
        bad("a space in front", |text| text.insert(0, ' '));
        bad("a line end behind", |text| text.push('\n'));
        bad("a zero byte", |text| text.push('\0'));
        bad("a letter of another script", |text| text.push('é'));
    }
    let spare = sign(r#"{"alg":"ES256","kid":"ab"}"#, "{\"a\":1}", &key(ES256));
    verify(&spare).expect("the token with spare bits is good");
    for part in 0..3 {
        let found = verify(&with_text(&spare, part, set_spare_bit));
        rows.push(refused(format!("part {part}: spare bits set"), found, JoseError::Encoding));
    }
    let long = sign(r#"{"alg":"ES256"}"#, &"a".repeat(TOKEN_BYTES), &key(ES256));
    rows.push(refused("longer than eight kibibytes", verify(&long), JoseError::TooLong(TOKEN_BYTES)));
    rows
}

fn proofs() -> Vec<Row> {
    let holder = key(ES256);
    let mut public = holder.public_jwk().expect("public").to_value();
    public.as_object_mut().expect("an object").remove("alg");
    let jwk = public.to_string();
    let good = proof("ES256", "dpop+jwt", &jwk, &holder);
    check(&good).expect("the proof that the others differ from is good");
    let mut rows = vec![refused(
        "proof: read as an ordinary token",
        Unverified::parse(&good),
        JoseError::HeaderForbidden("jwk"),
    )];
    let mut bad = |name: &str, token: String, expected: JoseError| {
        rows.push(refused(format!("proof: {name}"), check(&token), expected));
    };
    for typ in ["JWT", "at+jwt", "dpop", "dpop+jwt ", "", "dpop+jwt+jwt"] {
        bad("another type", proof("ES256", typ, &jwk, &holder), JoseError::Header("typ"));
    }
    let untyped = format!("{{\"alg\":\"ES256\",\"jwk\":{jwk}}}");
    bad("no type", sign(&untyped, "{}", &holder), JoseError::Header("typ"));
    bad("no key", sign(r#"{"alg":"ES256","typ":"dpop+jwt"}"#, "{}", &holder), JoseError::Header("jwk"));
    let other = SigningKey::generate(ES256).expect("a key");
    bad("signed by another key", proof("ES256", "dpop+jwt", &jwk, &other), JoseError::Signature);
    for alg in ["none", "None", "RS256", "ES512", "HS256", ""] {
        bad("alg not allowed", proof(alg, "dpop+jwt", &jwk, &holder), JoseError::Algorithm);
    }
    bad("alg of another curve", proof("EdDSA", "dpop+jwt", &jwk, &holder), KeyError::Curve.into());
    let wrong_alg = jwk.replace("\"kty\"", "\"alg\":\"ES384\",\"kty\"");
    bad("a key for another alg", proof("ES256", "dpop+jwt", &wrong_alg, &holder), KeyError::Algorithm.into());
    let mac = SigningKey::hmac(SignatureAlgorithm::Hs256, &[7; 32]).expect("a key");
    let secret = r#"{"kty":"oct","k":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}"#;
    bad("a shared secret as key", proof("HS256", "dpop+jwt", secret, &mac), KeyError::KeyType.into());
    let private = holder.to_private_jwk().expect("a JWK").to_string();
    bad("the private key", proof("ES256", "dpop+jwt", &private, &holder), KeyError::Private.into());
    let none = KeyError::Json(JsonError::NotObject);
    bad("a key that is none", proof("ES256", "dpop+jwt", "1", &holder), none.clone().into());
    bad("a key in a list", proof("ES256", "dpop+jwt", &format!("[{jwk}]"), &holder), none.into());
    for name in ["jku", "x5u", "x5c", "crit", "b64", "zip"] {
        let beside = format!("{jwk},\"{name}\":[\"https://evil.example\"]");
        let expected = JoseError::HeaderForbidden(name);
        bad("a forbidden member beside the key", proof("ES256", "dpop+jwt", &beside, &holder), expected);
    }
    let twice = format!("{jwk},\"jwk\":{jwk}");
    bad("two keys", proof("ES256", "dpop+jwt", &twice, &holder), MALFORMED);
    let encrypting = jwk.replace("\"use\":\"sig\"", "\"use\":\"enc\"");
    bad("a key for encrypting", proof("ES256", "dpop+jwt", &encrypting, &holder), KeyError::Use.into());
    let (n, e) = (encode(&[0xff; 1024]), "AQAB");
    let large = format!("{{\"kty\":\"RSA\",\"n\":\"{n}\",\"e\":\"{e}\"}}");
    bad("an RSA key of 8192 bits", proof("RS256", "dpop+jwt", &large, &holder), KeyError::Modulus.into());
    rows
}

fn proof(alg: &str, typ: &str, jwk: &str, signer: &SigningKey) -> String {
    sign(&format!("{{\"alg\":\"{alg}\",\"typ\":\"{typ}\",\"jwk\":{jwk}}}"), "{}", signer)
}

/// The list contains a symmetric algorithm, which must be refused even then.
fn check(token: &str) -> Result<passavant_jose::Possession, JoseError> {
    SelfSigned::parse(token)?.verify(&[ES256, SignatureAlgorithm::Hs256, SignatureAlgorithm::EdDsa])
}
