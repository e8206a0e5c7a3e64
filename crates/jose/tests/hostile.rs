//! Every class of invalid token and key, built with new keys, each refused with its own error.

#[path = "hostile/claims.rs"]
mod claims;
#[path = "hostile/encrypted.rs"]
mod encrypted;
#[path = "hostile/forge.rs"]
mod forge;
#[path = "hostile/keys.rs"]
mod keys;
#[path = "hostile/signatures.rs"]
mod signatures;
#[path = "hostile/signed.rs"]
mod signed;

use std::fmt::Debug;

/// An invalid input, its expected error, and the result.
pub(crate) struct Row {
    name: String,
    expected: String,
    found: String,
}

/// A case whose result must be this error.
pub(crate) fn refused<T, E: Debug>(name: impl Into<String>, found: Result<T, E>, expected: E) -> Row {
    let found = match found {
        Ok(_) => "accepted".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    Row { name: name.into(), expected: format!("{expected:?}"), found }
}

#[test]
#[expect(clippy::print_stdout, reason = "the number of rows is what one wants to see of this test")]
fn every_class_of_bad_token_is_refused_for_its_own_reason() {
    let tables = [signed::rows(), signatures::rows(), claims::rows(), keys::rows(), encrypted::rows()];
    let rows: Vec<Row> = tables.into_iter().flatten().collect();
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| row.found != row.expected)
        .map(|row| format!("{}: expected {}, found {}", row.name, row.expected, row.found))
        .collect();
    println!("hostile: {} rows, {} wrong", rows.len(), wrong.len());
    assert!(rows.len() >= 710, "rows were lost: {}", rows.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
