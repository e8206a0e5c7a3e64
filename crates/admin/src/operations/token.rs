//! Tokens that end before their time.

use protocol::AccessToken;
use server::{
    Fault, Inactive, TokenKind, TokenState,
    store::{Of, TokenChange, Why},
};
use zeroize::Zeroizing;

use super::settle::{Decision, settle};
use crate::{administration::Administration, error::OperationError, writer::Changes};

/// Ends a token: only the access token itself, a refresh token with its grant.
#[derive(Clone, Debug)]
pub struct RevokeToken {
    /// The token.
    pub token: Zeroizing<String>,
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// It was active, and has ended.
    Now(TokenKind),
    /// It had ended before.
    Before(Inactive),
}

impl RevokeToken {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::UnknownToken`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Revoked, OperationError> {
        let (access, kind, jti) = match administration.server.token_state(&self.token).await? {
            TokenState::Active { access, kind, jti } => (access, kind, jti),
            TokenState::Inactive(Inactive::Unknown) => {
                return Err(OperationError::UnknownToken);
            }
            TokenState::Inactive(why) => return Ok(Revoked::Before(why)),
        };
        settle(administration, || async {
            let mut changes = Changes::new(&administration.server);
            match (kind, &jti, access.grant) {
                (TokenKind::Access, Some(jti), _) => {
                    changes.push(TokenChange::RevokeJwt(jti.clone(), access.expires_at));
                }
                (TokenKind::Access, None, _) => {
                    let token = AccessToken::presented(&self.token)
                        .ok_or_else(|| Fault::new("an active access token does not parse"))?;
                    changes.push(TokenChange::EndAccess(token.handle()));
                }
                (TokenKind::Refresh, _, Some(grant)) => {
                    let end = changes.ending(Of::Grant(grant), Why::Revoked);
                    changes.push(end.naming(access.subject.as_ref(), Some(&access.client)));
                }
                (TokenKind::Refresh, _, None) => {
                    return Err(Fault::new("an active refresh token has no grant").into());
                }
            }
            Ok(Decision { changes, answer: Revoked::Now(kind) })
        })
        .await
    }
}
