//! Signed backchannel authentication requests (CIBA Core 1.0 §7.1.1).

use jose::{Claims, SignatureAlgorithm, jws::Unverified};
use protocol::{Params, Timestamp, limits};
use serde_json::Value;

use crate::{
    AuthorizationServer,
    authorize::object,
    error::Error,
    reason::Reason,
    registry::RegisteredClient,
    store::{Remember, Space},
};

/// Most seconds between `nbf` and `exp` (FAPI-CIBA §5.2.2: 60 minutes).
const LIFETIME_MAX: i64 = 3600;
/// Longest `jti`, in bytes.
const JTI_BYTES_MAX: usize = 255;
/// Claims about the JWT itself, which are no parameters.
const OF_THE_JWT: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// The parameters of an object, and what makes it single-use.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) params: Params<'static>,
    pub(crate) once: Remember,
}

/// Reads the object in `request`. A client that registered an algorithm must send one, signed with it; any other may not.
pub(crate) async fn read(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    form: &Params<'_>,
) -> Result<Option<Signed>, Error> {
    let registered = client.metadata.backchannel_authentication_request_signing_alg.as_deref();
    let (object, registered) = match (form.get("request"), registered) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err(Reason::RequestObjectMissing.into()),
        (Some(_), None) => return Err(Reason::RequestObjectUnsupported.into()),
        (Some(object), Some(registered)) => (object, registered),
    };
    let unverified = Unverified::parse_within(object, limits::PARAMETER_VALUE_BYTES_MAX);
    let unverified = unverified.map_err(|_| Reason::RequestObjectMalformed)?;
    let algorithm = unverified.algorithm().filter(|algorithm| {
        algorithm.as_str() == registered && !SignatureAlgorithm::is_symmetric(*algorithm)
    });
    let algorithm = algorithm.ok_or(Reason::RequestObjectMalformed)?;
    let keys = object::verifying_keys(server, client, algorithm, unverified.kid()).await?;
    let verified = unverified.verify_any(&keys).map_err(|_| Reason::RequestObjectSignatureWrong)?;
    let claims = verified.claims().map_err(|_| Reason::RequestObjectMalformed)?;
    let settings = server.settings();
    let expected = Expected {
        issuer: settings.issuer.as_str(),
        client: client.id().as_str(),
        now: server.now().0,
        skew: settings.clock_skew,
    };
    let (jti, until) = judge(&claims, &expected)?;
    let once = Remember::jti(Space::RequestObject, client.id().as_str(), &jti, until);
    Ok(Some(Signed { params: parameters(&claims)?, once }))
}

struct Expected<'a> {
    issuer: &'a str,
    client: &'a str,
    now: i64,
    skew: i64,
}

/// §7.1.1: `iss`, `aud`, `exp`, `iat`, `nbf` and `jti` are required. Returns the `jti`, and until when it is remembered.
fn judge(claims: &Claims, expected: &Expected<'_>) -> Result<(String, Timestamp), Reason> {
    let text = |name| claims.string(name).map_err(|_| Reason::RequestObjectClaimWrong);
    let time = |name| {
        let time = claims.time(name).map_err(|_| Reason::RequestObjectClaimWrong)?;
        time.ok_or(Reason::RequestObjectClaimWrong)
    };
    let audience = claims.strings("aud").map_err(|_| Reason::RequestObjectClaimWrong)?;
    if text("iss")? != Some(expected.client) || !audience.contains(&expected.issuer) {
        return Err(Reason::RequestObjectClaimWrong);
    }
    let jti = text("jti")?.filter(|jti| !jti.is_empty() && jti.len() <= JTI_BYTES_MAX);
    let jti = jti.ok_or(Reason::RequestObjectClaimWrong)?;
    let (expires, not_before, issued) = (time("exp")?, time("nbf")?, time("iat")?);
    let late = expected.now.saturating_add(expected.skew);
    if expires.saturating_add(expected.skew) <= expected.now
        || expires.saturating_sub(not_before) > LIFETIME_MAX
        || not_before > late
        || issued > late
    {
        return Err(Reason::RequestObjectExpired);
    }
    Ok((jti.to_owned(), Timestamp(expires) + expected.skew))
}

/// The claims as parameters: those about the JWT are none, and a number is one as its text.
fn parameters(claims: &Claims) -> Result<Params<'static>, Reason> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in claims.as_map().iter().filter(|(name, _)| !OF_THE_JWT.contains(&name.as_str())) {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let values = match value {
            Value::Array(values) => values.iter().map(text).collect::<Option<Vec<_>>>(),
            value => text(value).map(|one| vec![one]),
        };
        for value in values.ok_or(Reason::RequestObjectMalformed)? {
            form.append_pair(name, &value);
        }
    }
    let params = Params::parse(form.finish().as_bytes()).map(Params::into_owned);
    params.map_err(|_| Reason::RequestObjectMalformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(changes: &[(&str, Value)]) -> Result<(String, Timestamp), Reason> {
        let mut claims = json!({
            "iss": "c", "aud": "https://as.example", "jti": "1", "exp": 10_060, "iat": 10_000, "nbf": 10_000,
        });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let claims = Claims::parse(claims.to_string().as_bytes()).expect("an object");
        let expected = Expected { issuer: "https://as.example", client: "c", now: 10_000, skew: 30 };
        judge(&claims, &expected)
    }

    /// CIBA Core 1.0 §7.1.1
    #[test]
    fn every_claim_of_a_signed_request_is_required() {
        assert_eq!(verdict(&[]), Ok(("1".to_owned(), Timestamp(10_090))));
        for name in ["iss", "aud", "jti", "exp", "iat", "nbf"] {
            assert_eq!(verdict(&[(name, Value::Null)]), Err(Reason::RequestObjectClaimWrong), "{name}");
        }
        for (name, value, reason) in [
            ("iss", json!("d"), Reason::RequestObjectClaimWrong),
            ("aud", json!("https://other.example"), Reason::RequestObjectClaimWrong),
            ("exp", json!(9_970), Reason::RequestObjectExpired),
            ("exp", json!(13_601), Reason::RequestObjectExpired),
            ("nbf", json!(10_031), Reason::RequestObjectExpired),
            ("iat", json!(10_031), Reason::RequestObjectExpired),
        ] {
            assert_eq!(verdict(&[(name, value.clone())]), Err(reason), "{name} {value}");
        }
    }
}
