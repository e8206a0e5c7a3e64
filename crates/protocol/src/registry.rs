//! Registered names: grant types, response modes, client authentication methods, prompts.

macro_rules! names {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$item_doc:meta])* $item:ident = $text:literal),+ $(,)? }
        $($(#[$other_doc:meta])* or $other:ident)?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $($(#[$item_doc])* $item,)+ $($(#[$other_doc])* $other(&'static str))? }

        impl $name {
            /// Every registered name.
            pub const ALL: &'static [Self] = &[$(Self::$item),+];

            /// The name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$item => $text,)+ $(Self::$other(name) => name)? }
            }

            /// Parses a registered name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$item),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

names! {
    /// The kind of a token request, `grant_type` (RFC 6749 §1.3).
    GrantType {
        /// RFC 6749 §4.1
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §4.4
        ClientCredentials = "client_credentials",
        /// RFC 6749 §4.2: tokens from the authorization endpoint. No token request has it.
        Implicit = "implicit",
        /// RFC 6749 §6
        RefreshToken = "refresh_token",
        /// RFC 8628 §3.4
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// RFC 8693 §2.1
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// RFC 7523 §2.1
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
        /// OpenID Connect Client-Initiated Backchannel Authentication 1.0 §10.1
        Ciba = "urn:openid:params:grant-type:ciba",
    }
    /// An extension grant of the host, named by its absolute URI (RFC 6749 §4.5).
    or Extension
}

names! {
    /// How an authorization response is sent to the client, `response_mode` (OAuth 2.0 Multiple Response Types §2.1).
    ResponseMode {
        /// Parameters in the query of the redirect URI.
        Query = "query",
        /// Parameters in the fragment of the redirect URI.
        Fragment = "fragment",
        /// Parameters in a form that the browser posts (OAuth 2.0 Form Post Response Mode).
        FormPost = "form_post",
        /// Parameters in a message to the page that opened or framed this one (OAuth 2.0 Web Message Response Mode).
        WebMessage = "web_message",
        /// Parameters in a JWT, sent by the default mode of the response type (JARM §2.3.4).
        Jwt = "jwt",
        /// Parameters in a JWT in the query (JARM §2.3.1).
        QueryJwt = "query.jwt",
        /// Parameters in a JWT in the fragment (JARM §2.3.2).
        FragmentJwt = "fragment.jwt",
        /// Parameters in a JWT in a form (JARM §2.3.3).
        FormPostJwt = "form_post.jwt",
    }
}

impl ResponseMode {
    /// Whether the parameters are in the URL of a request to the client's server.
    pub const fn is_query(self) -> bool {
        matches!(self, Self::Query | Self::QueryJwt)
    }

    /// Whether the parameters are in a JWT (JARM).
    pub const fn is_jwt(self) -> bool {
        matches!(self, Self::Jwt | Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt)
    }
}

names! {
    /// What an authorization response contains, `response_type` (OAuth 2.0 Multiple Response Types §3, §4, §5).
    ResponseType {
        /// A code.
        Code = "code",
        /// Nothing: the approval alone.
        None = "none",
        /// An ID token.
        IdToken = "id_token",
        /// An access token.
        Token = "token",
        /// An ID token and an access token.
        IdTokenToken = "id_token token",
        /// A code and an ID token.
        CodeIdToken = "code id_token",
        /// A code and an access token.
        CodeToken = "code token",
        /// A code, an ID token and an access token.
        CodeIdTokenToken = "code id_token token",
    }
}

impl ResponseType {
    /// Reads a response type: its words have no order (RFC 6749 §3.1.1).
    pub fn read(text: &str) -> Option<Self> {
        let mut words: Vec<&str> = text.split(' ').collect();
        words.sort_unstable();
        Self::parse(&words.join(" "))
    }

    /// Whether a code is in the response.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether an ID token is in the response.
    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken)
    }

    /// Whether an access token is in the response.
    pub const fn has_token(self) -> bool {
        matches!(self, Self::Token | Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether a token is in the response, which comes through the browser then.
    pub const fn has_tokens(self) -> bool {
        self.has_id_token() || self.has_token()
    }

    /// How it is sent unless the client asks for another mode (OAuth 2.0 Multiple Response Types §2.1, §5).
    pub const fn default_mode(self) -> ResponseMode {
        if self.has_tokens() { ResponseMode::Fragment } else { ResponseMode::Query }
    }
}

names! {
    /// How a client authenticates, `token_endpoint_auth_method` (RFC 7591 §2, OpenID Connect Core 1.0 §9).
    ClientAuthMethod {
        /// A public client has no credential.
        None = "none",
        /// HTTP Basic (RFC 6749 §2.3.1).
        ClientSecretBasic = "client_secret_basic",
        /// `client_id` and `client_secret` in the body (RFC 6749 §2.3.1).
        ClientSecretPost = "client_secret_post",
        /// A JWT with a MAC keyed by the secret (OpenID Connect Core 1.0 §9).
        ClientSecretJwt = "client_secret_jwt",
        /// A certificate that a trusted authority issued (RFC 8705 §2.1).
        TlsClientAuth = "tls_client_auth",
        /// A certificate that the client registered (RFC 8705 §2.2).
        SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
        /// A JWT signed with the client's private key (OpenID Connect Core 1.0 §9).
        PrivateKeyJwt = "private_key_jwt",
    }
}

impl ClientAuthMethod {
    /// Whether the client proves itself in the TLS handshake (RFC 8705 §2).
    pub const fn is_by_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }
}

names! {
    /// Which pages the client asks for, `prompt` (OpenID Connect Core 1.0 §3.1.2.1).
    Prompt {
        /// Show no page.
        None = "none",
        /// Ask the user to sign in, even if somebody is signed in.
        Login = "login",
        /// Ask for consent, even if it was given before.
        Consent = "consent",
        /// Let the user choose among accounts.
        SelectAccount = "select_account",
    }
}

names! {
    /// How an access token is presented to an API, `token_type` (RFC 6749 §7.1).
    TokenType {
        /// RFC 6750
        Bearer = "Bearer",
        /// RFC 9449 §5
        Dpop = "DPoP",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_response_type_have_no_order() {
        for (text, read) in [
            ("code", Some(ResponseType::Code)),
            ("token id_token", Some(ResponseType::IdTokenToken)),
            ("token id_token code", Some(ResponseType::CodeIdTokenToken)),
            ("none", Some(ResponseType::None)),
            ("none code", None),
            ("code code", None),
            ("", None),
            ("cod", None),
        ] {
            assert_eq!(ResponseType::read(text), read, "{text}");
        }
        for known in ResponseType::ALL {
            assert_eq!(ResponseType::read(known.as_str()), Some(*known));
        }
    }
}
