//! What is known of a request that is refused: who sent it, and how it differs from what was expected.
//!
//! A rule returns its [`Reason`](crate::Reason) and nothing else. Whoever applies a rule to a request also knows what was
//! sent and what is registered, and notes the difference with the request ([`RequestContext`]), where the host reads it for
//! its log. The peer is not told, unless [`Settings::explain_refusals`](crate::Settings::explain_refusals) is set.

mod context;
mod difference;
mod mending;
mod nearest;
pub(crate) mod parameters;
mod told;

pub use context::{Refusal, RequestContext, SubjectForLogs};
pub use difference::uri_for_logs;
pub(crate) use mending::PROXY;
pub use mending::mending;
pub use protocol::Difference;

pub(crate) use difference::{redirect_difference, uri_difference};
pub(crate) use told::{sayable, told};
