//! Signed and nested answers (RFC 9701 §5), and imitations of them.

use jose::{SigningKey, base64url, primitives};
use passavant_resource::Reason;
use serde_json::{Value, json};

use super::{Makers, Reader, Row, accepted, refusal};
use crate::stub::{Play, http, typed};
use crate::support::{AUDIENCE, NOW, merge};

const MEDIA_TYPE: &str = "application/token-introspection+jwt";
const TYPE: &str = "token-introspection+jwt";

/// A signed text with any header.
fn sign(key: &SigningKey, header: Value, claims: &Value) -> String {
    let input = format!("{}.{}", encoded(&header), encoded(claims));
    let signature = key.sign(input.as_bytes()).expect("a signature");
    format!("{input}.{}", base64url::encode(&signature))
}

/// An encrypted text with any header, by `dir` and A256GCM.
fn encrypt(header: Value, content: &str) -> String {
    encrypt_to(&[7; 32], header, content)
}

fn encrypt_to(key: &[u8; 32], header: Value, content: &str) -> String {
    let head = encoded(&header);
    let sealed = primitives::seal(key, head.as_bytes(), content.as_bytes());
    let (nonce, rest) = sealed.split_at(primitives::NONCE_BYTES);
    let (text, tag) = rest.split_at(rest.len() - primitives::TAG_BYTES);
    let [nonce, text, tag] = [nonce, text, tag].map(base64url::encode);
    format!("{head}..{nonce}.{text}.{tag}")
}

fn encoded(value: &Value) -> String {
    base64url::encode(value.to_string().as_bytes())
}

fn answer(text: impl AsRef<[u8]>) -> Play {
    typed(MEDIA_TYPE, text)
}

impl Makers {
    fn envelope(&self, changes: Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "aud": "notes-rs", "iat": NOW, "token_introspection": self.inner(json!({}))
        });
        merge(&mut claims, changes);
        claims
    }

    fn inner(&self, changes: Value) -> Value {
        let mut inner = json!({
            "active": true, "scope": "read", "client_id": "web", "sub": "1", "exp": NOW + 600, "iat": NOW - 60,
            "iss": self.issuer
        });
        merge(&mut inner, changes);
        inner
    }

    fn header(&self, changes: Value) -> Value {
        let mut header = json!({"alg": "ES256", "typ": TYPE, "kid": self.signer.kid()});
        merge(&mut header, changes);
        header
    }

    fn signed(&self, header: Value, claims: Value) -> String {
        sign(&self.signer, self.header(header), &self.envelope(claims))
    }

    /// A valid signed answer, encrypted with these members replaced in the header.
    fn nested(&self, changes: Value) -> Play {
        let mut header = json!({"alg": "dir", "enc": "A256GCM", "cty": "JWT", "kid": self.own.kid()});
        merge(&mut header, changes);
        answer(encrypt(header, &self.signed(json!({}), json!({}))))
    }
}

pub(super) fn rows(makers: &Makers) -> Vec<Row> {
    let mut rows = signed_headers(makers);
    rows.extend(envelopes(makers));
    rows.extend(inners(makers));
    rows.extend(forged(makers));
    rows.extend(plain(makers));
    let mut rows: Vec<_> = rows.into_iter().map(|row| row.read_by(Reader::Signed)).collect();
    rows.extend(nested(makers).into_iter().map(|row| row.read_by(Reader::Nested)));
    rows.extend(by_type(makers));
    rows
}

