//! Invalid signatures of every kind.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, RsaEncoding, RsaKeyPair, RsaPssSaltLength, RsaSignatureEncoding,
};
use passavant_jose::base64url::{decode, encode};
use passavant_jose::{JoseError, SignatureAlgorithm, SigningKey, Unverified, Verified};
use serde_json::Value;

use crate::forge::{key, sign, with_part};
use crate::{Row, refused};

/// The order of P-256 (FIPS 186-5, SP 800-186 §3.2.1.3).
const P256_ORDER: &str = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";

/// The order of the base point of Ed25519, little-endian (RFC 8032 §5.1).
const ED25519_ORDER: &str = "7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA";

pub(crate) fn rows() -> Vec<Row> {
    [shapes(), ecdsa(), eddsa(), rsa()].into_iter().flatten().collect()
}

fn token(algorithm: SignatureAlgorithm) -> String {
    let good = sign(&format!("{{\"alg\":\"{algorithm}\"}}"), "{\"a\":1}", &key(algorithm));
    verify(&good, algorithm).expect("the token that the others differ from is good");
    good
}

fn verify(token: &str, algorithm: SignatureAlgorithm) -> Result<Verified, JoseError> {
    Unverified::parse(token)?.verify(&key(algorithm).verifying_key())
}

fn shapes() -> Vec<Row> {
    let mut rows = Vec::new();
    for algorithm in [
        SignatureAlgorithm::Hs256,
        SignatureAlgorithm::Rs256,
        SignatureAlgorithm::Ps256,
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::EdDsa,
    ] {
        let good = token(algorithm);
        let mut bad = |name: &str, part: usize, change: fn(&mut Vec<u8>)| {
            let found = verify(&with_part(&good, part, change), algorithm);
            rows.push(refused(format!("{algorithm}: {name}"), found, JoseError::Signature));
        };
        bad("no signature", 2, Vec::clear);
        bad("cut by one byte", 2, |bytes| bytes.truncate(bytes.len() - 1));
        bad("half of it", 2, |bytes| bytes.truncate(bytes.len() / 2));
        bad("a zero behind", 2, |bytes| bytes.push(0));
        bad("a zero in front", 2, |bytes| bytes.insert(0, 0));
        bad("all zero", 2, |bytes| bytes.fill(0));
        bad("all ones", 2, |bytes| bytes.fill(0xff));
        bad("first bit changed", 2, |bytes| bytes[0] ^= 0x80);
        bad("last bit changed", 2, |bytes| *bytes.last_mut().expect("not empty") ^= 1);
        bad("payload changed", 1, |bytes| bytes[5] = b'2');
        bad("payload cut", 1, Vec::clear);
        bad("header changed", 0, |bytes| bytes.insert(1, b' '));
    }
    rows
}

fn ecdsa() -> Vec<Row> {
    let algorithm = SignatureAlgorithm::Es256;
    let good = token(algorithm);
    let order = decode(P256_ORDER).expect("base64url");
    let mut rows = Vec::new();
    let mut bad = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let found = verify(&with_part(&good, 2, |bytes| change(bytes)), algorithm);
        rows.push(refused(format!("ES256: {name}"), found, JoseError::Signature));
    };
    bad("r is zero", &|bytes| bytes[..32].fill(0));
    bad("s is zero", &|bytes| bytes[32..].fill(0));
    bad("r is the order", &|bytes| bytes[..32].copy_from_slice(&order));
    bad("s is the order", &|bytes| bytes[32..].copy_from_slice(&order));
    bad("r and s exchanged", &|bytes| bytes.rotate_left(32));
    bad("both with a zero in front", &|bytes| {
        bytes.insert(32, 0);
        bytes.insert(0, 0);
    });
    let jwk: Value = serde_json::from_str(&key(algorithm).to_private_jwk().expect("a JWK")).expect("JSON");
    let number = |name: &str| decode(jwk[name].as_str().expect("text")).expect("base64url");
    let point = [vec![4], number("x"), number("y")].concat();
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        &number("d"),
        &point,
    )
    .expect("a key");
    let input = good.rsplit_once('.').expect("a token").0;
    let der = pair.sign(&random(), input.as_bytes()).expect("signs").as_ref().to_vec();
    bad("DER", &|bytes| bytes.clone_from(&der));
    rows
}

fn eddsa() -> Vec<Row> {
    let algorithm = SignatureAlgorithm::EdDsa;
    let order = decode(ED25519_ORDER).expect("base64url");
    let malleable = with_part(&token(algorithm), 2, |bytes| {
        let mut carry = 0_u16;
        for (byte, add) in bytes[32..].iter_mut().zip(&order) {
            let sum = u16::from(*byte) + u16::from(*add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
    });
    let found = verify(&malleable, algorithm);
    vec![refused("EdDSA: s plus the order (RFC 8032 §8.4)", found, JoseError::Signature)]
}

fn rsa() -> Vec<Row> {
    static NO_SALT: RsaSignatureEncoding =
        signature::RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(0));
    static SHORT_SALT: RsaSignatureEncoding =
        signature::RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(20));
    static LONG_SALT: RsaSignatureEncoding =
        signature::RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Max);
    let pair = rsa_pair(&key(SignatureAlgorithm::Rs256));
    let mut rows = Vec::new();
    let mut bad = |name: &str, algorithm: SignatureAlgorithm, encoding: &'static dyn RsaEncoding| {
        let header = encode(format!("{{\"alg\":\"{algorithm}\"}}").as_bytes());
        let input = format!("{header}.{}", encode(b"{}"));
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &random(), input.as_bytes(), &mut signature).expect("signs");
        let forged = format!("{input}.{}", encode(&signature));
        rows.push(refused(format!("{algorithm}: {name}"), verify(&forged, algorithm), JoseError::Signature));
    };
    bad("signed as PS256", SignatureAlgorithm::Rs256, &signature::RSA_PSS_SHA256);
    bad("signed as RS384", SignatureAlgorithm::Rs256, &signature::RSA_PKCS1_SHA384);
    bad("signed as RS256", SignatureAlgorithm::Ps256, &signature::RSA_PKCS1_SHA256);
    bad("signed as PS384", SignatureAlgorithm::Ps256, &signature::RSA_PSS_SHA384);
    bad("without salt", SignatureAlgorithm::Ps256, &NO_SALT);
    bad("salt of twenty bytes", SignatureAlgorithm::Ps256, &SHORT_SALT);
    bad("salt as long as it can be", SignatureAlgorithm::Ps256, &LONG_SALT);
    rows
}

fn rsa_pair(key: &SigningKey) -> RsaKeyPair {
    let jwk: Value = serde_json::from_str(&key.to_private_jwk().expect("a JWK")).expect("JSON");
    let number = |name: &str| decode(jwk[name].as_str().expect("text")).expect("base64url");
    let components = aws_lc_rs::rsa::KeyPairComponents {
        public_key: signature::RsaPublicKeyComponents { n: number("n"), e: number("e") },
        d: number("d"),
        p: number("p"),
        q: number("q"),
        dP: number("dp"),
        dQ: number("dq"),
        qInv: number("qi"),
    };
    RsaKeyPair::from_components(&components).expect("a key")
}

#[expect(clippy::disallowed_methods, reason = "forging signatures takes the library's own generator")]
fn random() -> SystemRandom {
    SystemRandom::new()
}
