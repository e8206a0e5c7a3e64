//! The examples that the RFCs print: 7515 appendix A, 7516 appendix A, 7517 appendixes A and B, 7520, 7638, 8037, 9449,
//! 9864.

use passavant_jose::{
    Claims, ContentEncryption, DecryptionKey, Encrypted, JoseError, Jwk, JwkSet, KeyError, KeyManagement,
    SelfSigned, SignatureAlgorithm, SigningKey, Thumbprint, Unverified, base64url, jwe, jws,
};
use serde_json::Value;

fn examples() -> Value {
    serde_json::from_str(include_str!("data/rfc_examples.json")).expect("the examples are JSON")
}

fn text<'a>(example: &'a Value, name: &str) -> &'a str {
    example[name].as_str().expect("a text")
}

fn signing_key(example: &Value) -> SigningKey {
    let algorithm = SignatureAlgorithm::parse(text(example, "alg")).expect("an algorithm");
    SigningKey::from_private_jwk(example["key"].to_string().as_bytes(), algorithm).expect("a key")
}

fn decryption_key(example: &Value) -> DecryptionKey {
    let algorithm = KeyManagement::parse(text(example, "alg")).expect("an algorithm");
    DecryptionKey::from_private_jwk(example["key"].to_string().as_bytes(), algorithm).expect("a key")
}

#[test]
fn every_signed_example_verifies() {
    let examples = examples();
    let signed = examples["signed"].as_array().expect("a list");
    assert_eq!(signed.len(), 9);
    for example in signed {
        let token = Unverified::parse(text(example, "token")).expect("parses");
        let verified = token.verify(&signing_key(example).verifying_key());
        assert!(verified.is_ok(), "{}: {verified:?}", example["name"]);
    }
}

#[test]
fn deterministic_signatures_match_the_published_ones() {
    let examples = examples();
    let mut compared = 0;
    for example in examples["signed"].as_array().expect("a list") {
        let (input, signature) = text(example, "token").rsplit_once('.').expect("a token");
        let key = signing_key(example);
        if matches!(text(example, "alg"), "HS256" | "RS256" | "EdDSA") {
            let found = key.sign(input.as_bytes()).expect("signs");
            assert_eq!(base64url::encode(&found), signature, "{}", example["name"]);
            compared += 1;
        }
    }
    assert_eq!(compared, 5);
}

#[test]
fn rfc7515_a2_claims_are_read() {
    let examples = examples();
    let token = Unverified::parse(text(&examples["signed"][1], "token")).expect("parses");
    let verified = token.verify(&signing_key(&examples["signed"][1]).verifying_key()).expect("verifies");
    let claims: Claims = verified.claims().expect("claims");
    assert_eq!(claims.string("iss"), Ok(Some("joe")));
    assert_eq!(claims.time("exp"), Ok(Some(1_300_819_380)));
    assert_eq!(claims.boolean("http://example.com/is_root"), Ok(Some(true)));
}

#[test]
fn rfc7520_4_1_token_is_reproduced_exactly() {
    let examples = examples();
    let example = &examples["signed"][5];
    let key = signing_key(example);
    let token = text(example, "token");
    let payload = Unverified::parse(token).expect("parses").payload_unverified().to_vec();
    let header = jws::Header { kid: Some(key.kid().to_owned()), ..jws::Header::default() };
    assert_eq!(jws::sign(&header, &payload, &key).expect("signs"), token);
}

#[test]
fn every_encrypted_example_decrypts() {
    let examples = examples();
    let encrypted = examples["encrypted"].as_array().expect("a list");
    assert_eq!(encrypted.len(), 7);
    for example in encrypted {
        let token = Encrypted::parse(text(example, "token")).expect("parses");
        let decrypted = token.decrypt(&decryption_key(example), ContentEncryption::ALL);
        let decrypted = decrypted.unwrap_or_else(|error| panic!("{}: {error}", example["name"]));
        assert_eq!(decrypted.plaintext(), text(example, "plaintext").as_bytes(), "{}", example["name"]);
    }
}

#[test]
fn rfc7520_5_6_key_is_for_its_content_encryption_only() {
    let examples = examples();
    let key = decryption_key(&examples["encrypted"][5]).encryption_key().expect("a key");
    let encrypt = |encryption| jwe::encrypt(&jwe::Header::default(), b"", &key, encryption);
    assert!(encrypt(ContentEncryption::A128Gcm).is_ok());
    assert!(encrypt(ContentEncryption::A256Gcm).is_err());
}

#[test]
fn rfc7517_a1_public_set_is_read() {
    let set = examples()["keys"]["RFC 7517 A.1"].to_string();
    let set = JwkSet::parse(set.as_bytes()).expect("a set");
    let [ec, rsa] = set.keys() else { panic!("two keys") };
    assert_eq!(
        (ec.kid(), ec.key_use(), ec.key_type(), ec.curve()),
        (Some("1"), Some("enc"), "EC", Some("P-256"))
    );
    assert_eq!((rsa.kid(), rsa.algorithm(), rsa.key_type()), (Some("2011-04-29"), Some("RS256"), "RSA"));
    assert!(set.verifying_keys(Some("2011-04-29"), SignatureAlgorithm::Rs256).is_ok());
    let encrypting = set.encryption_key(KeyManagement::EcdhEs).expect("a key for encrypting");
    assert_eq!(encrypting.kid(), Some("1"));
}

