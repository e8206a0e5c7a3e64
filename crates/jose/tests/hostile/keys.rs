//! Invalid keys, and valid keys with another use.

use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use passavant_jose::base64url::{decode, encode};
use passavant_jose::json::JsonError;
use passavant_jose::limits::KEY_SET_BYTES;
use passavant_jose::{
    DecryptionKey, EncryptionKey, Jwk, JwkSet, KeyError, KeyManagement, SignatureAlgorithm, SigningKey,
    VerifyingKey,
};
use serde_json::{Value, json};

use crate::forge::key;
use crate::{Row, refused};

const ES256: SignatureAlgorithm = SignatureAlgorithm::Es256;
const RS256: SignatureAlgorithm = SignatureAlgorithm::Rs256;

/// 65537 to the 128th power: a modulus with the fingerprint of ROCA, as everyone can compute it.
fn roca_modulus() -> String {
    let mut number = vec![1_u8];
    for _ in 0..128 {
        let mut sum = [number.as_slice(), &[0, 0]].concat();
        let mut carry = 0_u16;
        for at in (0..sum.len()).rev() {
            let from_end = sum.len() - 1 - at;
            let add = number.len().checked_sub(from_end + 1).map_or(0, |index| number[index]);
            let total = u16::from(sum[at]) + u16::from(add) + carry;
            sum[at] = total.to_le_bytes()[0];
            carry = total >> 8;
        }
        number = sum;
    }
    encode(&number)
}

pub(crate) fn rows() -> Vec<Row> {
    [purposes(), points(), rsa(), secrets(), texts(), sets(), privates(), wrapping()]
        .into_iter()
        .flatten()
        .collect()
}

