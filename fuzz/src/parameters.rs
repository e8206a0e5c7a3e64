//! Parameters of forms and queries (RFC 6749 Appendix B), compared with the parser of the URL Standard.

use std::collections::BTreeSet;

use protocol::{Params, limits};

/// What [`Params::parse`] accepts has the same pairs in `form_urlencoded`, with unique names.
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
