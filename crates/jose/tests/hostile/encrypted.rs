//! Invalid encrypted tokens: all failures of decryption are the same error.

use aws_lc_rs::key_wrap::{AES_128, AesKek, KeyWrap};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use passavant_jose::base64url::{decode, encode};
use passavant_jose::json::JsonError;
use passavant_jose::limits::{ENCRYPTED_TOKEN_BYTES, PARTY_BYTES};
use passavant_jose::{
    ContentEncryption, Decrypted, DecryptionKey, Encrypted, JoseError, KeyManagement, SignatureAlgorithm,
    Unverified, jwe,
};
use serde_json::json;

use crate::forge::{direct_cbc, direct_gcm, key, set_spare_bit, sign, split, with_part, with_text};
use crate::{Row, refused};

const FAILED: JoseError = JoseError::Decryption;
const SECRET: [u8; 32] = [9; 32];
const DIRECT: &str = r#"{"alg":"dir","enc":"A256GCM"}"#;

pub(crate) fn rows() -> Vec<Row> {
    [members(), algorithms(), lengths(), changes(), padding(), agreement(), wrapped(), parts()]
        .into_iter()
        .flatten()
        .collect()
}

fn decrypt(token: &str, key: &DecryptionKey) -> Result<Decrypted, JoseError> {
    Encrypted::parse(token)?.decrypt(key, ContentEncryption::ALL)
}

fn direct() -> DecryptionKey {
    DecryptionKey::symmetric(KeyManagement::Dir, &SECRET).expect("a key")
}

/// A valid token and its key.
fn good(algorithm: KeyManagement, encryption: ContentEncryption) -> (String, DecryptionKey) {
    let key = DecryptionKey::generate(algorithm).expect("a key");
    let recipient = key.encryption_key().expect("a key");
    let token = jwe::encrypt(&jwe::Header::default(), b"secret", &recipient, encryption).expect("encrypts");
    assert_eq!(decrypt(&token, &key).expect("the token is good").plaintext(), b"secret");
    (token, key)
}

