//! How strong an authentication is, in the words of `acr` (OpenID Connect Core 1.0 §2).

/// A password over TLS (SAML 2.0 Authentication Context §3.4.3): a class that other servers and applications know.
pub(crate) const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// Every value that an authentication can have.
pub(crate) const ALL: [&str; 1] = [PASSWORD];

/// The value for an authentication by these methods (`amr`, space separated; RFC 8176 §2). `None` for those of a host that
/// has methods of its own: nothing is claimed about them.
pub(crate) fn of(amr: &str) -> Option<&'static str> {
    amr.split(' ').any(|method| method == "pwd").then_some(PASSWORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_claimed_about_unknown_methods() {
        assert_eq!((of("pwd"), of("pwd otp")), (Some(PASSWORD), Some(PASSWORD)));
        assert_eq!((of(""), of("hwk"), of("pwdx")), (None, None, None));
    }
}
