//! Round trips of every algorithm and every key format.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use passavant_jose::{
    ContentEncryption, CryptoError, DecryptionKey, Encrypted, EncryptionKey, Jwk, JwkSet, KeyError,
    KeyManagement, SelfSigned, SignatureAlgorithm, SigningKey, Unverified, jwe, jws,
};
use serde_json::Value;

fn header(kid: &str) -> jws::Header {
    jws::Header { typ: Some("at+jwt".into()), kid: Some(kid.into()), cty: Some("JWT".into()) }
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| str::from_utf8(line).expect("text")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn every_signature_algorithm_signs_and_verifies() {
    for &algorithm in SignatureAlgorithm::ALL {
        let key = SigningKey::generate(algorithm).expect("a key");
        let token = jws::sign(&header(key.kid()), b"{\"sub\":\"a\"}", &key).expect("signs");
        let unverified = Unverified::parse(&token).expect("parses");
        assert_eq!(unverified.algorithm(), Some(algorithm));
        assert_eq!(unverified.kid(), Some(key.kid()));
        assert_eq!(unverified.payload_unverified(), b"{\"sub\":\"a\"}");
        let verified = unverified.verify(&key.verifying_key()).expect("verifies");
        assert_eq!((verified.typ(), verified.cty()), (Some("at+jwt"), Some("JWT")));
        assert_eq!(verified.claims().expect("claims").string("sub"), Ok(Some("a")));
    }
}

#[test]
fn signing_key_round_trips_through_its_jwk() {
    for &algorithm in SignatureAlgorithm::ALL {
        let key = SigningKey::generate(algorithm).expect("a key");
        let text = key.to_private_jwk().expect("a JWK");
        let again = SigningKey::from_private_jwk(text.as_bytes(), algorithm).expect("reads");
        assert_eq!(again.kid(), key.kid());
        assert_eq!(again.public_jwk(), key.public_jwk());
        let signature = again.sign(b"input").expect("signs");
        assert_eq!(key.verifying_key().verify(b"input", &signature), Ok(()));
        assert_eq!(again.to_private_jwk().expect("a JWK"), text);
    }
}

#[test]
fn public_key_states_its_use() {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    let public = key.public_jwk().expect("public");
    assert_eq!(public.kid(), Some(public.thumbprint().to_string().as_str()));
    assert_eq!((public.algorithm(), public.key_use()), (Some("ES256"), Some("sig")));
    let value = public.to_value();
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(Jwk::from_value(&value).as_ref(), Ok(public));
}

#[test]
fn shared_secrets_have_no_public_key_and_are_redacted() {
    let key =
        SigningKey::hmac(SignatureAlgorithm::Hs256, b"0123456789abcdef0123456789abcdef").expect("a key");
    assert_eq!(key.public_jwk(), None);
    let jwk = Jwk::parse(key.to_private_jwk().expect("a JWK").as_bytes()).expect("a key");
    for shown in [format!("{key:?}"), format!("{jwk:?}"), format!("{:?}", key.verifying_key())] {
        assert!(!shown.contains("MDEyMzQ1"), "{shown}");
        assert!(!shown.contains("48, 49"), "{shown}");
    }
    assert_eq!(jwk.to_value().get("k"), None);
}

#[test]
fn set_finds_the_key_of_each_token() {
    let algorithms = [SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa, SignatureAlgorithm::Es384];
    let keys = algorithms.map(|algorithm| SigningKey::generate(algorithm).expect("a key"));
    let set = JwkSet::new(keys.iter().filter_map(|key| key.public_jwk().cloned()).collect()).expect("a set");
    let set = JwkSet::parse(set.to_value().to_string().as_bytes()).expect("reads");
    for key in &keys {
        let token = jws::sign(&header(key.kid()), b"{}", key).expect("signs");
        let token = Unverified::parse(&token).expect("parses");
        let found = set.verifying_keys(token.kid(), token.algorithm().expect("known")).expect("found");
        assert!(token.verify_any(&found).is_ok());
    }
}

#[test]
fn external_signature_is_attached() {
    let key = SigningKey::generate(SignatureAlgorithm::EdDsa).expect("a key");
    let header = header("a");
    let input = jws::signing_input(&header, key.algorithm(), b"{}");
    let signature = key.sign(input.as_bytes()).expect("signs");
    assert_eq!(jws::attach(input, &signature), jws::sign(&header, b"{}", &key).expect("signs"));
}

#[test]
fn header_members_keep_their_order_and_are_escaped() {
    let key = SigningKey::generate(SignatureAlgorithm::EdDsa).expect("a key");
    let token = jws::sign(&header("a\"\\\n"), b"{}", &key).expect("signs");
    let head =
        passavant_jose::base64url::decode(token.split('.').next().expect("a part")).expect("base64url");
    let expected = r#"{"alg":"EdDSA","typ":"at+jwt","cty":"JWT","kid":"a\"\\\n"}"#;
    assert_eq!(String::from_utf8(head).expect("text"), expected);
}

#[test]
fn a_prepared_header_is_for_one_algorithm() {
    let key = SigningKey::generate(SignatureAlgorithm::EdDsa).expect("a key");
    let prepared = jws::Prepared::new(&header("a"), &key);
    let token = prepared.sign(b"{}", &key).expect("signs");
    assert!(Unverified::parse(&token).expect("parses").verify(&key.verifying_key()).is_ok());
    let other = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    assert_eq!(prepared.sign(b"{}", &other), Err(CryptoError::Algorithm));
}

#[test]
fn proof_contains_its_key() {
    for &algorithm in SignatureAlgorithm::ALL.iter().filter(|algorithm| !algorithm.is_symmetric()) {
        let key = SigningKey::generate(algorithm).expect("a key");
        let text = SelfSigned::sign(b"{\"htm\":\"GET\"}", &key).expect("signs");
        let shown = SelfSigned::parse(&text).expect("parses").verify(&[algorithm]).expect("verifies");
        assert_eq!(shown.thumbprint(), key.public_jwk().expect("public").thumbprint(), "{algorithm}");
        assert_eq!(shown.claims().string("htm"), Ok(Some("GET")), "{algorithm}");
    }
}

#[test]
fn shared_secret_cannot_sign_a_proof() {
    let key = SigningKey::generate(SignatureAlgorithm::Hs256).expect("a key");
    assert_eq!(SelfSigned::sign(b"{}", &key), Err(CryptoError::Algorithm));
}

/// Every character of the token, replaced by similar and by different ones.
fn changed(token: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for (at, original) in token.char_indices() {
        for other in ['A', 'B', '_', '.', '=', ' ', '\0', 'é'].into_iter().filter(|&other| other != original)
        {
            tokens.push(format!("{}{other}{}", &token[..at], &token[at + 1..]));
        }
        tokens.push(format!("{}{}", &token[..at], &token[at + 1..]));
        tokens.push(token[..at].to_owned());
    }
    tokens
}

#[test]
fn no_change_of_one_character_is_accepted_in_a_signed_token() {
    let key = SigningKey::generate(SignatureAlgorithm::Hs256).expect("a key");
    let token = jws::sign(&header("a"), b"{\"sub\":\"a\"}", &key).expect("signs");
    let verifying = key.verifying_key();
    let accepted =
        |token: &String| Unverified::parse(token).is_ok_and(|found| found.verify(&verifying).is_ok());
    assert!(accepted(&token));
    assert_eq!(changed(&token).into_iter().find(accepted), None);
}

#[test]
fn no_change_of_one_character_is_accepted_in_an_encrypted_token() {
    for &encryption in ContentEncryption::ALL {
        let key = DecryptionKey::generate(KeyManagement::A128Kw).expect("a key");
        let recipient = key.encryption_key().expect("a key");
        let token =
            jwe::encrypt(&jwe::Header::default(), b"content", &recipient, encryption).expect("encrypts");
        let accepted = |token: &String| {
            Encrypted::parse(token).is_ok_and(|found| found.decrypt(&key, ContentEncryption::ALL).is_ok())
        };
        assert!(accepted(&token));
        assert_eq!(changed(&token).into_iter().find(accepted), None);
    }
}

#[test]
fn every_key_management_with_every_content_encryption() {
    for &algorithm in KeyManagement::ALL {
        for &encryption in ContentEncryption::ALL {
            let key = match algorithm {
                KeyManagement::Dir => DecryptionKey::symmetric(algorithm, &vec![7; encryption.key_bytes()]),
                _ => DecryptionKey::generate(algorithm),
            }
            .expect("a key");
            let header = jwe::Header { typ: None, cty: Some("JWT".into()), kid: Some(key.kid().to_owned()) };
            let recipient = key.encryption_key().expect("a key");
            let token = jwe::encrypt(&header, b"content", &recipient, encryption).expect("encrypts");
            let parsed = Encrypted::parse(&token).expect("parses");
            assert_eq!(parsed.key_management(), Some(algorithm));
            assert_eq!(parsed.content_encryption(), Some(encryption));
            let decrypted = parsed.decrypt(&key, &[encryption]).expect("decrypts");
            assert_eq!(decrypted.plaintext(), b"content");
            assert_eq!((decrypted.cty(), decrypted.kid()), (Some("JWT"), Some(key.kid())));
        }
    }
}

#[test]
fn decryption_key_round_trips_through_its_jwk() {
    for &algorithm in KeyManagement::ALL {
        let key = DecryptionKey::generate(algorithm).expect("a key");
        let text = key.to_private_jwk().expect("a JWK");
        let again = DecryptionKey::from_private_jwk(text.as_bytes(), algorithm).expect("reads");
        assert_eq!((again.kid(), again.public_jwk()), (key.kid(), key.public_jwk()));
        let recipient = key.encryption_key().expect("a key");
        let token = jwe::encrypt(&jwe::Header::default(), b"content", &recipient, ContentEncryption::A256Gcm);
        let token = token.expect("encrypts");
        assert!(Encrypted::parse(&token).expect("parses").decrypt(&again, ContentEncryption::ALL).is_ok());
    }
}

#[test]
fn agreement_works_on_every_curve() {
    for (curve, algorithm) in [
        ("P-384", SignatureAlgorithm::Es384),
        ("P-521", SignatureAlgorithm::Es512),
        ("P-256", SignatureAlgorithm::Es256),
    ] {
        let key = SigningKey::generate(algorithm).expect("a key").to_private_jwk().expect("a JWK");
        let mut jwk: Value = serde_json::from_str(&key).expect("JSON");
        for name in ["alg", "use"] {
            jwk.as_object_mut().expect("an object").remove(name);
        }
        agree(&jwk, curve);
    }
    let x25519 = serde_json::json!({
        "kty": "OKP", "crv": "X25519",
        "d": "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo",
        "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"
    });
    agree(&x25519, "X25519");
}

fn agree(jwk: &Value, curve: &str) {
    for algorithm in [KeyManagement::EcdhEs, KeyManagement::EcdhEsA128Kw, KeyManagement::EcdhEsA256Kw] {
        let key = DecryptionKey::from_private_jwk(jwk.to_string().as_bytes(), algorithm).expect("a key");
        let public = key.public_jwk().expect("public");
        assert_eq!((public.curve(), public.key_use()), (Some(curve), Some("enc")));
        let recipient = public.encryption_key(algorithm).expect("a key");
        let token =
            jwe::encrypt(&jwe::Header::default(), b"content", &recipient, ContentEncryption::A256CbcHs512);
        let token = token.expect("encrypts");
        let decrypted = Encrypted::parse(&token).expect("parses").decrypt(&key, ContentEncryption::ALL);
        assert_eq!(decrypted.expect("decrypts").plaintext(), b"content");
    }
}

#[test]
fn an_encrypted_token_has_exactly_its_members() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
    let token = jwe::encrypt(
        &jwe::Header::default(),
        b"",
        &key.encryption_key().expect("a key"),
        ContentEncryption::A128Gcm,
    )
    .expect("encrypts");
    let head =
        passavant_jose::base64url::decode(token.split('.').next().expect("a part")).expect("base64url");
    let head: Value = serde_json::from_slice(&head).expect("JSON");
    let names = |value: &Value| {
        let mut names: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&head), ["alg", "enc", "epk"]);
    assert_eq!(names(&head["epk"]), ["crv", "kty", "x", "y"]);
}

