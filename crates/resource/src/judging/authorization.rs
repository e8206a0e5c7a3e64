//! What an accepted token allows, whoever vouched for it.

use std::sync::Arc;

use jose::Claims;
use protocol::{Confirmation, Scopes, Timestamp};

use crate::judging::refused::Refused;

/// What an accepted token allows.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    pub(crate) claims: Claims,
    pub(crate) scopes: Scopes,
    pub(crate) roles: Vec<String>,
    pub(crate) expires: Option<Timestamp>,
    /// The key that the sender must hold.
    pub(crate) confirmation: Option<Confirmation>,
}

/// What a token allows, or why it was refused.
pub(crate) type Judgement = Result<Arc<Authorization>, Refused>;
