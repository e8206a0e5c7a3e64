//! What a guard expects of every token of one issuer.

use protocol::Issuer;

use crate::judging::audience::ExpectedAudience;
use crate::judging::shape::TokenShape;

/// What a guard expects of every token of one issuer.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedToken {
    pub(crate) issuer: Issuer,
    pub(crate) audience: ExpectedAudience,
    /// Whether an introspection answer that says `active` is believed although its `exp` has passed.
    pub(crate) exp_ignored: bool,
    pub(crate) shape: TokenShape,
}