#[test]
fn direct_key_must_have_the_length_of_the_content_encryption() {
    let key = EncryptionKey::symmetric(KeyManagement::Dir, &[7; 16]).expect("a key");
    let encrypt = |encryption| jwe::encrypt(&jwe::Header::default(), b"", &key, encryption);
    assert!(encrypt(ContentEncryption::A128Gcm).is_ok());
    assert_eq!(encrypt(ContentEncryption::A256Gcm), Err(CryptoError::Algorithm));
}

#[test]
fn a_signed_token_nests_in_an_encrypted_one() {
    let signer = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    let receiver = DecryptionKey::generate(KeyManagement::RsaOaep256).expect("a key");
    let set = JwkSet::new(receiver.public_jwk().cloned().into_iter().collect()).expect("a set");
    let inner = jws::sign(&jws::Header::default(), b"{}", &signer).expect("signs");
    let header = jwe::Header { cty: Some("JWT".into()), ..jwe::Header::default() };
    let recipient = set.encryption_key(KeyManagement::RsaOaep256).expect("found");
    assert_eq!(recipient.kid(), Some(receiver.kid()));
    let outer =
        jwe::encrypt(&header, inner.as_bytes(), &recipient, ContentEncryption::A256Gcm).expect("encrypts");
    let found = Encrypted::parse(&outer).expect("parses").decrypt(&receiver, ContentEncryption::ALL);
    let found = found.expect("decrypts");
    assert_eq!(found.cty(), Some("JWT"));
    let inner = str::from_utf8(found.plaintext()).expect("text");
    assert!(Unverified::parse(inner).expect("parses").verify(&signer.verifying_key()).is_ok());
}

