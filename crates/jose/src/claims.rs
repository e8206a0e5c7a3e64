//! Reading a JWT claims set (RFC 7519 §4): a claim of the wrong type is an error, never skipped.

use serde_json::{Map, Value};

use crate::{error::JoseError, json};

/// The largest magnitude of a time, in seconds: beyond it a JSON number is no longer exact.
const TIME_MOST: f64 = 9_007_199_254_740_992.0;

/// A claims set whose members are unique at every depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Reads a claims set from the payload of a token.
    ///
    /// # Errors
    ///
    /// [`JoseError::Json`] unless it is one JSON object with unique members (RFC 7519 §4, RFC 8725 §3.10).
    pub fn parse(text: &[u8]) -> Result<Self, JoseError> {
        Ok(Self(json::object(text)?))
    }

    /// A claim that must be a string where it is present.
    ///
    /// # Errors
    ///
    /// [`JoseError::Claim`] if it is anything else, null included.
    pub fn string(&self, name: &str) -> Result<Option<&str>, JoseError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name)),
        }
    }

    /// A `NumericDate` (RFC 7519 §2) in whole seconds since 1970, a fraction rounded down.
    ///
    /// # Errors
    ///
    /// [`JoseError::Claim`] unless it is a JSON number within 2^53 of zero; a string of digits is an error.
    pub fn time(&self, name: &str) -> Result<Option<i64>, JoseError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let seconds = value.as_f64().filter(|_| value.is_number()).ok_or_else(|| wrong(name))?;
        if !(-TIME_MOST..=TIME_MOST).contains(&seconds) {
            return Err(wrong(name));
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked above")]
        Ok(Some(value.as_i64().unwrap_or(seconds.floor() as i64)))
    }

    /// A claim that is one string or an array of strings (as `aud`, RFC 7519 §4.1.3); empty where absent.
    ///
    /// # Errors
    ///
    /// [`JoseError::Claim`] if it is anything else.
    pub fn strings(&self, name: &str) -> Result<Vec<&str>, JoseError> {
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().ok_or_else(|| wrong(name))).collect()
            }
            Some(_) => Err(wrong(name)),
        }
    }

    /// A claim that must be true or false where it is present.
    ///
    /// # Errors
    ///
    /// [`JoseError::Claim`] if it is anything else.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, JoseError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(wrong(name)),
        }
    }

    /// A claim that must be an object where it is present (as `cnf`, RFC 7800 §3.1).
    ///
    /// # Errors
    ///
    /// [`JoseError::Claim`] if it is anything else.
    pub fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, JoseError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(wrong(name)),
        }
    }

    /// A claim of any type.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All claims.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All claims, by value.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl From<Map<String, Value>> for Claims {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

fn wrong(name: &str) -> JoseError {
    JoseError::Claim(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> Claims {
        Claims::parse(text.as_bytes()).expect("claims")
    }

    #[test]
    fn a_time_is_a_json_number_floored() {
        for (text, expected) in
            [("0", 0), ("1300819380", 1_300_819_380), ("1.9", 1), ("-1.1", -2), ("1e3", 1000), ("-5", -5)]
        {
            assert_eq!(claims(&format!("{{\"exp\":{text}}}")).time("exp"), Ok(Some(expected)), "{text}");
        }
        assert_eq!(claims("{}").time("exp"), Ok(None));
    }

    #[test]
    fn a_time_of_another_type_or_size_is_an_error() {
        for text in ["\"1300819380\"", "null", "true", "[1]", "{}", "1e300", "9007199254740993e1", "-1e17"] {
            let wrong = Err(JoseError::Claim("exp".to_owned()));
            assert_eq!(claims(&format!("{{\"exp\":{text}}}")).time("exp"), wrong, "{text}");
        }
    }

    #[test]
    fn the_largest_times_are_two_to_the_fifty_third() {
        let found = claims("{\"a\":9007199254740992,\"b\":-9007199254740992}");
        assert_eq!(found.time("a"), Ok(Some(1 << 53)));
        assert_eq!(found.time("b"), Ok(Some(-(1 << 53))));
    }

    #[test]
    fn only_a_json_string_is_a_string() {
        let found = claims(r#"{"iss":"a","n":null,"i":1,"l":["a"]}"#);
        assert_eq!(found.string("iss"), Ok(Some("a")));
        assert_eq!(found.string("sub"), Ok(None));
        for name in ["n", "i", "l"] {
            assert_eq!(found.string(name), Err(JoseError::Claim(name.to_owned())));
        }
    }

    #[test]
    fn strings_are_one_or_many() {
        let found = claims(r#"{"one":"a","many":["a","b"],"mixed":["a",1],"none":[],"null":null}"#);
        assert_eq!(found.strings("one"), Ok(vec!["a"]));
        assert_eq!(found.strings("many"), Ok(vec!["a", "b"]));
        assert_eq!(found.strings("none"), Ok(vec![]));
        assert_eq!(found.strings("absent"), Ok(vec![]));
        for name in ["mixed", "null"] {
            assert_eq!(found.strings(name), Err(JoseError::Claim(name.to_owned())));
        }
    }

    #[test]
    fn only_json_booleans_and_objects_are_accepted() {
        let found = claims(r#"{"b":true,"o":{"jkt":"x"},"s":"true"}"#);
        assert_eq!(found.boolean("b"), Ok(Some(true)));
        assert!(found.boolean("s").is_err());
        assert_eq!(found.object("o").map(|members| members.map(Map::len)), Ok(Some(1)));
        assert!(found.object("s").is_err());
        assert_eq!(found.object("absent"), Ok(None));
    }
}
