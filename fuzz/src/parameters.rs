//! Parameters of forms and queries (RFC 6749 Appendix B), beside the parser that browsers are specified by.

use std::collections::BTreeSet;

use protocol::{Params, limits};

/// What [`Params::parse`] accepts holds the same pairs for `form_urlencoded`, each name once.
pub fn parameters(bytes: &[u8]) {
    let Ok(params) = Params::parse(bytes) else { return };
    let ours: Vec<(String, String)> =
        params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let theirs: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().collect();
    assert_eq!(ours, theirs);
    assert!(ours.len() <= limits::PARAMETERS_MAX);
    let names: Vec<&String> = ours.iter().map(|(name, _)| name).filter(|name| *name != "resource").collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "a name is repeated");
    assert!(ours.iter().all(|(name, value)| !name.contains('\0') && !value.contains('\0')));
}
