//! The table of what is mounted: which endpoint a path leads to, and which methods it takes.

use http::Method;

use crate::{
    AuthorizationServer,
    answer::{Answer, method_not_allowed},
    context::Endpoint,
};

/// For documents.
pub(crate) const READ: &[Method] = &[Method::GET, Method::HEAD];
/// For what a browser opens, or sends a form to.
pub(crate) const BROWSE: &[Method] = &[Method::GET, Method::POST];
/// For what another program calls.
pub(crate) const CALL: &[Method] = &[Method::POST];

impl AuthorizationServer {
    /// What is mounted at this path.
    pub(crate) fn endpoint_at(&self, path: &str) -> Option<&Endpoint> {
        // Django peers are often configured with a slash at the end, and a redirect would drop their POST.
        let path = path.strip_suffix('/').unwrap_or(path);
        self.installed().endpoints.iter().find(|endpoint| endpoint.path == path)
    }
}

impl Endpoint {
    /// What a request with another method reads (RFC 9110 §15.5.6).
    pub(crate) fn method_not_allowed(&self) -> Answer {
        let allowed: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        method_not_allowed(&allowed.join(", "))
    }
}
