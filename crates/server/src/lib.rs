//! An OAuth 2.x and OpenID Connect authorization server as one `tower` service.
//!
//! Every request goes one way: parse, authenticate, decide, commit, answer. The rule of each grant is a pure
//! function over values; every write is one [`store::Store::commit`] whose guards are part of its statements. Read
//! `endpoints/token.rs`, `grants/authorization_code.rs`, `store.rs`, `reason.rs` and `assemble.rs`, and the rest is
//! more of the same.
//!
//! A host fills the [`Ports`] and mounts [`AuthorizationServer::service`]; grants and endpoints of its own go through
//! [`AuthorizationServer::builder`]. `examples/embed.rs` of the SQLite store is a whole one.

mod access;
mod acr;
mod answer;
mod ask;
mod assemble;
pub mod audience;
mod authorize;
mod certificate;
pub mod clients;
mod context;
mod cookie;
mod cors;
mod deferred;
mod details;
mod draw;
mod ending;
mod endpoints;
pub mod error;
pub mod grants;
mod incoming;
mod keys;
mod known_browser;
mod logout;
pub mod master;
mod mutual_tls;
mod origin;
pub mod pages;
mod pairwise;
mod pause;
pub mod ports;
pub mod reason;
mod refusal;
pub mod registration;
pub mod registry;
mod sender;
mod service;
mod session;
pub mod settings;
mod settle;
pub mod spelling;
pub mod store;
pub mod tokens;
mod window;

pub use access::Denied;
pub use answer::Answer;
pub use ask::Ask;
pub use assemble::{AssemblyError, ServerBuilder};
pub use certificate::ClientCertificate;
pub use context::{
    AdvertiseFn, AtHandFn, AuthorizationServer, BoxFuture, Cors, Endpoint, RespondFn, Responder,
};
pub use deferred::{DeferredFacts, WaitingRequest};
pub use draw::Draw;
pub use endpoints::introspection::{CALLER_NOT_ALLOWED, Inactive, TokenKind, TokenState};
pub use endpoints::offer::Offer;
pub use error::{Error, Fault};
pub use incoming::Incoming;
pub use keys::{
    JWKS_MAX_AGE_SECONDS, KeyDates, KeyDistrust, KeyRing, KeyRotation, KeyStart,
    PUBLISHED_BEFORE_SIGNING_SECONDS,
};
pub use known_browser::KnownBrowser;
pub use master::MasterKey;
pub use origin::{AddressBlock, Origin, SharedAddress};
pub use pages::{ErrorPage, Pages, PlainPages};
pub use pause::{AskedDetails, AskedScope, OpenInteraction};
pub use ports::Ports;
pub use reason::{Reason, Severity};
pub use refusal::{Difference, Refusal, RequestContext, SubjectForLogs, mending, uri_for_logs};
pub use registration::InitialToken;
pub use service::{HttpService, MountedEndpoint};
pub use settings::{
    BackchannelAuthentication, DeviceFlow, JwtBearer, MutualTls, PagePaths, PkcePolicy, PushedRequests,
    RequestObjects, Settings, SettingsError, TokenExchange, TrustedIssuer,
};