#[test]
fn rsa_keys_are_read_from_pkcs8_and_pkcs1() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("DER");
    // PrivateKeyInfo of a 2048-bit key: 22 bytes of version and algorithm, then the header of the octet string.
    let pkcs1 = &pkcs8.as_ref()[26..];
    for text in [pem("PRIVATE KEY", pkcs8.as_ref()), pem("RSA PRIVATE KEY", pkcs1)] {
        let signer = SigningKey::from_pem(&text, SignatureAlgorithm::Ps256).expect("reads");
        let signature = signer.sign(b"input").expect("signs");
        assert_eq!(signer.verifying_key().verify(b"input", &signature), Ok(()));
        assert!(DecryptionKey::from_pem(&text, KeyManagement::RsaOaep).is_ok());
        let wrong = SigningKey::from_pem(&text, SignatureAlgorithm::Es256);
        assert_eq!(wrong.err(), Some(KeyError::KeyType));
    }
}

#[test]
fn keys_on_curves_are_read_from_pkcs8_and_sec1() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().expect("DER");
    let pkcs8 = pair.to_pkcs8v1().expect("DER");
    for text in [pem("PRIVATE KEY", pkcs8.as_ref()), pem("EC PRIVATE KEY", sec1.as_ref())] {
        assert!(SigningKey::from_pem(&text, SignatureAlgorithm::Es256).is_ok());
        assert!(DecryptionKey::from_pem(&text, KeyManagement::EcdhEs).is_ok());
        let wrong = SigningKey::from_pem(&text, SignatureAlgorithm::Es384);
        assert_eq!(wrong.err(), Some(KeyError::Pem));
    }
    let pair = Ed25519KeyPair::generate().expect("a key");
    let text = pem("PRIVATE KEY", pair.to_pkcs8v1().expect("DER").as_ref());
    assert!(SigningKey::from_pem(&text, SignatureAlgorithm::EdDsa).is_ok());
    assert_eq!(DecryptionKey::from_pem(&text, KeyManagement::EcdhEs).err(), Some(KeyError::Pem));
}