fn members() -> Vec<Row> {
    let token = |header: &str| direct_gcm(header, &SECRET, &[3; 12], b"secret");
    decrypt(&token(DIRECT), &direct()).expect("the token that the others differ from is good");
    let mut rows = Vec::new();
    let mut bad = |name: &str, header: &str, expected: JoseError| {
        rows.push(refused(format!("JWE header: {name}"), decrypt(&token(header), &direct()), expected));
    };
    for (name, value) in [
        ("zip", r#""DEF""#),
        ("crit", r#"["exp"]"#),
        ("crit", "[]"),
        ("crit", "null"),
        ("b64", "false"),
        ("jwk", "{}"),
        ("jku", r#""https://evil.example""#),
        ("x5u", r#""https://evil.example""#),
        ("x5c", "[]"),
    ] {
        let header = format!("{{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"{name}\":{value}}}");
        bad(&format!("{name} {value}"), &header, JoseError::HeaderForbidden(name));
    }
    bad("no alg", r#"{"enc":"A256GCM"}"#, JoseError::Header("alg"));
    bad("no enc", r#"{"alg":"dir"}"#, JoseError::Header("enc"));
    bad("enc a number", r#"{"alg":"dir","enc":1}"#, JoseError::Header("enc"));
    bad("cty a number", r#"{"alg":"dir","enc":"A256GCM","cty":1}"#, JoseError::Header("cty"));
    bad("enc twice", r#"{"alg":"dir","enc":"A256GCM","enc":"A256GCM"}"#, JsonError::Malformed.into());
    bad("a list", r#"["dir","A256GCM"]"#, JsonError::NotObject.into());
    bad("apu not base64url", r#"{"alg":"dir","enc":"A256GCM","apu":"="}"#, FAILED);
    bad("apv a number", r#"{"alg":"dir","enc":"A256GCM","apv":1}"#, FAILED);
    let long = encode(&vec![0; PARTY_BYTES + 1]);
    bad("apu too long", &format!("{{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"apu\":\"{long}\"}}"), FAILED);
    rows
}

fn algorithms() -> Vec<Row> {
    let mut rows = Vec::new();
    for alg in [
        "none",
        "RSA1_5",
        "PBES2-HS256+A128KW",
        "PBES2-HS512+A256KW",
        "A192KW",
        "A128GCMKW",
        "A256GCMKW",
        "ECDH-ES+A192KW",
        "ECDH-1PU",
        "Dir",
        "DIR",
        "A256KW",
        "RSA-OAEP",
        "ECDH-ES",
        "",
    ] {
        let token = direct_gcm(&format!("{{\"alg\":\"{alg}\",\"enc\":\"A256GCM\"}}"), &SECRET, &[3; 12], b"");
        rows.push(refused(format!("JWE alg {alg:?}"), decrypt(&token, &direct()), JoseError::Algorithm));
    }
    for enc in ["none", "A192GCM", "A256CBC", "A128CBC", "C20P", "a256gcm", "", "A256GCM "] {
        let token = direct_gcm(&format!("{{\"alg\":\"dir\",\"enc\":\"{enc}\"}}"), &SECRET, &[3; 12], b"");
        rows.push(refused(format!("JWE enc {enc:?}"), decrypt(&token, &direct()), JoseError::Algorithm));
    }
    for enc in ["A128GCM", "A128CBC-HS256", "A256CBC-HS512"] {
        let token = direct_gcm(&format!("{{\"alg\":\"dir\",\"enc\":\"{enc}\"}}"), &SECRET, &[3; 12], b"");
        rows.push(refused(format!("JWE enc {enc} over A256GCM"), decrypt(&token, &direct()), FAILED));
    }
    let token = direct_gcm(DIRECT, &SECRET, &[3; 12], b"");
    let found = Encrypted::parse(&token).expect("parses").decrypt(&direct(), &[ContentEncryption::A128Gcm]);
    rows.push(refused("JWE enc that is not allowed", found, JoseError::Algorithm));
    let found = Encrypted::parse(&token).expect("parses").decrypt(&direct(), &[]);
    rows.push(refused("JWE with nothing allowed", found, JoseError::Algorithm));
    let jwk = json!({"kty": "oct", "k": encode(&SECRET), "alg": "A128CBC-HS256"}).to_string();
    let bound = DecryptionKey::from_private_jwk(jwk.as_bytes(), KeyManagement::Dir).expect("a key");
    rows.push(refused("JWE enc other than the key's", decrypt(&token, &bound), FAILED));
    let (token, rsa) = good(KeyManagement::RsaOaep, ContentEncryption::A256Gcm);
    let jwk = rsa.to_private_jwk().expect("a JWK").replace("\"RSA-OAEP\"", "\"RSA-OAEP-256\"");
    let other = DecryptionKey::from_private_jwk(jwk.as_bytes(), KeyManagement::RsaOaep256).expect("a key");
    rows.push(refused(
        "RSA-OAEP under a key for RSA-OAEP-256",
        decrypt(&token, &other),
        JoseError::Algorithm,
    ));
    let swapped = with_part(&token, 0, |header| {
        *header = br#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#.to_vec();
    });
    rows.push(refused("RSA-OAEP renamed RSA-OAEP-256", decrypt(&swapped, &other), FAILED));
    rows
}

fn lengths() -> Vec<Row> {
    let mut rows = Vec::new();
    for &encryption in ContentEncryption::ALL {
        let (token, key) = good(KeyManagement::A256Kw, encryption);
        for length in 0..encryption.tag_bytes() {
            let cut = with_part(&token, 4, |tag| tag.truncate(length));
            rows.push(refused(format!("{encryption}: tag of {length} bytes"), decrypt(&cut, &key), FAILED));
        }
        let longer = with_part(&token, 4, |tag| tag.push(0));
        rows.push(refused(format!("{encryption}: tag one byte longer"), decrypt(&longer, &key), FAILED));
        for length in
            [0, 8, 11, 12, 13, 15, 16, 17].into_iter().filter(|&length| length != encryption.iv_bytes())
        {
            let other = with_part(&token, 2, |iv| iv.resize(length, 0));
            rows.push(refused(format!("{encryption}: IV of {length} bytes"), decrypt(&other, &key), FAILED));
        }
    }
    rows
}

fn changes() -> Vec<Row> {
    let mut rows = Vec::new();
    for (algorithm, encryption) in [
        (KeyManagement::RsaOaep, ContentEncryption::A256Gcm),
        (KeyManagement::RsaOaep256, ContentEncryption::A128CbcHs256),
        (KeyManagement::EcdhEsA128Kw, ContentEncryption::A128Gcm),
        (KeyManagement::A256Kw, ContentEncryption::A256CbcHs512),
    ] {
        let (token, key) = good(algorithm, encryption);
        for (part, name) in [(1, "encrypted key"), (2, "IV"), (3, "ciphertext"), (4, "tag")] {
            let mut bad = |what: &str, change: fn(&mut Vec<u8>)| {
                let found = decrypt(&with_part(&token, part, change), &key);
                rows.push(refused(format!("{algorithm} {encryption}: {name} {what}"), found, FAILED));
            };
            bad("first bit changed", |bytes| bytes[0] ^= 0x80);
            bad("last bit changed", |bytes| *bytes.last_mut().expect("not empty") ^= 1);
            bad("cut", |bytes| bytes.truncate(bytes.len() - 1));
            bad("longer", |bytes| bytes.push(0));
            bad("empty", Vec::clear);
            bad("all zero", |bytes| bytes.fill(0));
        }
        let spaced = with_part(&token, 0, |header| header.insert(1, b' '));
        rows.push(refused(format!("{algorithm}: header changed"), decrypt(&spaced, &key), FAILED));
        let other = DecryptionKey::generate(algorithm).expect("a key");
        rows.push(refused(format!("{algorithm}: another key"), decrypt(&token, &other), FAILED));
    }
    rows
}

fn padding() -> Vec<Row> {
    let block = |padding: &[u8]| [&[b'a'; 16][..16 - padding.len()], padding].concat();
    let found = decrypt(&direct_cbc(&SECRET, &block(&[3, 3, 3])), &direct()).expect("good padding is good");
    assert_eq!(found.plaintext(), &[b'a'; 13]);
    [
        ("zero", block(&[0])),
        ("uneven", block(&[2, 3, 3])),
        ("longer than a block", block(&[17])),
        ("all ones", block(&[0xff])),
        ("none, of a whole block", vec![b'a'; 16]),
        ("no block at all", Vec::new()),
    ]
    .into_iter()
    .map(|(name, padded)| {
        let found = decrypt(&direct_cbc(&SECRET, &padded), &direct());
        refused(format!("padding under a good tag: {name}"), found, FAILED)
    })
    .collect()
}

fn agreement() -> Vec<Row> {
    let mut rows = Vec::new();
    let (token, key) = good(KeyManagement::EcdhEs, ContentEncryption::A128CbcHs256);
    let header = String::from_utf8(decode(&split(&token)[0]).expect("base64url")).expect("text");
    let own = key.public_jwk().expect("public").to_value();
    let off_curve = json!({"kty": "EC", "crv": "P-256", "x": own["x"], "y": own["x"]});
    let short = json!({"kty": "EC", "crv": "P-256", "x": encode(&[1; 31]), "y": own["y"]});
    let p384 = json!({
        "kty": "EC", "crv": "P-384",
        "x": "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
        "y": "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"
    });
    let x25519 = json!({"kty": "OKP", "crv": "X25519", "x": encode(&[9; 32])});
    let private: serde_json::Value =
        serde_json::from_str(&key.to_private_jwk().expect("a JWK")).expect("JSON");
    let start = header.find(",\"epk\"").expect("an epk");
    for (name, epk) in [
        ("off its curve", off_curve),
        ("with a short coordinate", short),
        ("on P-384", p384),
        ("on X25519", x25519),
        ("with a private member", private),
        ("an RSA key", key_of_rsa()),
        ("null", json!(null)),
        ("a text", json!("P-256")),
        ("empty", json!({})),
        ("the receiver's own", own.clone()),
    ] {
        let changed = format!("{},\"epk\":{epk}}}", &header[..start]);
        let token = with_part(&token, 0, |bytes| *bytes = changed.into_bytes());
        rows.push(refused(format!("epk {name}"), decrypt(&token, &key), FAILED));
    }
    let missing = with_part(&token, 0, |bytes| *bytes = format!("{}}}", &header[..start]).into_bytes());
    rows.push(refused("epk missing", decrypt(&missing, &key), FAILED));
    let keyed = with_text(&token, 1, |text| text.push_str("AAAA"));
    rows.push(refused("ECDH-ES with an encrypted key", decrypt(&keyed, &key), FAILED));
    let party = with_part(&token, 0, |bytes| {
        *bytes = header.replacen('{', "{\"apu\":\"QQ\",", 1).into_bytes();
    });
    rows.push(refused("ECDH-ES with a party added", decrypt(&party, &key), FAILED));
    for point in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        rows.push(low_order(point));
    }
    rows
}

/// A point of X25519 with which every key agreement is zero (RFC 7748 §6.1).
fn low_order(point: [u8; 32]) -> Row {
    let jwk = json!({
        "kty": "OKP", "crv": "X25519", "alg": "ECDH-ES",
        "d": "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo",
        "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"
    });
    let key =
        DecryptionKey::from_private_jwk(jwk.to_string().as_bytes(), KeyManagement::EcdhEs).expect("a key");
    let recipient = key.encryption_key().expect("a key");
    let encryption = ContentEncryption::A256Gcm;
    let token = jwe::encrypt(&jwe::Header::default(), b"secret", &recipient, encryption).expect("encrypts");
    decrypt(&token, &key).expect("the token on X25519 is good");
    let epk = encode(&point);
    let header = format!(
        "{{\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\",\"epk\":{{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"{epk}\"}}}}"
    );
    // The key that an agreement with a secret of zeros would derive.
    let algorithm = b"A256GCM";
    let fields = [
        &1_u32.to_be_bytes()[..],
        &[0; 32],
        &7_u32.to_be_bytes(),
        algorithm,
        &[0; 8],
        &256_u32.to_be_bytes(),
    ];
    let zero_key = passavant_jose::primitives::sha256(&fields.concat());
    let token = direct_gcm(&header, &zero_key, &[3; 12], b"secret");
    refused("epk of low order", decrypt(&token, &key), FAILED)
}

fn key_of_rsa() -> serde_json::Value {
    key(SignatureAlgorithm::Rs256).public_jwk().expect("public").to_value()
}

/// Content keys of the wrong length, encrypted and used correctly.
fn wrapped() -> Vec<Row> {
    let mut rows = Vec::new();
    let with_key = |header: &str, encrypted_key: &[u8]| {
        with_text(&direct_gcm(header, &SECRET, &[3; 12], b"secret"), 1, |text| {
            text.push_str(&encode(encrypted_key))
        })
    };
    let kek = [5; 16];
    let key = DecryptionKey::symmetric(KeyManagement::A128Kw, &kek).expect("a key");
    let header = r#"{"alg":"A128KW","enc":"A256GCM"}"#;
    let wrap = |content_key: &[u8]| {
        let mut output = vec![0; content_key.len() + 8];
        AesKek::new(&AES_128, &kek).expect("a key").wrap(content_key, &mut output).expect("wraps");
        output
    };
    decrypt(&with_key(header, &wrap(&SECRET)), &key).expect("the wrapped key is good");
    for length in [16, 24, 40, 64] {
        let token = with_key(header, &wrap(&vec![9; length]));
        rows.push(refused(format!("A128KW: content key of {length} bytes"), decrypt(&token, &key), FAILED));
    }
    let key = DecryptionKey::generate(KeyManagement::RsaOaep).expect("a key");
    let public = key.public_jwk().expect("public").to_value();
    let number = |name: &str| decode(public[name].as_str().expect("text")).expect("base64url");
    let components = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    let recipient: PublicEncryptingKey = components.try_into().expect("a key");
    let recipient = OaepPublicEncryptingKey::new(recipient).expect("a key");
    let header = r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#;
    let encrypt = |content_key: &[u8], label: Option<&[u8]>| {
        let mut output = vec![0; recipient.ciphertext_size()];
        recipient.encrypt(&OAEP_SHA1_MGF1SHA1, content_key, &mut output, label).expect("encrypts");
        output
    };
    decrypt(&with_key(header, &encrypt(&SECRET, None)), &key).expect("the encrypted key is good");
    for length in [0, 16, 31, 33, 64] {
        let token = with_key(header, &encrypt(&vec![9; length], None));
        rows.push(refused(format!("RSA-OAEP: content key of {length} bytes"), decrypt(&token, &key), FAILED));
    }
    let token = with_key(header, &encrypt(&SECRET, Some(b"label")));
    rows.push(refused("RSA-OAEP: with a label", decrypt(&token, &key), FAILED));
    let jwk = key.to_private_jwk().expect("a JWK").replace("\"RSA-OAEP\"", "\"RSA-OAEP-256\"");
    let key = DecryptionKey::from_private_jwk(jwk.as_bytes(), KeyManagement::RsaOaep256).expect("a key");
    let header = r#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#;
    let mut strong = vec![0; recipient.ciphertext_size()];
    recipient.encrypt(&OAEP_SHA256_MGF1SHA256, &SECRET, &mut strong, None).expect("encrypts");
    decrypt(&with_key(header, &strong), &key).expect("the key encrypted with SHA-256 is good");
    let token = with_key(header, &encrypt(&SECRET, None));
    rows.push(refused("RSA-OAEP-256: encrypted with SHA-1", decrypt(&token, &key), FAILED));
    let token = with_key(DIRECT, &[1, 2, 3]);
    rows.push(refused("dir with an encrypted key", decrypt(&token, &direct()), FAILED));
    rows
}

fn parts() -> Vec<Row> {
    let token = direct_gcm(DIRECT, &SECRET, &[3; 12], b"secret!");
    let mut rows = Vec::new();
    let signed = sign(r#"{"alg":"ES256","enc":"A256GCM"}"#, "{}", &key(SignatureAlgorithm::Es256));
    for (name, text) in [
        ("three", signed),
        ("four", token.rsplit_once('.').expect("parts").0.to_owned()),
        ("six", format!("{token}.AAAA")),
        ("none", String::new()),
        ("five, the first empty", with_text(&token, 0, String::clear)),
        ("JSON serialization", r#"{"protected":"e30","ciphertext":"AA"}"#.to_owned()),
    ] {
        rows.push(refused(format!("JWE parts: {name}"), decrypt(&text, &direct()), JoseError::Parts));
    }
    rows.push(refused(
        "an encrypted token read as a signed one",
        Unverified::parse(&token),
        JoseError::Parts,
    ));
    for part in 0..5 {
        for (name, text) in
            [("padded", "="), ("with a space", " "), ("with a line end", "\n"), ("with a plus", "+")]
        {
            let bad = with_text(&token, part, |part| part.push_str(text));
            rows.push(refused(
                format!("JWE part {part} {name}"),
                decrypt(&bad, &direct()),
                JoseError::Encoding,
            ));
        }
    }
    for part in [3, 4] {
        let bad = with_text(&token, part, set_spare_bit);
        let name = format!("JWE part {part}: spare bits set");
        rows.push(refused(name, decrypt(&bad, &direct()), JoseError::Encoding));
    }
    let long = direct_gcm(DIRECT, &SECRET, &[3; 12], &vec![0; ENCRYPTED_TOKEN_BYTES]);
    let expected = JoseError::TooLong(ENCRYPTED_TOKEN_BYTES);
    rows.push(refused("longer than sixty-four kibibytes", decrypt(&long, &direct()), expected));
    rows
}
