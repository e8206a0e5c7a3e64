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
        /// A JWT signed with the client's private key (OpenID Connect Core 1.0 §9).
        PrivateKeyJwt = "private_key_jwt",
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
