//! All JOSE vectors of C2SP/wycheproof, from the directory in `WYCHEPROOF_DIR`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use passavant_jose::{
    ContentEncryption, DecryptionKey, Encrypted, Jwk, JwkSet, KeyManagement, SignatureAlgorithm, SigningKey,
    Unverified, VerifyingKey,
};
use serde_json::Value;

/// Vectors of `json_web_signature_test.json` that are marked valid or invalid against their own content.
const DEFECTIVE: &[(u64, &str)] = &[
    (346, "the key is for PS256, the header says PS384"),
    (350, "the key is for PS256, the header says PS384"),
    (347, "the key is for \"ES521\", which is no algorithm"),
    (351, "the key is for \"ES521\", which is no algorithm"),
    (367, "byte for byte the valid vector 357: the padding it is about was lost"),
    (370, "byte for byte the valid vector 357: the padding it is about was lost"),
    (372, "marked valid with a question mark in its base64url"),
    (373, "marked valid with a question mark in its base64url"),
];

/// Header members because of which this crate refuses a valid vector.
const BY_CHOICE: &[(&str, &str)] = &[
    ("\"alg\":\"RSA1_5\"", "padding oracle by design (RFC 8725 §3.2)"),
    ("\"alg\":\"A192KW\"", "AES-192 is not offered"),
    ("\"alg\":\"ECDH-ES+A192KW\"", "AES-192 is not offered"),
    ("\"enc\":\"A192GCM\"", "AES-192 is not offered"),
    ("\"enc\":\"A192CBC-HS384\"", "AES-192 is not offered"),
    ("GCMKW\"", "key wrap by GCM is not offered"),
    ("\"zip\":", "compression before encryption (RFC 8725 §3.6)"),
];

/// The vector of `json_web_key_test.json` that this crate accepts although it is marked invalid: its set has two keys of
/// one type, algorithm and `kid`. Such keys are tried in turn (RFC 7517 §4.5: a `kid` SHOULD be unique): both are keys of
/// the issuer, and one careless entry does not make a set useless.
const DUPLICATE_KID: u64 = 4;

/// The results of the vectors of one file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    valid: usize,
    invalid: usize,
    defective: usize,
    by_choice: usize,
    wrong: Vec<String>,
}

#[test]
fn signature_vectors() {
    check("json_web_signature_test.json", 401, &[8, 0]);
}

#[test]
fn key_vectors() {
    check("json_web_key_test.json", 26, &[0, 1]);
}

#[test]
fn crypto_vectors() {
    check("json_web_crypto_test.json", 83, &[0, 0]);
}

#[test]
fn encryption_vectors() {
    check("json_web_encryption_test.json", 139, &[0, 28]);
}

#[expect(clippy::print_stdout, reason = "the counts are what one wants to see of this test")]
fn check(file: &str, vectors: usize, &[defective, by_choice]: &[usize; 2]) {
    let Some(directory) = directory() else {
        println!("WYCHEPROOF_DIR is not set: {file} was not tested");
        return;
    };
    let text = std::fs::read(directory.join(file)).expect("the file is in WYCHEPROOF_DIR");
    let document: Value = serde_json::from_slice(&text).expect("the file is JSON");
    let mut tally = Tally::default();
    for group in document["testGroups"].as_array().expect("groups") {
        for test in group["tests"].as_array().expect("tests") {
            judge(file, group, test, &mut tally);
        }
    }
    println!(
        "{file}: {} valid accepted, {} invalid refused, {} defective, {} judged otherwise by choice, {} wrong",
        tally.valid,
        tally.invalid,
        tally.defective,
        tally.by_choice,
        tally.wrong.len()
    );
    assert_eq!(tally.wrong, Vec::<String>::new());
    let seen = tally.valid + tally.invalid + tally.defective + tally.by_choice;
    assert_eq!((seen, tally.defective, tally.by_choice), (vectors, defective, by_choice));
}

#[expect(clippy::disallowed_methods, reason = "the vectors lie where whoever runs the test put them")]
fn directory() -> Option<PathBuf> {
    std::env::var_os("WYCHEPROOF_DIR").map(PathBuf::from)
}