fn public(algorithm: SignatureAlgorithm) -> Value {
    key(algorithm).public_jwk().expect("public").to_value()
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn verifying(jwk: &Value, algorithm: SignatureAlgorithm) -> Result<VerifyingKey, KeyError> {
    Jwk::parse(jwk.to_string().as_bytes())?.verifying_key(algorithm)
}

fn purposes() -> Vec<Row> {
    let ec = public(ES256);
    verifying(&ec, ES256).expect("the key that the others differ from is good");
    let mut rows = Vec::new();
    let mut bad = |name: &str, jwk: Value, algorithm, expected| {
        rows.push(refused(format!("key: {name}"), verifying(&jwk, algorithm), expected));
    };
    bad("use enc", with(ec.clone(), "use", json!("enc")), ES256, KeyError::Use);
    bad("use unknown", with(ec.clone(), "use", json!("SIG")), ES256, KeyError::Use);
    bad("use a list", with(ec.clone(), "use", json!(["sig"])), ES256, KeyError::Member("use"));
    bad("key_ops sign only", with(ec.clone(), "key_ops", json!(["sign"])), ES256, KeyError::Use);
    bad("key_ops empty", with(ec.clone(), "key_ops", json!([])), ES256, KeyError::Use);
    bad("key_ops in one text", with(ec.clone(), "key_ops", json!(["sign, verify"])), ES256, KeyError::Use);
    let twice = json!(["verify", "verify"]);
    bad("key_ops twice", with(ec.clone(), "key_ops", twice), ES256, KeyError::Member("key_ops"));
    bad("key_ops a text", with(ec.clone(), "key_ops", json!("verify")), ES256, KeyError::Member("key_ops"));
    bad("alg another", with(ec.clone(), "alg", json!("ES384")), ES256, KeyError::Algorithm);
    bad("alg none", with(ec.clone(), "alg", json!("none")), ES256, KeyError::Algorithm);
    bad("alg ES521", with(ec.clone(), "alg", json!("ES521")), ES256, KeyError::Algorithm);
    bad("alg a number", with(ec.clone(), "alg", json!(1)), ES256, KeyError::Member("alg"));
    bad("kid a number", with(ec.clone(), "kid", json!(1)), ES256, KeyError::Member("kid"));
    let mut free = ec;
    free.as_object_mut().expect("an object").remove("alg");
    bad("P-256 for ES384", free.clone(), SignatureAlgorithm::Es384, KeyError::Curve);
    bad("P-256 for EdDSA", free.clone(), SignatureAlgorithm::EdDsa, KeyError::Curve);
    bad("EC for RS256", free.clone(), RS256, KeyError::KeyType);
    bad("EC for HS256", free, SignatureAlgorithm::Hs256, KeyError::KeyType);
    let mut rsa = public(RS256);
    bad("RS256 key for PS256", rsa.clone(), SignatureAlgorithm::Ps256, KeyError::Algorithm);
    rsa.as_object_mut().expect("an object").remove("alg");
    bad("RSA for HS256", rsa.clone(), SignatureAlgorithm::Hs256, KeyError::KeyType);
    bad("RSA for ES256", rsa, ES256, KeyError::KeyType);
    let x25519 = json!({"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"});
    bad("X25519 for EdDSA", x25519, SignatureAlgorithm::EdDsa, KeyError::Curve);
    rows
}

fn points() -> Vec<Row> {
    let ec = public(ES256);
    let okp = public(SignatureAlgorithm::EdDsa);
    let changed = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = decode(ec[name].as_str().expect("text")).expect("base64url");
        change(&mut bytes);
        with(ec.clone(), name, json!(encode(&bytes)))
    };
    let mut rows = Vec::new();
    let mut bad = |name: &str, jwk: Value, expected| {
        rows.push(refused(format!("point: {name}"), Jwk::from_value(&jwk), expected));
    };
    for name in ["x", "y"] {
        bad("one byte less", changed(name, &|bytes| bytes.truncate(31)), KeyError::Member(name));
        bad("one byte more", changed(name, &|bytes| bytes.insert(0, 0)), KeyError::Member(name));
        bad("none", changed(name, &Vec::clear), KeyError::Member(name));
        bad("off the curve", changed(name, &|bytes| bytes[31] ^= 1), KeyError::Invalid);
        bad("beyond the field", changed(name, &|bytes| bytes.fill(0xff)), KeyError::Invalid);
        bad("not text", with(ec.clone(), name, json!(1)), KeyError::Member(name));
        let padded = format!("{}=", ec[name].as_str().expect("text"));
        bad("padded", with(ec.clone(), name, json!(padded)), KeyError::Member(name));
    }
    let zero = json!(encode(&[0; 32]));
    bad("zero", with(with(ec.clone(), "x", zero.clone()), "y", zero), KeyError::Invalid);
    for curve in ["P-384", "P-521"] {
        bad("of another curve's length", with(ec.clone(), "crv", json!(curve)), KeyError::Member("x"));
    }
    for curve in [json!("P-256K"), json!("secp256k1"), json!("Ed25519"), json!(""), json!(null)] {
        bad("on a curve that does not suit EC", with(ec.clone(), "crv", curve), KeyError::Curve);
    }
    bad("on a curve that does not suit OKP", with(okp.clone(), "crv", json!("P-256")), KeyError::Curve);
    bad("on Ed448", with(okp.clone(), "crv", json!("Ed448")), KeyError::Curve);
    bad("Ed25519 too short", with(okp, "x", json!(encode(&[1; 31]))), KeyError::Member("x"));
    rows
}

