//! JWTs for one recipient, signed and encrypted as it registered.

use jose::{ContentEncryption, KeyManagement, SignatureAlgorithm, SigningKey, jwe, jws};
use protocol::ClientId;

use crate::{
    AuthorizationServer,
    clients::KeySource,
    error::{Error, Fault},
    reason::Reason,
    registry::{RegisteredClient, RegisteredResource},
};

/// Signs for one client: with a key of the ring, or with its secret if it registered an HS* algorithm.
pub(crate) async fn sign_for(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    algorithm: SignatureAlgorithm,
    typ: &str,
    payload: &[u8],
) -> Result<String, Error> {
    if algorithm.is_symmetric() {
        let secret = client.caller.secret.as_ref();
        let secret = secret.and_then(|stored| server.master().recover_secret(client.id(), stored));
        // The secret is not stored if another method was registered when it was set, and may be too short (RFC 7518 §3.2).
        let key = secret.and_then(|secret| SigningKey::hmac(algorithm, &secret).ok());
        let key = key.ok_or_else(|| not_served(client.id(), algorithm.as_str()))?;
        let header = jws::Header { typ: Some(typ.into()), ..jws::Header::default() };
        return Ok(jws::sign(&header, payload, &key).map_err(Fault::new)?);
    }
    let keys = server.keys().await?;
    let key = keys.signing(algorithm).ok_or_else(|| not_served(client.id(), algorithm.as_str()))?;
    let header = jws::Header { typ: Some(typ.into()), kid: Some(key.kid().into()), ..jws::Header::default() };
    Ok(jws::sign(&header, payload, key).map_err(Fault::new)?)
}

/// Refuses a registered algorithm that is not supported, and logs it for the operator.
pub(crate) fn not_served(who: &ClientId, name: &str) -> Reason {
    tracing::warn!(client = %who, algorithm = name, "a registered algorithm is not served");
    Reason::RegistrationNotServed
}

/// How a recipient registered that it is encrypted to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encryption<'a> {
    alg: &'a str,
    enc: Option<&'a str>,
}

impl<'a> Encryption<'a> {
    /// `None` without `alg`: nothing is encrypted.
    pub(crate) fn registered(alg: Option<&'a str>, enc: Option<&'a str>) -> Option<Self> {
        alg.map(|alg| Self { alg, enc })
    }
}

/// The recipient of an encrypted JWT and its registered keys.
pub(crate) struct Recipient<'a> {
    who: &'a ClientId,
    keys: KeySource<'a>,
}

impl<'a> Recipient<'a> {
    /// A client.
    pub(crate) fn client(client: &'a RegisteredClient) -> Self {
        Self { who: client.id(), keys: KeySource::client(client) }
    }

    /// A resource, with the id that it authenticated by.
    pub(crate) fn resource(who: &'a ClientId, resource: &'a RegisteredResource) -> Self {
        Self { who, keys: KeySource::resource(resource) }
    }

    /// Encrypts a JWT.
    pub(crate) async fn encrypt_jwt(
        &self,
        server: &AuthorizationServer,
        registered: Encryption<'_>,
        signed: &str,
    ) -> Result<String, Error> {
        self.encrypt(server, registered, Some("JWT".into()), signed.as_bytes()).await
    }

    /// Encrypts unsigned claims: the content is not a JWT, so there is no `cty`.
    pub(crate) async fn encrypt_claims(
        &self,
        server: &AuthorizationServer,
        registered: Encryption<'_>,
        claims: &[u8],
    ) -> Result<String, Error> {
        self.encrypt(server, registered, None, claims).await
    }

    /// If the key is unavailable the answer is 503, never an unencrypted one.
    async fn encrypt(
        &self,
        server: &AuthorizationServer,
        registered: Encryption<'_>,
        cty: Option<String>,
        plaintext: &[u8],
    ) -> Result<String, Error> {
        let (algorithm, encryption) = self.read(registered)?;
        let keys = server.remote_keys().of(self.keys).await;
        let key = keys.and_then(|keys| keys.encryption_key(algorithm).map_err(Fault::new));
        let key = key.map_err(|error| {
            tracing::warn!(client = %self.who, %error, "the recipient's encryption key is unavailable");
            Fault::Busy("the recipient's encryption key is unavailable")
        })?;
        let header = jwe::Header { cty, kid: key.kid().map(Into::into), ..jwe::Header::default() };
        Ok(jwe::encrypt(&header, plaintext, &key, encryption).map_err(Fault::new)?)
    }

    /// The default `enc` is A128CBC-HS256 (OpenID Connect Dynamic Client Registration 1.0 §2, RFC 9701 §6).
    fn read(&self, registered: Encryption<'_>) -> Result<(KeyManagement, ContentEncryption), Reason> {
        let Encryption { alg, enc } = registered;
        // A symmetric key can't be among the keys that a peer publishes.
        let algorithm = KeyManagement::parse(alg).filter(|algorithm| !algorithm.is_symmetric());
        let algorithm = algorithm.ok_or_else(|| not_served(self.who, alg))?;
        let encryption = match enc {
            Some(name) => ContentEncryption::parse(name).ok_or_else(|| not_served(self.who, name))?,
            None => ContentEncryption::A128CbcHs256,
        };
        Ok((algorithm, encryption))
    }
}