fn judge(file: &str, group: &Value, test: &Value, tally: &mut Tally) {
    let id = test["tcId"].as_u64().expect("an id");
    let valid = test["result"] == "valid";
    let outcome = catch_unwind(AssertUnwindSafe(|| accepts(group, test)));
    let expected = outcome.as_ref().is_ok_and(|&accepted| accepted == valid);
    let signatures = file == "json_web_signature_test.json";
    if signatures && DEFECTIVE.iter().any(|(defective, _)| *defective == id) {
        let as_known = outcome.is_ok() && !expected;
        if as_known {
            tally.defective += 1;
        } else {
            tally.wrong.push(format!("{id}: on the list of defective vectors, yet as marked"));
        }
    } else if file == "json_web_key_test.json" && id == DUPLICATE_KID {
        if outcome.as_ref().is_ok_and(|&accepted| accepted) {
            tally.by_choice += 1;
        } else {
            tally.wrong.push(format!("{id}: accepted by choice, yet {outcome:?}"));
        }
    } else if valid && outcome.as_ref().is_ok_and(|accepted| !accepted) && by_choice(test) {
        tally.by_choice += 1;
    } else if !expected {
        tally.wrong.push(format!("{id} ({}): valid {valid}, {outcome:?}", test["comment"]));
    } else if valid {
        tally.valid += 1;
    } else {
        tally.invalid += 1;
    }
}

fn by_choice(test: &Value) -> bool {
    let Some(encoded) = test["jwe"].as_str().and_then(|token| token.split('.').next()) else { return false };
    let Ok(header) = passavant_jose::base64url::decode(encoded) else { return false };
    let header = String::from_utf8_lossy(&header);
    BY_CHOICE.iter().any(|(name, _)| header.contains(name))
}

/// Whether the token is accepted with the key of its group.
fn accepts(group: &Value, test: &Value) -> bool {
    match (&test["jws"], &test["jwe"]) {
        (Value::String(token), _) => verifies(group, token),
        (_, Value::String(token)) => decrypts(group, test, token),
        _ => false,
    }
}

fn verifies(group: &Value, token: &str) -> bool {
    let Ok(token) = Unverified::parse(token) else { return false };
    let key = group.get("public").unwrap_or(&group["private"]);
    let Some(keys) = verifying_keys(key, &token) else { return false };
    token.verify_any(&keys).is_ok()
}

/// The keys and their algorithm: their own `alg`, or if one has none, the claimed one.
fn verifying_keys(key: &Value, token: &Unverified<'_>) -> Option<Vec<VerifyingKey>> {
    let text = key.to_string();
    if key.get("keys").is_some() {
        return JwkSet::parse(text.as_bytes()).ok()?.verifying_keys(token.kid(), token.algorithm()?).ok();
    }
    let algorithm = match key.get("alg").and_then(Value::as_str) {
        Some(name) => SignatureAlgorithm::parse(name)?,
        None => token.algorithm()?,
    };
    match Jwk::parse(text.as_bytes()) {
        Ok(key) => Some(vec![key.verifying_key(algorithm).ok()?]),
        Err(_) => Some(vec![SigningKey::from_private_jwk(text.as_bytes(), algorithm).ok()?.verifying_key()]),
    }
}

fn decrypts(group: &Value, test: &Value, token: &str) -> bool {
    let Ok(token) = Encrypted::parse(token) else { return false };
    let key = group["private"].to_string();
    let algorithm = match group["private"]["alg"].as_str().and_then(KeyManagement::parse) {
        Some(algorithm) => algorithm,
        None => match token.key_management() {
            Some(claimed) => claimed,
            None => return false,
        },
    };
    let Ok(key) = DecryptionKey::from_private_jwk(key.as_bytes(), algorithm) else { return false };
    let Ok(decrypted) = token.decrypt(&key, ContentEncryption::ALL) else { return false };
    match test["pt"].as_str() {
        Some(hex) => {
            assert_eq!(to_hex(decrypted.plaintext()), hex, "the content is what the vector says");
            true
        }
        None => true,
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
