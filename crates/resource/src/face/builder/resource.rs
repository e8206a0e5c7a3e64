//! Builder methods for the whole guard: metadata, decryption keys and the form of refusals.

use jose::DecryptionKey;
use protocol::ResourceMetadata;

use crate::answer::challenge::RefusalForm;
use crate::face::builder::GuardBuilder;

impl GuardBuilder {
    /// Scopes that the metadata lists (RFC 9728 §2), in addition to the required ones.
    pub fn scopes_supported(mut self, scopes: &str) -> Self {
        scopes.clone_into(&mut self.supported_scopes);
        self
    }

    /// Other members of the metadata (RFC 9728 §2), such as name, documentation and policies. The guard overwrites
    /// `resource`, `authorization_servers`, `jwks_uri` and `bearer_methods_supported`, and extends `scopes_supported`.
    pub fn describe(mut self, metadata: ResourceMetadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Adds a key to decrypt introspection answers with, and publishes it at `/jwks`. From then on a JWT answer must
    /// be encrypted (RFC 9701 §5). Several are published in the order in which they are added: the newest first.
    pub fn decryption_key(mut self, key: DecryptionKey) -> Self {
        self.decryption_keys.push(key);
        self
    }

    /// Adds a key that still decrypts but is not published: the previous key after a rotation, or the next key if
    /// another node publishes it first.
    pub fn kept_decryption_key(mut self, key: DecryptionKey) -> Self {
        self.kept_keys.push(key);
        self
    }

    /// Accepts a bearer token in the query as well, `?access_token=..` (RFC 6750 §2.3), if there is none in the
    /// header. **URLs end up in logs, histories and `Referer`, and the token with them** (RFC 9700 §4.3.2): use it
    /// only for clients that can't be changed. Responses get `Cache-Control: private` unless the host sets another.
    pub fn danger_token_in_query(mut self) -> Self {
        self.token_in_query = true;
        self
    }

    /// The `realm` of challenges (RFC 9110 §11.5); none by default.
    pub fn realm(mut self, realm: &str) -> Self {
        self.style.realm = Some(realm.to_owned());
        self
    }

    /// The form of refusals; [`RefusalForm::Standard`] by default.
    pub fn refusals(mut self, form: RefusalForm) -> Self {
        self.style.form = form;
        self
    }
}