fn rsa() -> Vec<Row> {
    let rsa = public(RS256);
    let n = decode(rsa["n"].as_str().expect("text")).expect("base64url");
    let mut rows = Vec::new();
    let mut bad = |name: &str, member: &str, bytes: &[u8], expected| {
        let jwk = with(rsa.clone(), member, json!(encode(bytes)));
        rows.push(refused(format!("RSA: {name}"), Jwk::from_value(&jwk), expected));
    };
    bad("1024 bits", "n", &[&n[..127], &[1]].concat(), KeyError::Modulus);
    let mut short = n.clone();
    short[0] &= 0x7f;
    short[0] |= 0x40;
    bad("2047 bits", "n", &short, KeyError::Modulus);
    bad("8200 bits", "n", &[0xa5; 1025], KeyError::Modulus);
    bad("even modulus", "n", &[&n[..255], &[0]].concat(), KeyError::Modulus);
    bad("zeros and no modulus", "n", &[0; 256], KeyError::Member("n"));
    bad("1024 bits behind zeros", "n", &[&[0; 129], &n[..126], &[1]].concat(), KeyError::Modulus);
    bad("no modulus", "n", &[], KeyError::Member("n"));
    bad("exponent 1", "e", &[1], KeyError::Exponent);
    bad("exponent 2", "e", &[2], KeyError::Exponent);
    bad("exponent 65536", "e", &[1, 0, 0], KeyError::Exponent);
    bad("exponent of forty bits", "e", &[1, 0, 0, 0, 1], KeyError::Exponent);
    bad("exponent 1 behind a zero", "e", &[0, 1], KeyError::Exponent);
    bad("no exponent", "e", &[], KeyError::Member("e"));
    let roca = with(rsa.clone(), "n", json!(roca_modulus()));
    rows.push(refused("RSA: ROCA (CVE-2017-15361)", Jwk::from_value(&roca), KeyError::Weak));
    let curve = with(rsa, "crv", json!("P-256"));
    rows.push(refused("RSA: with a curve", Jwk::from_value(&curve), KeyError::Member("crv")));
    rows
}

fn secrets() -> Vec<Row> {
    let oct = |bytes: usize| json!({"kty": "oct", "k": encode(&vec![7; bytes])});
    let mut rows = Vec::new();
    for (algorithm, bytes) in
        [(SignatureAlgorithm::Hs256, 31), (SignatureAlgorithm::Hs384, 47), (SignatureAlgorithm::Hs512, 63)]
    {
        rows.push(refused(
            format!("{algorithm}: {bytes} bytes"),
            verifying(&oct(bytes), algorithm),
            KeyError::Length,
        ));
        let secret = vec![7; bytes];
        rows.push(refused(
            format!("{algorithm}: {bytes} bytes, as a shared secret"),
            VerifyingKey::hmac(algorithm, &secret),
            KeyError::Length,
        ));
        rows.push(refused(
            format!("{algorithm}: signing with {bytes} bytes"),
            SigningKey::hmac(algorithm, &secret),
            KeyError::Length,
        ));
    }
    rows.push(refused("oct: empty", Jwk::from_value(&oct(0)), KeyError::Length));
    rows.push(refused("oct: too long", Jwk::from_value(&oct(1025)), KeyError::Length));
    rows.push(refused("oct for RS256", verifying(&oct(64), RS256), KeyError::KeyType));
    rows.push(refused("oct for ES256", verifying(&oct(64), ES256), KeyError::KeyType));
    rows.push(refused("HMAC as RS256", VerifyingKey::hmac(RS256, &[7; 64]), KeyError::KeyType));
    let gcm = with(oct(32), "alg", json!("A256GCM"));
    rows.push(refused("oct for A256GCM", verifying(&gcm, SignatureAlgorithm::Hs256), KeyError::Algorithm));
    rows
}

fn texts() -> Vec<Row> {
    let ec = public(ES256).to_string();
    let repeated = ec.replacen('{', "{\"kty\":\"EC\",", 1);
    let mut rows = Vec::new();
    for (name, text, expected) in [
        ("a member twice", repeated, KeyError::Json(JsonError::Malformed)),
        ("cut off", ec[..ec.len() - 1].to_owned(), KeyError::Json(JsonError::Malformed)),
        ("a list", format!("[{ec}]"), KeyError::Json(JsonError::NotObject)),
        ("no kty", ec.replace("kty", "ktx"), KeyError::Member("kty")),
        ("kty unknown", ec.replace("\"EC\"", "\"ec\""), KeyError::KeyType),
        ("kty a number", ec.replace("\"EC\"", "1"), KeyError::Member("kty")),
        ("private", key(ES256).to_private_jwk().expect("a JWK").to_string(), KeyError::Private),
        ("private RSA", key(RS256).to_private_jwk().expect("a JWK").to_string(), KeyError::Private),
        ("a secret beside a point", ec.replacen('{', "{\"k\":\"AA\",", 1), KeyError::Private),
        ("longer than 64 KiB", format!("{ec}{}", " ".repeat(65_536)), KeyError::Json(JsonError::TooLong)),
    ] {
        rows.push(refused(format!("JWK: {name}"), Jwk::parse(text.as_bytes()), expected));
    }
    rows
}

