//! The table of installed endpoints, by path, and their methods.

use http::Method;

use crate::{
    AuthorizationServer,
    answer::{Answer, method_not_allowed},
    context::Endpoint,
};

/// The methods of a document.
pub(crate) const READ: &[Method] = &[Method::GET, Method::HEAD];
/// The methods of an endpoint that a browser opens or sends a form to.
pub(crate) const BROWSE: &[Method] = &[Method::GET, Method::HEAD, Method::POST];
/// The method of an endpoint that programs call.
pub(crate) const CALL: &[Method] = &[Method::POST];

/// The methods of what a client manages (RFC 7592 §2).
pub(crate) const MANAGE: &[Method] = &[Method::GET, Method::PUT, Method::DELETE];

/// The end of a path below which each name is the same endpoint.
pub(crate) const NAMED: &str = "/{name}";

impl AuthorizationServer {
    /// The endpoint at this path.
    pub(crate) fn endpoint_at(&self, path: &str) -> Option<&Endpoint> {
        // Django peers are often configured with a slash at the end, and a redirect would drop their POST.
        let path = path.strip_suffix('/').unwrap_or(path);
        let endpoints = &self.installed().endpoints;
        let exact = endpoints.iter().find(|endpoint| endpoint.path == path);
        exact.or_else(|| {
            let (parent, name) = path.rsplit_once('/')?;
            let is_parent = |endpoint: &&Endpoint| endpoint.path.strip_suffix(NAMED) == Some(parent);
            endpoints.iter().find(is_parent).filter(|_| !name.is_empty())
        })
    }
}

impl Endpoint {
    /// The response to another method (RFC 9110 §15.5.6).
    pub(crate) fn method_not_allowed(&self) -> Answer {
        method_not_allowed(&self.method_list())
    }

    /// The methods, as `Allow` and CORS list them.
    pub(crate) fn method_list(&self) -> String {
        let allowed: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        allowed.join(", ")
    }
}
