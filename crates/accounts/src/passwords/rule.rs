//! What a new password must satisfy.

use super::{PASSWORD_BYTES_MAX, Password, common::is_common};

/// What a new password must satisfy. Stored passwords are not affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRule {
    /// Minimum length, in characters; at least 1.
    pub length_min: u32,
}

impl Default for PasswordRule {
    /// 8 characters (NIST SP 800-63B §3.1.1.2, for passwords beside a second factor; 15 are recommended without one).
    fn default() -> Self {
        Self { length_min: 8 }
    }
}

impl PasswordRule {
    /// Accepts a new password.
    ///
    /// # Errors
    /// [`PasswordError`] where it is too short, too long or too common.
    pub fn accept(self, text: &str) -> Result<Password, PasswordError> {
        let password = Password::parse(text).ok_or(match text.is_empty() {
            true => PasswordError::Short(self.length_min.max(1)),
            false => PasswordError::Long,
        })?;
        let length_min = usize::try_from(self.length_min).unwrap_or(usize::MAX);
        if password.text().chars().count() < length_min {
            return Err(PasswordError::Short(self.length_min));
        }
        if is_common(password.text()) {
            return Err(PasswordError::Common);
        }
        Ok(password)
    }
}

/// Why a new password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Shorter than [`PasswordRule::length_min`].
    #[error("must have {0} or more characters")]
    Short(u32),
    /// Longer than [`PASSWORD_BYTES_MAX`].
    #[error("must have at most {PASSWORD_BYTES_MAX} bytes")]
    Long,
    /// One that every guesser tries first.
    #[error("is one of the most common passwords, which are guessed first: choose another one")]
    Common,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_has_as_many_characters_as_the_rule_says() {
        let rule = PasswordRule::default();
        assert!(rule.accept("pässwörd-").is_ok(), "characters count, not bytes");
        assert_eq!(rule.accept("pässwör").err(), Some(PasswordError::Short(8)));
        assert_eq!(rule.accept("a\u{308}bcdefg").err(), Some(PasswordError::Short(8)), "composed ones count");
        assert_eq!(rule.accept(&"x".repeat(PASSWORD_BYTES_MAX + 1)).err(), Some(PasswordError::Long));
        assert_eq!(rule.accept("").err(), Some(PasswordError::Short(8)));
        assert!(PasswordRule { length_min: 1 }.accept("x-").is_ok());
    }

    #[test]
    fn a_common_password_is_refused_in_every_spelling() {
        for common in ["password1", "PASSWORD1", "\u{ff50}assword1", "1234567890", "qwertyuiop"] {
            assert_eq!(PasswordRule::default().accept(common).err(), Some(PasswordError::Common), "{common}");
        }
        assert!(PasswordRule::default().accept("correct-horse").is_ok());
    }
}