fn sets() -> Vec<Row> {
    let (ec, okp) = (public(ES256), public(SignatureAlgorithm::EdDsa));
    let oct = json!({"kty": "oct", "kid": "s", "k": encode(&[7; 32])});
    let weak = with(with(public(RS256), "n", json!(roca_modulus())), "kid", json!("w"));
    let private = key(ES256).to_private_jwk().expect("a JWK").replacen("\"kid\":\"", "\"kid\":\"p", 1);
    let private: Value = serde_json::from_str(&private).expect("JSON");
    let mut rows = Vec::new();
    for (name, text) in [
        ("an object instead of a list", json!({ "keys": {} }).to_string()),
        ("two lists", r#"{"keys":[],"keys":[]}"#.to_owned()),
        ("no list", "{}".to_owned()),
        ("too long", format!("{{\"keys\":[]{}}}", " ".repeat(KEY_SET_BYTES))),
    ] {
        let expected = KeyError::Member("keys");
        rows.push(refused(format!("set: {name}"), JwkSet::parse(text.as_bytes()), expected));
    }
    let set = json!({ "keys": [ec, okp, oct, private, weak, null] }).to_string();
    let set = JwkSet::parse(set.as_bytes()).expect("a good set");
    let (kid, private) = (okp["kid"].as_str(), private["kid"].as_str());
    let mut bad = |name: &str, kid, algorithm, expected| {
        rows.push(refused(format!("set: {name}"), set.verifying_keys(kid, algorithm), expected));
    };
    bad("the kid of another key", kid, ES256, KeyError::Algorithm);
    bad("an unknown kid", Some("x"), ES256, KeyError::Unknown);
    bad("an empty kid", Some(""), ES256, KeyError::Unknown);
    bad("no key fits", None, SignatureAlgorithm::Es512, KeyError::Unknown);
    bad("a secret that is published", Some("s"), SignatureAlgorithm::Hs256, KeyError::Mixed);
    bad(
        "a secret that is published, for a token without kid",
        None,
        SignatureAlgorithm::Hs256,
        KeyError::Unknown,
    );
    bad("a private key that is published", private, ES256, KeyError::Private);
    bad("a weak key", Some("w"), RS256, KeyError::Weak);
    bad("a weak key, for a token without kid", None, RS256, KeyError::Unknown);
    rows
}

fn privates() -> Vec<Row> {
    let ec: Value = serde_json::from_str(&key(ES256).to_private_jwk().expect("a JWK")).expect("JSON");
    let rsa: Value = serde_json::from_str(&key(RS256).to_private_jwk().expect("a JWK")).expect("JSON");
    let okp = key(SignatureAlgorithm::EdDsa);
    let okp: Value = serde_json::from_str(&okp.to_private_jwk().expect("a JWK")).expect("JSON");
    let mut rows = Vec::new();
    let mut bad = |name: &str, jwk: Value, algorithm, expected| {
        let found = SigningKey::from_private_jwk(jwk.to_string().as_bytes(), algorithm);
        rows.push(refused(format!("private: {name}"), found, expected));
    };
    bad("a public key", public(ES256), ES256, KeyError::Public);
    bad("use enc", with(ec.clone(), "use", json!("enc")), ES256, KeyError::Use);
    bad("key_ops verify only", with(ec.clone(), "key_ops", json!(["verify"])), ES256, KeyError::Use);
    bad("alg another", ec.clone(), SignatureAlgorithm::Es384, KeyError::Algorithm);
    bad("d of another key", with(ec.clone(), "d", json!(encode(&[7; 32]))), ES256, KeyError::Invalid);
    bad("d zero", with(ec.clone(), "d", json!(encode(&[0; 32]))), ES256, KeyError::Invalid);
    bad("d too short", with(ec, "d", json!(encode(&[7; 31]))), ES256, KeyError::Member("d"));
    let eddsa = SignatureAlgorithm::EdDsa;
    bad("seed of another key", with(okp, "d", json!(encode(&[7; 32]))), eddsa, KeyError::Invalid);
    bad("RSA: d of another key", with(rsa.clone(), "d", json!(encode(&[7; 256]))), RS256, KeyError::Invalid);
    bad(
        "RSA: p and q exchanged",
        {
            let (p, q) = (rsa["p"].clone(), rsa["q"].clone());
            with(with(rsa.clone(), "p", q), "q", p)
        },
        RS256,
        KeyError::Invalid,
    );
    bad("RSA: more than two primes", with(rsa.clone(), "oth", json!([])), RS256, KeyError::Member("oth"));
    for name in ["p", "q", "dp", "dq", "qi"] {
        let mut partial = rsa.clone();
        partial.as_object_mut().expect("an object").remove(name);
        bad("RSA: a number is missing", partial, RS256, KeyError::Member(name));
    }
    let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key");
    let other = json!(encode(pair.public_key().modulus().big_endian_without_leading_zero()));
    bad("RSA: modulus of another key", with(rsa, "n", other), RS256, KeyError::Invalid);
    rows.push(refused("PEM: empty", SigningKey::from_pem("", ES256), KeyError::Pem));
    rows
}

fn wrapping() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut bad = |name: &str, jwk: &Value, algorithm, expected| {
        let found = Jwk::from_value(jwk).and_then(|jwk| jwk.encryption_key(algorithm));
        rows.push(refused(format!("encrypting: {name}"), found, expected));
    };
    let receiver = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
    let ec = receiver.public_jwk().expect("public").to_value();
    Jwk::from_value(&ec).and_then(|jwk| jwk.encryption_key(KeyManagement::EcdhEs)).expect("a good key");
    bad("use sig", &with(ec.clone(), "use", json!("sig")), KeyManagement::EcdhEs, KeyError::Use);
    bad("alg another", &ec, KeyManagement::EcdhEsA128Kw, KeyError::Algorithm);
    bad("a key for verifying", &public(ES256), KeyManagement::EcdhEs, KeyError::Use);
    let mut free = ec;
    free.as_object_mut().expect("an object").remove("alg");
    let verify = json!(["verify"]);
    bad("key_ops verify", &with(free.clone(), "key_ops", verify), KeyManagement::EcdhEs, KeyError::Use);
    bad("EC for RSA-OAEP", &free, KeyManagement::RsaOaep, KeyError::KeyType);
    bad("EC for dir", &free, KeyManagement::Dir, KeyError::KeyType);
    let mut okp = public(SignatureAlgorithm::EdDsa);
    for name in ["alg", "use"] {
        okp.as_object_mut().expect("an object").remove(name);
    }
    bad("Ed25519 for ECDH-ES", &okp, KeyManagement::EcdhEs, KeyError::Curve);
    for (algorithm, bytes) in
        [(KeyManagement::A128Kw, 32), (KeyManagement::A256Kw, 16), (KeyManagement::Dir, 17)]
    {
        let secret = vec![7; bytes];
        let name = format!("{algorithm}: {bytes} bytes");
        rows.push(refused(name.clone(), EncryptionKey::symmetric(algorithm, &secret), KeyError::Length));
        rows.push(refused(name, DecryptionKey::symmetric(algorithm, &secret), KeyError::Length));
    }
    let secret = [7; 32];
    let found = DecryptionKey::symmetric(KeyManagement::RsaOaep, &secret);
    rows.push(refused("a secret for RSA-OAEP", found, KeyError::KeyType));
    for algorithm in [KeyManagement::EcdhEs, KeyManagement::RsaOaep] {
        let own = DecryptionKey::generate(algorithm).expect("a key").to_private_jwk().expect("a JWK");
        let own: Value = serde_json::from_str(&own).expect("JSON");
        let length = if algorithm == KeyManagement::EcdhEs { 32 } else { 256 };
        let other = with(own, "d", json!(encode(&vec![7; length]))).to_string();
        let found = DecryptionKey::from_private_jwk(other.as_bytes(), algorithm);
        rows.push(refused(format!("{algorithm}: d of another key"), found, KeyError::Invalid));
    }
    let found = EncryptionKey::symmetric(KeyManagement::EcdhEs, &secret);
    rows.push(refused("a secret for ECDH-ES", found, KeyError::KeyType));
    rows
}
