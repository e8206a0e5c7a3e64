//! What the API says of itself, and how it refuses: settings of the whole guard.

use jose::DecryptionKey;
use protocol::ResourceMetadata;

use crate::answer::challenge::RefusalForm;
use crate::face::builder::GuardBuilder;

impl GuardBuilder {
    /// Scopes that the metadata names (RFC 9728 §2), beside the required ones.
    pub fn scopes_supported(mut self, scopes: &str) -> Self {
        scopes.clone_into(&mut self.supported_scopes);
        self
    }

    /// What else the metadata says (RFC 9728 §2): name, documentation, policies. What the guard knows itself, it puts
    /// in place of what stands here: `resource`, `authorization_servers`, `jwks_uri`, `bearer_methods_supported`; to
    /// `scopes_supported` it adds.
    pub fn describe(mut self, metadata: ResourceMetadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Adds a key to decrypt introspection answers with, and shows it at `/jwks`. From then on a JWT answer must be
    /// encrypted (RFC 9701 §5). Several are shown in the order in which they are added: the newest first.
    pub fn decryption_key(mut self, key: DecryptionKey) -> Self {
        self.decryption_keys.push(key);
        self
    }

    /// Adds a key that still decrypts and is no longer shown: the one before the last rotation, or the next one on a
    /// machine that others rotate after.
    pub fn kept_decryption_key(mut self, key: DecryptionKey) -> Self {
        self.kept_keys.push(key);
        self
    }

    /// Takes a bearer token in the query as well, `?access_token=..` (RFC 6750 §2.3), where none is in the header.
    /// **Addresses stand in logs, histories and `Referer`, and the token with them** (RFC 9700 §4.3.2): only for
    /// clients that can't be changed. Answers leave with `Cache-Control: private` unless the host says otherwise.
    pub fn danger_token_in_query(mut self) -> Self {
        self.token_in_query = true;
        self
    }

    /// The `realm` of challenges (RFC 9110 §11.5); none unless said otherwise.
    pub fn realm(mut self, realm: &str) -> Self {
        self.style.realm = Some(realm.to_owned());
        self
    }

    /// The form of refusals; [`RefusalForm::Standard`] unless said otherwise.
    pub fn refusals(mut self, form: RefusalForm) -> Self {
        self.style.form = form;
        self
    }
}
