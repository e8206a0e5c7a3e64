//! Clients whose id is the URL of their metadata (Client ID Metadata Document, draft-ietf-oauth-client-id-metadata-document).
//!
//! The document is fetched when a user comes to the authorization endpoint, and registered as if the client had registered
//! itself: tokens and consent are then read through that registration like any other. It is fetched again when it is stale.

mod discovery;
mod fetched;
mod url;

pub(crate) use discovery::install;