fn untrusted(name: &'static str, lines: &'static [&'static str], text: String) -> Row {
    refusal(name, lines, answer(text), Reason::AnswerUntrusted)
}

fn signed_headers(makers: &Makers) -> Vec<Row> {
    let with = |header| makers.signed(header, json!({}));
    vec![
        accepted("signed", &["jwt: aud string"], answer(with(json!({})))),
        accepted("typ with its prefix", &[], answer(with(json!({"typ": MEDIA_TYPE})))),
        untrusted("typ JWT", &["jwt: JWS typ any"], with(json!({"typ": "JWT"}))),
        untrusted("typ at+jwt", &[], with(json!({"typ": "at+jwt"}))),
        untrusted("no typ", &["jwt: JWS typ none"], with(json!({"typ": null}))),
        accepted("no kid, one key that fits", &["jwt: JWS without kid"], answer(with(json!({"kid": null})))),
        untrusted("an unknown kid", &["jwt: JWS unknown kid"], with(json!({"kid": "x"}))),
        untrusted(
            "the kid of another kind of key",
            &["jwt: JWS other alg"],
            with(json!({"kid": makers.rsa.kid()})),
        ),
        accepted("an unknown header member", &["jwt: JWS unknown member"], answer(with(json!({"x": 1})))),
        untrusted("crit", &[], with(json!({"crit": ["x"], "x": 1}))),
        untrusted("b64", &[], with(json!({"crit": ["b64"], "b64": true}))),
        untrusted("zip", &[], with(json!({"zip": "DEF"}))),
    ]
}

fn envelopes(makers: &Makers) -> Vec<Row> {
    let with = |claims| makers.signed(json!({}), claims);
    vec![
        accepted(
            "aud a list",
            &["jwt: aud list with the client id"],
            answer(with(json!({"aud": ["x", "notes-rs"]}))),
        ),
        accepted(
            "signed: iat two seconds ahead",
            &["jwt: iat 2 s ahead"],
            answer(with(json!({"iat": NOW + 2}))),
        ),
        untrusted("no aud", &["jwt: aud missing"], with(json!({"aud": null}))),
        untrusted("to another resource", &["jwt: aud wrong"], with(json!({"aud": "other-rs"}))),
        untrusted("to our audience and not to us", &[], with(json!({"aud": AUDIENCE}))),
        untrusted("no iss", &["jwt: iss missing"], with(json!({"iss": null}))),
        untrusted("of another issuer", &["jwt: iss wrong"], with(json!({"iss": "https://x.example"}))),
        untrusted("no iat", &["jwt: iat missing"], with(json!({"iat": null}))),
        untrusted("an hour old", &["jwt: iat old"], with(json!({"iat": NOW - 3600}))),
        untrusted("signed: nbf ahead", &["jwt: nbf ahead"], with(json!({"nbf": NOW + 600}))),
        untrusted("signed: exp past", &["jwt: exp past"], with(json!({"exp": NOW - 60}))),
        untrusted("signed: exp a string", &[], with(json!({"exp": "1"}))),
        untrusted(
            "no token_introspection",
            &["jwt: token_introspection missing"],
            with(json!({"token_introspection": null, "active": true, "scope": "read"})),
        ),
        untrusted(
            "token_introspection a string",
            &["jwt: token_introspection no object"],
            with(json!({"token_introspection": "{\"active\":true}"})),
        ),
        untrusted(
            "token_introspection a list",
            &[],
            with(json!({"token_introspection": [{"active": true}]})),
        ),
    ]
}

fn inners(makers: &Makers) -> Vec<Row> {
    let with =
        |changes| answer(makers.signed(json!({}), json!({"token_introspection": makers.inner(changes)})));
    vec![
        accepted("inner iat two seconds ahead", &["jwt: inner iat 2 s ahead"], with(json!({"iat": NOW + 2}))),
        accepted(
            "inner client_id missing",
            &["jwt: inner client_id missing"],
            with(json!({"client_id": null})),
        ),
        accepted("inner sub missing", &["jwt: inner sub missing"], with(json!({"sub": null}))),
        refusal(
            "inner scope missing",
            &["jwt: inner scope missing"],
            with(json!({"scope": null})),
            Reason::ScopeInsufficient,
        ),
        refusal(
            "inner exp a string",
            &["jwt: inner exp string"],
            with(json!({"exp": "1"})),
            Reason::ClaimMalformed,
        ),
        refusal(
            "inner exp past",
            &["jwt: inner exp past"],
            with(json!({"exp": NOW - 60})),
            Reason::TokenExpired,
        ),
        refusal(
            "inner active false",
            &["jwt: inner active false"],
            with(json!({"active": false})),
            Reason::TokenInactive,
        ),
        refusal("inner active a string", &[], with(json!({"active": "true"})), Reason::ClaimMalformed),
        refusal("inner aud another", &[], with(json!({"aud": "https://x.example"})), Reason::AudienceWrong),
    ]
}

fn forged(makers: &Makers) -> Vec<Row> {
    let claims = makers.envelope(json!({}));
    let bare = |header: Value| format!("{}.{}.", encoded(&header), encoded(&claims));
    let public = makers.signer.public_jwk().expect("public").to_value();
    let stranger = crate::support::key(jose::SignatureAlgorithm::Es256);
    let embedded = stranger.public_jwk().expect("public").to_value();
    let good = makers.signed(json!({}), json!({}));
    let (rest, _) = good.rsplit_once('.').expect("a signature");
    let hs256 = |secret: &[u8]| {
        let input = format!("{}.{}", encoded(&makers.header(json!({"alg": "HS256"}))), encoded(&claims));
        format!("{input}.{}", base64url::encode(&primitives::hmac_sha256(secret, input.as_bytes())))
    };
    let access_token = json!({
        "iss": makers.issuer, "aud": "notes-rs", "sub": "1", "iat": NOW, "exp": NOW + 60,
        "token_introspection": {"active": true, "scope": "read"}
    });
    vec![
        untrusted("alg none", &[], bare(makers.header(json!({"alg": "none"})))),
        untrusted("alg None", &[], bare(makers.header(json!({"alg": "None"})))),
        untrusted("no alg", &[], bare(makers.header(json!({"alg": null})))),
        untrusted("HS256 with the public key", &[], hs256(public.to_string().as_bytes())),
        untrusted("HS256 with our own secret", &[], hs256(b"a-secret-of-22-characters")),
        untrusted("no signature", &[], format!("{rest}.")),
        untrusted("signed by a stranger", &[], sign(&stranger, makers.header(json!({})), &claims)),
        untrusted("with the key in its header", &[], {
            sign(&stranger, makers.header(json!({"jwk": embedded, "kid": null})), &claims)
        }),
        untrusted("an access token", &[], {
            sign(&makers.signer, makers.header(json!({"typ": "at+jwt"})), &access_token)
        }),
        untrusted("encrypted, where no key is", &[], {
            encrypt(json!({"alg": "dir", "enc": "A256GCM"}), &makers.signed(json!({}), json!({})))
        }),
        untrusted("garbage", &["jwt: garbage"], "not.a.jwt".to_owned()),
        untrusted("signed: empty", &["jwt: empty"], String::new()),
        untrusted("a JWS in JSON", &[], json!({"payload": "x", "signatures": []}).to_string()),
        untrusted("64 KiB of dots", &[], ".".repeat(64 * 1024)),
    ]
}

/// Unsigned answers to a guard that only accepts signed ones.
fn plain(makers: &Makers) -> Vec<Row> {
    let json = makers.inner(json!({})).to_string();
    let good = makers.signed(json!({}), json!({}));
    vec![
        refusal(
            "unsigned JSON",
            &["jwt: plain JSON"],
            typed("application/json", &json),
            Reason::AnswerMalformed,
        ),
        refusal("good, of another type", &["jwt: any Content-Type"], typed("application/jwt", &good), {
            Reason::AnswerMalformed
        }),
        refusal(
            "good, without a type",
            &[],
            Play::Say(http("200 OK", &[], good.as_bytes())),
            Reason::AnswerMalformed,
        ),
        untrusted("unsigned JSON under a signed name", &[], json),
        refusal(
            "signed, with status 400",
            &["jwt: HTTP 400"],
            {
                Play::Say(http("400 Bad Request", &[&format!("Content-Type: {MEDIA_TYPE}")], good.as_bytes()))
            },
            Reason::IntrospectionFailed,
        ),
    ]
}

fn nested(makers: &Makers) -> Vec<Row> {
    let header = || json!({"alg": "dir", "enc": "A256GCM", "cty": "JWT", "kid": makers.own.kid()});
    let good = makers.signed(json!({}), json!({}));
    let unsigned = makers.inner(json!({})).to_string();
    let refused =
        |name, lines, changes| refusal(name, lines, makers.nested(changes), Reason::AnswerUntrusted);
    let mut cut = encrypt(header(), &good);
    cut.truncate(cut.len() - 4);
    vec![
        accepted("nested, cty", &["jwt: JWE cty"], makers.nested(json!({}))),
        accepted("nested, typ", &["jwt: JWE typ"], makers.nested(json!({"cty": null, "typ": "JWT"}))),
        accepted("nested, neither", &["jwt: JWE neither typ nor cty"], makers.nested(json!({"cty": null}))),
        accepted("nested, iss and aud outside", &["jwt: JWE iss and aud"], {
            makers.nested(json!({"iss": makers.issuer, "aud": "notes-rs"}))
        }),
        accepted(
            "nested, aud a list outside",
            &["jwt: JWE aud list"],
            makers.nested(json!({"aud": ["notes-rs"]})),
        ),
        accepted("nested, unknown member", &["jwt: JWE unknown member"], makers.nested(json!({"x": 1}))),
        accepted("nested, no kid", &[], makers.nested(json!({"kid": null}))),
        refused("nested, kid of another", &["jwt: JWE any kid"], json!({"kid": "x"})),
        refused("nested, zip", &["jwt: JWE zip"], json!({"zip": "DEF"})),
        refused("nested, crit", &[], json!({"crit": ["x"], "x": 1})),
        refused("nested, other alg", &["jwt: other alg"], json!({"alg": "A256KW"})),
        refused("nested, RSA1_5", &[], json!({"alg": "RSA1_5"})),
        refused("nested, other enc", &["jwt: other enc"], json!({"enc": "A256CBC-HS512"})),
        untrusted("signed and not encrypted", &["jwt: unencrypted"], good.clone()),
        untrusted("encrypted and not signed", &[], encrypt(header(), &unsigned)),
        untrusted("encrypted twice", &[], encrypt(header(), &encrypt(header(), &good))),
        untrusted("encrypted to another key", &[], encrypt_to(&[8; 32], header(), &good)),
        untrusted("encrypted and cut off", &[], cut),
        untrusted("encrypted without UTF-8", &[], encrypt(header(), "\u{0}\u{7f}")),
        untrusted("nothing encrypted", &[], encrypt(header(), "")),
        refusal(
            "nested, plain JSON instead",
            &[],
            typed("application/json", &unsigned),
            Reason::AnswerMalformed,
        ),
    ]
}

/// To a guard that decides by `Content-Type`.
fn by_type(makers: &Makers) -> Vec<Row> {
    let good = makers.signed(json!({}), json!({}));
    let parameter = typed(&format!("{MEDIA_TYPE}; charset=utf-8"), &good);
    vec![
        accepted("auto: signed", &[], answer(&good)),
        accepted("auto: signed, with a parameter", &[], parameter),
        accepted("auto: signed, in other case", &[], typed("Application/Token-Introspection+JWT", &good)),
        refusal(
            "auto: JSON under a signed name",
            &["lasuite: typed token-introspection+jwt but JSON"],
            answer(makers.inner(json!({})).to_string()),
            Reason::AnswerUntrusted,
        ),
        refusal(
            "auto: signed under the name of JSON",
            &[],
            typed("application/json", &good),
            Reason::AnswerMalformed,
        ),
        refusal(
            "auto: signed by a stranger",
            &[],
            {
                let stranger = crate::support::key(jose::SignatureAlgorithm::Es256);
                answer(sign(&stranger, makers.header(json!({})), &makers.envelope(json!({}))))
            },
            Reason::AnswerUntrusted,
        ),
    ]
}