/// The key of RFC 8410 §10.3 with its algorithm changed to X25519, whose encoding is the same (§7).
#[test]
fn an_x25519_key_is_read_from_pkcs8() {
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
    der.extend_from_slice(&[0x77; 32]);
    let key = DecryptionKey::from_pem(&pem("PRIVATE KEY", &der), KeyManagement::EcdhEs).expect("reads");
    assert_eq!(key.public_jwk().and_then(Jwk::curve), Some("X25519"));
}

#[test]
fn keys_are_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<SigningKey>();
    shared::<passavant_jose::VerifyingKey>();
    shared::<DecryptionKey>();
    shared::<EncryptionKey>();
    shared::<JwkSet>();
}

#[test]
fn a_prepared_verifying_key_never_serves_another_algorithm() {
    let key = SigningKey::generate(SignatureAlgorithm::Rs256).expect("a key");
    let mut value = key.public_jwk().expect("public").to_value();
    value.as_object_mut().expect("an object").remove("alg");
    let jwk = Jwk::from_value(&value).expect("a key");
    for &algorithm in &[SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps256, SignatureAlgorithm::Rs256] {
        assert_eq!(jwk.verifying_key(algorithm).expect("fits").algorithm(), algorithm);
    }
    assert_eq!(jwk.verifying_key(SignatureAlgorithm::Es256).err(), Some(KeyError::KeyType));
}
