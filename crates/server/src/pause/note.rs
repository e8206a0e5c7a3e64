//! A host's note in an interaction, such as a first factor that is done.

use protocol::limits;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Fault;

/// A JSON value of the host, within [`limits::NOTE_BYTES_MAX`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Note(Value);

impl Note {
    pub(super) fn new(value: Value) -> Result<Self, Fault> {
        let length = value.to_string().len();
        if length > limits::NOTE_BYTES_MAX {
            let limit = limits::NOTE_BYTES_MAX;
            return Err(Fault::new(format!(
                "the note has {length} bytes of JSON, and at most {limit} are kept"
            )));
        }
        Ok(Self(value))
    }

    pub(super) fn value(&self) -> &Value {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_kept_up_to_its_limit() {
        // The JSON has two quotation marks more.
        let fits = "x".repeat(limits::NOTE_BYTES_MAX - 2);
        assert!(Note::new(Value::from(fits.as_str())).is_ok());
        assert!(Note::new(Value::from(fits + "x")).is_err());
    }
}
