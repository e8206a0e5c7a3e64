//! Records under their registered names, as a document to apply has them. Never a secret.

use accounts::Account;
use serde::Serialize;
use serde_json::{Map, Value, json};
use server::store::{Client, Resource};

/// A client.
pub fn client(client: &Client) -> Map<String, Value> {
    let mut members = client_members(client);
    members.insert("client_id".to_owned(), client.caller.id.as_str().into());
    members
}

/// A client with how it came to be registered, where that was not by the operator: it is no member that can be applied.
pub fn shown_client(shown: &Client) -> Map<String, Value> {
    let mut members = client(shown);
    if !shown.registered.by.is_strange() {
        return members;
    }
    members.insert("provenance".to_owned(), shown.registered.by.as_str().into());
    if let Some(at) = shown.registered.at {
        members.insert("registered_at".to_owned(), at.0.into());
    }
    if let Some(until) = shown.registered.unused_until {
        members.insert("unused_until".to_owned(), until.0.into());
    }
    members
}

/// A resource.
pub fn resource(resource: &Resource) -> Map<String, Value> {
    let mut members = resource_members(resource);
    members.insert("resource".to_owned(), resource.identifier.as_str().into());
    members
}

/// An account.
pub fn account(account: &Account) -> Map<String, Value> {
    let mut members = account_members(account);
    members.insert("sub".to_owned(), account.subject.as_str().into());
    members
}

/// The members of a client besides its id.
pub(crate) fn client_members(client: &Client) -> Map<String, Value> {
    let mut members = object(&client.metadata);
    members.insert("require_pkce".to_owned(), client.require_pkce.into());
    members.insert("skip_consent".to_owned(), client.skip_consent.into());
    members.insert("disabled".to_owned(), client.caller.disabled.into());
    members
}

/// The members of a resource besides its identifier.
pub(crate) fn resource_members(resource: &Resource) -> Map<String, Value> {
    let mut members = object(&resource.settings);
    if let Some(caller) = &resource.caller {
        members.insert("client_id".to_owned(), caller.id.as_str().into());
    }
    members
}

/// The members of an account besides its `sub`, without its password.
pub(crate) fn account_members(account: &Account) -> Map<String, Value> {
    object(&json!({
        "username": account.username.as_str(),
        "claims": &account.claims,
        "disabled": account.disabled,
    }))
}

/// A value's members.
pub(crate) fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    }
}
