//! Secrets in `Authorization: Basic` that were proven, so that the next request with the same header is neither decoded
//! nor compared again.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use http::{HeaderMap, header};
use jose::primitives::sha256;
use protocol::Params;
use zeroize::Zeroizing;

use super::{AuthenticatedCaller, AuthenticatedClient};
use crate::{error::Fault, ports::Entropy, registry::Registry};

/// Most headers that are remembered. Beyond it all are forgotten.
const HEADERS_MAX: usize = 1_024;
/// Longest header that is remembered, in bytes.
const HEADER_BYTES_MAX: usize = 224;
/// Bytes of the salt.
const SALT_BYTES: usize = 32;

/// What stands for a header: SHA-256 of a salt of this process and the header.
type Name = [u8; 32];

/// The callers that proved a secret. Each is forgotten once its client is changed, and all of them once a resource is.
pub(crate) struct Proven {
    salt: [u8; SALT_BYTES],
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    /// [`RegistryVersion::rest`](crate::store::RegistryVersion::rest)
    version: i64,
    callers: HashMap<Name, AuthenticatedCaller>,
}

impl Proven {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt);
        Self { salt, kept: RwLock::default() }
    }

    /// The name of the header, if it is the only credential of the request and short enough.
    pub(super) fn name(&self, headers: &HeaderMap, params: &Params<'_>) -> Option<Name> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let value = value.as_bytes();
        let is_basic = value.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic "));
        let others = ["client_secret", "client_assertion"];
        if !is_basic || value.len() > HEADER_BYTES_MAX || others.iter().any(|name| params.get(name).is_some())
        {
            return None;
        }
        let mut salted = Zeroizing::new([0; SALT_BYTES + HEADER_BYTES_MAX]);
        let (salt, rest) = salted.split_at_mut(SALT_BYTES);
        salt.copy_from_slice(&self.salt);
        rest[..value.len()].copy_from_slice(value);
        Some(sha256(&salted[..SALT_BYTES + value.len()]))
    }

    /// Who proved the secret in this header, if that is the client which the request names beside it, and nothing of it was
    /// changed since.
    pub(super) async fn find(
        &self,
        registry: &Registry,
        version: i64,
        name: &Name,
        params: &Params<'_>,
    ) -> Result<Option<AuthenticatedCaller>, Fault> {
        let Some(caller) = self.at(version, name) else { return Ok(None) };
        let is_named = params.get("client_id").is_none_or(|id| id == caller.id.as_str());
        let is_current = match (&caller.client, registry.client(caller.id.as_str()).await?) {
            (Some(AuthenticatedClient(then)), Some(now)) => Arc::ptr_eq(then, &now),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        Ok(Some(caller).filter(|_| is_named && is_current))
    }

    fn at(&self, version: i64, name: &Name) -> Option<AuthenticatedCaller> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.callers.get(name).filter(|_| kept.version == version).cloned()
    }

    /// Remembers a caller that was authenticated by this header. `version` was read before.
    pub(super) fn keep(&self, version: i64, name: Name, caller: &AuthenticatedCaller) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.version != version || kept.callers.len() >= HEADERS_MAX {
            *kept = Kept { version, callers: HashMap::new() };
        }
        kept.callers.insert(name, caller.clone());
    }
}
