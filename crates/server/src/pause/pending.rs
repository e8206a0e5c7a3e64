//! What can be paused: one file of `pending/` and one line of [`Pending`] for each kind of request.

mod account;
mod authorization;
mod deferred;
mod sign_out;

use protocol::ClientId;
use serde::{Deserialize, Serialize};

pub(crate) use account::{PendingAccount, account_page};
pub(crate) use authorization::PendingAuthorization;
pub(crate) use deferred::PendingDeferred;
pub(crate) use sign_out::PendingSignOut;

use super::waiting::Waiting;
use crate::{AuthorizationServer, ask::Ask, error::Error, reason::Reason};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($stored:ty)),+ $(,)?) => {
        /// A paused request of any kind, in its stored form.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum Pending { $($(#[$doc])* $name($stored)),+ }

        impl Pending {
            /// The page that it waits at; `None`: nothing was decided yet.
            pub(super) fn ask(&self) -> Option<Ask> {
                match self { $(Self::$name(stored) => stored.ask()),+ }
            }

            /// The client that sent the browser here, if one did.
            pub(super) fn client(&self) -> Option<&ClientId> {
                match self { $(Self::$name(stored) => stored.client()),+ }
            }

            /// Waits at another page, if it has one.
            pub(super) fn wait_at(&mut self, page: Ask) -> Result<(), Reason> {
                match self { $(Self::$name(stored) => stored.wait_at(page)),+ }
            }

            /// Forgets what was decided, for a request that starts again.
            pub(super) fn start_again(&mut self) {
                match self { $(Self::$name(stored) => stored.start_again()),+ }
            }

            /// Resumes it, checked against what is registered today.
            pub(super) async fn resume(&self, server: &AuthorizationServer) -> Result<Box<dyn Waiting>, Error> {
                match self { $(Self::$name(stored) => Ok(Box::new(stored.resume(server).await?))),+ }
            }
        }

        $(impl From<$stored> for Pending {
            fn from(stored: $stored) -> Self {
                Self::$name(stored)
            }
        })+
    };
}

kinds! {
    /// An authorization request.
    Authorize(PendingAuthorization),
    /// A request to sign out.
    SignOut(PendingSignOut),
    /// A visit of the account page.
    Account(PendingAccount),
    /// A request that its user answers in another place than its client.
    Deferred(PendingDeferred),
}
