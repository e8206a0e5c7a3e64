//! Every change that an operator makes, as a value. `run` decides, commits, and decides again where a concurrent change
//! came first.

mod apply;
mod client;
mod grant;
mod key;
mod members;
mod own_resource;
mod registration_token;
mod resource;
mod session;
mod settle;
mod sign_in;
mod token;
mod user;

pub use apply::Apply;
pub use client::{ChangeClientSecret, CreateClient, DeleteClient, EditClient, find_client};
pub use grant::{RevokeGrant, RevokeGrants};
pub use key::{DistrustKey, RotateKeys};
pub use members::{MemberChange, MemberEdit, Saved};
pub use own_resource::RegisterOwnResource;
pub use registration_token::{CreateRegistrationToken, MadeRegistrationToken};
pub use resource::{
    Authentication, ChangeResourceSecret, CreateResource, DeleteResource, EditResource, IssueResourceToken,
    ListResourceTokens, ListedToken, ResourceToken, RevokeResourceToken, find_resource,
};
pub use session::{EndSession, EndSessions, find_session};
pub use sign_in::{UnlockUser, limited_sign_ins};
pub use token::{RevokeToken, Revoked};
pub use user::{CreateUser, DeleteUser, PasswordSet, SetPassword, SwitchUser, find_user};
