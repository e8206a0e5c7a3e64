//! `[audience]`: whom access tokens are for.

use super::super::kind::Boolean;

section! {
    /// Which resources (protected APIs) access tokens are for.
    Audience at "audience." {
        /// Whether a token for more than one resource is refused with `invalid_target`: each of its resources could use it
        /// at the others. Clients then send `resource` (RFC 8707) with each token request, or use scopes of one resource.
        one_resource_per_token: bool = Boolean, default "false";
    }
}
