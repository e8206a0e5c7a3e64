//! Whether the sender may use the token: the key that it is bound to (`cnf`, RFC 7800), compared with the proof in the
//! request.

mod certificate;

use http::request::Parts;
use jose::Claims;
use protocol::Confirmation;

use crate::proof::bearer::{PresentedToken, Scheme};
use crate::proof::dpop::Proofs;
use crate::reason::Reason;

pub use certificate::ClientCertificate;

/// Reads `cnf`, and `token_type` if an introspection answer has one. An unknown member refuses the token, since it may be
/// essential (RFC 7800 §3.1), unless it is one of these notes.
pub(crate) fn of(claims: &Claims, notes: &[&str]) -> Result<Option<Confirmation>, Reason> {
    let confirmation = match claims.object("cnf") {
        Ok(None) => None,
        Ok(Some(members)) => Some(Confirmation::read(members, notes).map_err(|error| {
            tracing::debug!(%error, "the token can't be used");
            Reason::ConfirmationUnknown
        })?),
        Err(_) => return Err(Reason::ClaimMalformed),
    };
    let kind = claims.string("token_type").map_err(|_| Reason::ClaimMalformed)?;
    let is_dpop = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("dpop"));
    if is_dpop && confirmation.is_none_or(|one| one.jkt.is_none()) {
        tracing::debug!("the token is of type DPoP but is not bound to a key");
        return Err(Reason::ConfirmationUnknown);
    }
    Ok(confirmation)
}

/// How the sender of an accepted request proved its key.
#[derive(Clone, Debug)]
pub(crate) struct Confirmed {
    pub(crate) scheme: Scheme,
    /// A nonce for later proofs, if that of this one expires soon.
    pub(crate) next_nonce: Option<Box<str>>,
}

/// Checks the request against the confirmation of its token. Every token is checked here, bound or not.
///
/// The proof is checked last, since it is used up by that: a request that is refused for another reason does not use
/// its proof.
pub(crate) async fn confirm(
    head: &Parts,
    presented: &PresentedToken<'_>,
    confirmation: Option<&Confirmation>,
    proofs: Option<&Proofs>,
) -> Result<Confirmed, Reason> {
    if let Some(expected) = confirmation.and_then(|one| one.x5t_s256) {
        certificate::check(head.extensions.get(), &expected)?;
    }
    let jkt = confirmation.and_then(|one| one.jkt);
    let next_nonce = match (presented.scheme, jkt, proofs) {
        (Scheme::Bearer, None, _) => None,
        (Scheme::Bearer, Some(_), _) => return Err(Reason::TokenBound),
        (Scheme::Dpop, None, _) => return Err(Reason::TokenUnbound),
        (Scheme::Dpop, Some(_), None) => return Err(Reason::SchemeUnsupported),
        (Scheme::Dpop, Some(key), Some(proofs)) => proofs.check(head, &presented.token, &key).await?,
    };
    Ok(Confirmed { scheme: presented.scheme, next_nonce })
}

#[cfg(test)]
mod tests {
    use jose::Thumbprint;
    use serde_json::{Value, json};

    use super::*;

    const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    fn read(claims: Value) -> Result<Option<Confirmation>, Reason> {
        read_with(claims, &[])
    }

    fn read_with(claims: Value, notes: &[&str]) -> Result<Option<Confirmation>, Reason> {
        of(&Claims::parse(claims.to_string().as_bytes()).expect("claims"), notes)
    }

    #[test]
    fn a_note_beside_the_key_is_ignored_and_binds_to_nothing() {
        let jkt = Thumbprint::parse(THUMBPRINT);
        let noted = json!({"cnf": {"jkt": THUMBPRINT, "note": "DPoP"}});
        assert_eq!(read_with(noted.clone(), &["note"]), Ok(Some(Confirmation { jkt, x5t_s256: None })));
        assert_eq!(read_with(noted, &["other"]), Err(Reason::ConfirmationUnknown));
        assert_eq!(read_with(json!({"cnf": {"note": "DPoP"}}), &["note"]), Err(Reason::ConfirmationUnknown));
    }

    #[test]
    fn a_confirmation_is_a_key_or_a_certificate_or_both() {
        let known = Thumbprint::parse(THUMBPRINT);
        for (claims, expected) in [
            (json!({}), None),
            (json!({"token_type": "Bearer"}), None),
            (json!({"cnf": {"jkt": THUMBPRINT}}), Some((known, None))),
            (json!({"cnf": {"jkt": THUMBPRINT}, "token_type": "DPoP"}), Some((known, None))),
            (json!({"cnf": {"x5t#S256": THUMBPRINT}, "token_type": "Bearer"}), Some((None, known))),
            (json!({"cnf": {"jkt": THUMBPRINT, "x5t#S256": THUMBPRINT}}), Some((known, known))),
        ] {
            let expected = expected.map(|(jkt, x5t_s256)| Confirmation { jkt, x5t_s256 });
            assert_eq!(read(claims.clone()), Ok(expected), "{claims}");
        }
    }

    #[test]
    fn a_confirmation_that_is_not_understood_refuses_the_token() {
        for cnf in [
            json!({}),
            json!({"kid": "a"}),
            json!({"jwk": {"kty": "EC"}}),
            json!({"x5t": THUMBPRINT}),
            json!({"JKT": THUMBPRINT}),
            json!({"jkt": THUMBPRINT, "kid": "a"}),
            json!({"jkt": THUMBPRINT, "new": null}),
            json!({"jkt": null}),
            json!({"jkt": 1}),
            json!({"jkt": ""}),
            json!({"jkt": "x"}),
            json!({"jkt": [THUMBPRINT]}),
            json!({"jkt": format!("{THUMBPRINT}=")}),
            json!({"jkt": &THUMBPRINT[..42]}),
            json!({"jkt": format!("{THUMBPRINT}AA")}),
            json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5/lESsXE8o9ltc05O89jdN+dg2"}),
        ] {
            assert_eq!(read(json!({"cnf": cnf})), Err(Reason::ConfirmationUnknown), "{cnf}");
        }
        for cnf in [json!(null), json!("jkt"), json!([THUMBPRINT]), json!(true)] {
            assert_eq!(read(json!({"cnf": cnf})), Err(Reason::ClaimMalformed), "{cnf}");
        }
    }

    #[test]
    fn a_token_of_type_dpop_names_its_key() {
        for claims in
            [json!({"token_type": "DPoP"}), json!({"token_type": "dpop", "cnf": {"x5t#S256": THUMBPRINT}})]
        {
            assert_eq!(read(claims.clone()), Err(Reason::ConfirmationUnknown), "{claims}");
        }
    }
}