#[test]
fn rfc7517_a2_private_keys_are_no_public_ones_and_are_read_as_what_they_are() {
    let examples = examples();
    let private = &examples["keys"]["RFC 7517 A.2"];
    let public = JwkSet::parse(private.to_string().as_bytes()).expect("a set");
    assert_eq!(public.keys().len(), 0);
    assert!(public.skipped().iter().all(|skipped| skipped.error == KeyError::Private));
    let [ec, rsa] = private["keys"].as_array().expect("a list").as_slice() else { panic!("two keys") };
    let ec = DecryptionKey::from_private_jwk(ec.to_string().as_bytes(), KeyManagement::EcdhEs);
    assert_eq!(ec.expect("a key").kid(), "1");
    let rsa = SigningKey::from_private_jwk(rsa.to_string().as_bytes(), SignatureAlgorithm::Rs256);
    assert_eq!(rsa.expect("a key").kid(), "2011-04-29");
}

#[test]
fn rfc7517_a3_symmetric_keys_are_read() {
    let examples = examples();
    let set = examples["keys"]["RFC 7517 A.3"].to_string();
    let set = JwkSet::parse(set.as_bytes()).expect("a set");
    assert!(set.encryption_key(KeyManagement::A128Kw).is_ok());
    assert!(set.verifying_keys(Some("HMAC key used in JWS A.1 example"), SignatureAlgorithm::Hs256).is_ok());
}

#[test]
fn rfc7517_b_certificate_is_kept() {
    let key = examples()["keys"]["RFC 7517 B"].to_string();
    let key = Jwk::parse(key.as_bytes()).expect("a key");
    let [certificate] = key.certificates() else { panic!("one certificate") };
    assert_eq!(certificate[0], 0x30);
    assert_eq!(Jwk::from_value(&key.to_value()).as_ref(), Ok(&key));
}

#[test]
fn rfc7638_3_1_thumbprint() {
    let key = examples()["keys"]["RFC 7517 A.1"]["keys"][1].to_string();
    let thumbprint = Jwk::parse(key.as_bytes()).expect("a key").thumbprint();
    assert_eq!(thumbprint.to_string(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"), Some(thumbprint));
    for text in
        ["", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9X", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xt"]
    {
        assert_eq!(Thumbprint::parse(text), None, "{text}");
    }
}

#[test]
fn rfc8037_a3_thumbprint() {
    let key = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let thumbprint = Jwk::parse(key).expect("a key").thumbprint();
    assert_eq!(thumbprint.to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn rfc9864_name_of_ed25519_in_a_key_is_eddsa() {
    let key = concat!(
        r#"{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","#,
        r#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    );
    let key = Jwk::parse(key.as_bytes()).expect("a key").verifying_key(SignatureAlgorithm::EdDsa);
    let examples = examples();
    let token = Unverified::parse(text(&examples["signed"][4], "token")).expect("parses");
    assert!(token.verify(&key.expect("fits")).is_ok());
}

/// RFC 9864 §2.2: the name says the curve too, so no other key is for it.
#[test]
fn rfc9864_name_of_ed25519_in_a_token_is_eddsa() {
    let named = |alg: &str, key: &SigningKey| {
        let header = base64url::encode(format!("{{\"alg\":\"{alg}\"}}").as_bytes());
        let input = format!("{header}.{}", base64url::encode(b"{}"));
        let signature = key.sign(input.as_bytes()).expect("a signature");
        jws::attach(input, &signature)
    };
    let key = SigningKey::generate(SignatureAlgorithm::EdDsa).expect("a key");
    let token = named("Ed25519", &key);
    let token = Unverified::parse(&token).expect("parses");
    assert_eq!((token.algorithm(), token.algorithm_name()), (Some(SignatureAlgorithm::EdDsa), "Ed25519"));
    assert!(token.verify(&key.verifying_key()).is_ok());
    let other = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    let misnamed = named("Ed25519", &other);
    let misnamed = Unverified::parse(&misnamed).expect("parses").verify(&other.verifying_key());
    assert_eq!(misnamed.err(), Some(JoseError::Algorithm));
    for alg in ["ed25519", "Ed448", "ED25519", "Ed25519 "] {
        let token = named(alg, &key);
        let token = Unverified::parse(&token).expect("parses");
        assert_eq!(token.algorithm(), None, "{alg}");
        assert_eq!(token.verify(&key.verifying_key()).err(), Some(JoseError::Algorithm), "{alg}");
    }
}

/// RFC 9449 §4.1 (figure 2) and §7.1 (figure 13); the thumbprint is the one of §6.1.
#[test]
fn the_proofs_of_rfc_9449_verify() {
    let header = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik",
        "VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR",
        "nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE",
        "QSIsImNydiI6IlAtMjU2In19"
    );
    let token_request = concat!(
        "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj",
        "oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia",
        "WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg",
        "4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    );
    let resource_request = concat!(
        "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIj",
        "oiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0Z",
        "WRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNF",
        "c05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71E",
        "OptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
    );
    for (rest, jti) in [(token_request, "-BwC3ESc6acc2lTc"), (resource_request, "e1j3V_bKic8-LAEB")] {
        let proof = format!("{header}.{rest}");
        let shown = SelfSigned::parse(&proof).expect("parses").verify(&[SignatureAlgorithm::Es256]);
        let shown = shown.expect("verifies");
        assert_eq!(shown.claims().string("jti"), Ok(Some(jti)));
        assert_eq!(shown.thumbprint().to_string(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }
}
