//! The clients and resources of tests, with valid defaults.

use jose::{JwkSet, SigningKey};
use protocol::{Audience, ClientId, ClientMetadata, Digest, GrantType};
use serde_json::Value;
use server::{
    MasterKey,
    store::{Caller, Client, Provenance, Registered, Resource, ResourceSettings},
};

/// A client with a secret, sent by HTTP Basic. It may use every grant type and the OpenID scopes, and has one
/// redirect URI, `https://ID.example/cb`.
pub fn confidential(id: &str) -> TestClient {
    let secret = format!("{id}-has-a-secret-of-this-length");
    TestClient { secret: Some(secret), ..client(id, "client_secret_basic") }
}

/// A client without credentials; otherwise as [`confidential`].
pub fn public(id: &str) -> TestClient {
    client(id, "none")
}

fn client(id: &str, method: &str) -> TestClient {
    let grant_types = GrantType::ALL.iter().map(|known| known.as_str().to_owned()).collect();
    TestClient {
        id: id.to_owned(),
        secret: None,
        key: None,
        disabled: false,
        require_pkce: true,
        skip_consent: false,
        provenance: Provenance::default(),
        metadata: ClientMetadata {
            client_name: Some(format!("The {id}")),
            redirect_uris: vec![format!("https://{id}.example/cb")],
            post_logout_redirect_uris: vec![format!("https://{id}.example/bye")],
            grant_types: Some(grant_types),
            token_endpoint_auth_method: Some(method.to_owned()),
            scope: Some("openid profile email offline_access".to_owned()),
            ..ClientMetadata::default()
        },
    }
}

/// A client to register.
#[derive(Clone, Debug)]
pub struct TestClient {
    pub(super) id: String,
    pub(super) secret: Option<String>,
    pub(super) key: Option<SigningKey>,
    pub(super) metadata: ClientMetadata,
    disabled: bool,
    require_pkce: bool,
    skip_consent: bool,
    provenance: Provenance,
}

impl TestClient {
    /// Sets its scope, space separated.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        self.metadata.scope = Some(scope.to_owned());
        self
    }

    /// Sets its authentication method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.metadata.token_endpoint_auth_method = Some(method.to_owned());
        self
    }

    /// Sets its secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    /// Authenticates by `private_key_jwt` under this key, which is registered by value.
    #[must_use]
    pub fn key(mut self, key: &SigningKey) -> Self {
        self.metadata.jwks = Some(public_keys(&[key]));
        self.signs_with(key)
    }

    /// Authenticates by `private_key_jwt` under this key, which is served at `jwks_uri`.
    #[must_use]
    pub fn key_at(mut self, jwks_uri: &str, key: &SigningKey) -> Self {
        self.metadata.jwks_uri = Some(jwks_uri.to_owned());
        self.signs_with(key)
    }

    fn signs_with(mut self, key: &SigningKey) -> Self {
        (self.key, self.secret) = (Some(key.clone()), None);
        self.method("private_key_jwt")
    }

    /// Changes what it registers.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut ClientMetadata)) -> Self {
        change(&mut self.metadata);
        self
    }

    /// Never asks its users for consent.
    #[must_use]
    pub fn without_consent(mut self) -> Self {
        self.skip_consent = true;
        self
    }

    /// Permits requests without PKCE, if the server's settings do too.
    #[must_use]
    pub fn without_pkce(mut self) -> Self {
        self.require_pkce = false;
        self
    }

    /// It registered itself (RFC 7591), so that what it names is a stranger's.
    #[must_use]
    pub fn self_registered(mut self) -> Self {
        self.provenance = Provenance::SelfRegistered { token: Digest::of(self.id.as_bytes()) };
        self
    }

    /// Disables it.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    pub(super) fn record(&self, master: &MasterKey, epoch: i64) -> Client {
        let id = ClientId::new(self.id.as_str());
        let secret =
            self.secret.as_ref().map(|secret| master.store_secret(&id, secret, self.needs_the_secret()));
        Client {
            caller: Caller { id, epoch, disabled: self.disabled, secret },
            metadata: self.metadata.clone(),
            require_pkce: self.require_pkce,
            skip_consent: self.skip_consent,
            applied: false,
            registered: Registered { by: self.provenance.clone(), ..Registered::default() },
            version: 0,
        }
    }

    /// Whether a registered method needs the secret itself, not only its digest.
    fn needs_the_secret(&self) -> bool {
        let metadata = &self.metadata;
        let signing = [&metadata.id_token_signed_response_alg, &metadata.userinfo_signed_response_alg];
        metadata.auth_method() == "client_secret_jwt"
            || signing.iter().any(|alg| alg.as_deref().is_some_and(|alg| alg.starts_with("HS")))
    }
}

/// A protected API that owns these scopes (space separated), reads opaque access tokens, and has no credentials.
pub fn resource(identifier: &str, scopes: &str) -> TestResource {
    let scopes = scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    TestResource {
        identifier: identifier.to_owned(),
        caller: None,
        settings: ResourceSettings { scopes, ..ResourceSettings::default() },
    }
}

/// A resource to register.
#[derive(Clone, Debug)]
pub struct TestResource {
    pub(super) identifier: String,
    pub(super) caller: Option<(String, Option<String>)>,
    settings: ResourceSettings,
}

impl TestResource {
    /// Authenticates with this id and its own secret.
    #[must_use]
    pub fn caller(mut self, id: &str) -> Self {
        self.caller = Some((id.to_owned(), Some(format!("{id}-has-a-secret-of-this-length"))));
        self
    }

    /// Authenticates with this id and secret.
    #[must_use]
    pub fn caller_with(mut self, id: &str, secret: &str) -> Self {
        self.caller = Some((id.to_owned(), Some(secret.to_owned())));
        self
    }

    /// Authenticates with the id and credentials of this client.
    #[must_use]
    pub fn shares(mut self, client: &str) -> Self {
        self.caller = Some((client.to_owned(), None));
        self
    }

    /// Uses JWT access tokens.
    #[must_use]
    pub fn jwt(self) -> Self {
        self.with(|settings| settings.access_token_format = Some("jwt".to_owned()))
    }

    /// Changes what it registers.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut ResourceSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(super) fn record(&self, master: &MasterKey, epoch: i64) -> Resource {
        let caller = self.caller.as_ref().map(|(id, secret)| {
            let id = ClientId::new(id.as_str());
            let secret = secret.as_ref().map(|secret| master.store_secret(&id, secret, true));
            Caller { id, epoch, disabled: false, secret }
        });
        Resource {
            identifier: Audience::new(self.identifier.as_str()),
            caller,
            settings: self.settings.clone(),
            applied: false,
            version: 0,
        }
    }
}

/// The public keys, as served at a `jwks_uri`.
pub(super) fn public_keys(keys: &[&SigningKey]) -> Value {
    let keys = keys.iter().map(|key| key.public_jwk().expect("it is no shared secret").clone()).collect();
    JwkSet::new(keys).expect("keys of different names").to_value()
}
