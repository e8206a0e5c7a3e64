//! How a client authenticates at the server (RFC 6749 §2.3.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, header, request::Builder};
use zeroize::Zeroizing;

use super::{error::RelyingPartyError, requests::sensitive};

/// Who the client is, as it is registered at the server.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its id.
    pub client_id: String,
    /// How it authenticates.
    pub authentication: ClientAuthentication,
}

/// How a client authenticates.
#[derive(Clone, Debug)]
pub enum ClientAuthentication {
    /// Not at all: it is public, and only names itself.
    None,
    /// By a secret in the `Authorization` header.
    Basic(Zeroizing<String>),
    /// By a secret in the form.
    Post(Zeroizing<String>),
}

impl ClientAuthentication {
    /// The secret of a confidential client.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Basic(secret) | Self::Post(secret) => Some(secret),
        }
    }
}

impl Registration {
    /// A public client.
    pub fn public(client_id: &str) -> Self {
        Self { client_id: client_id.to_owned(), authentication: ClientAuthentication::None }
    }

    /// Finishes a request with this form and the client's authentication.
    pub(super) fn authenticate(
        &self,
        mut request: Builder,
        fields: &[(&str, &str)],
    ) -> Result<Request<Bytes>, RelyingPartyError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        match &self.authentication {
            ClientAuthentication::None => {
                form.append_pair("client_id", &self.client_id);
            }
            ClientAuthentication::Basic(secret) => {
                request = request.header(header::AUTHORIZATION, sensitive(&basic(&self.client_id, secret))?);
            }
            ClientAuthentication::Post(secret) => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret);
            }
        }
        request.body(Bytes::from(form.finish())).map_err(RelyingPartyError::RequestInvalid)
    }
}

/// Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let encode = |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = Zeroizing::new(format!("{}:{}", encode(id), encode(secret)));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(authentication: ClientAuthentication) -> Request<Bytes> {
        let registration = Registration { client_id: "a b".to_owned(), authentication };
        registration.authenticate(Request::post("http://localhost/token"), &[("x", "y")]).expect("a request")
    }

    #[test]
    fn a_client_presents_its_secret_where_it_is_registered_to() {
        let secret = || Zeroizing::new("s:1".to_owned());
        let public = sent(ClientAuthentication::None);
        assert_eq!((&public.body()[..], public.headers().len()), (&b"x=y&client_id=a+b"[..], 0));
        let post = sent(ClientAuthentication::Post(secret()));
        assert_eq!(
            (&post.body()[..], post.headers().len()),
            (&b"x=y&client_id=a+b&client_secret=s%3A1"[..], 0)
        );
        let basic = sent(ClientAuthentication::Basic(secret()));
        assert_eq!(&basic.body()[..], b"x=y");
        let value = &basic.headers()[header::AUTHORIZATION];
        assert_eq!((value.to_str().expect("text"), value.is_sensitive()), ("Basic YStiOnMlM0Ex", true));
    }
}
