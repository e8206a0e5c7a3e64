//! The algorithms (RFC 7518, RFC 8037), under their registered names. `none` is not one of them.

use std::fmt;

/// Defines an enum of registered names with its parser.
macro_rules! registered {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All of them, in the order of the registry.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The registered name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Parses a registered name, case-sensitively.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

registered! {
    /// How a token is signed (RFC 7518 §3.1, RFC 8037 §3.1).
    SignatureAlgorithm {
        /// HMAC with SHA-256.
        Hs256 = "HS256",
        /// HMAC with SHA-384.
        Hs384 = "HS384",
        /// HMAC with SHA-512.
        Hs512 = "HS512",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        Rs384 = "RS384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        Rs512 = "RS512",
        /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
        Ps256 = "PS256",
        /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
        Ps384 = "PS384",
        /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
        Ps512 = "PS512",
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// ECDSA on P-384 with SHA-384.
        Es384 = "ES384",
        /// ECDSA on P-521 with SHA-512.
        Es512 = "ES512",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

impl SignatureAlgorithm {
    /// Whether signer and verifier share one secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

registered! {
    /// How the content encryption key of a token is determined (RFC 7518 §4.1).
    KeyManagement {
        /// RSAES-OAEP with SHA-1, as RFC 7518 §4.3 defines it by default.
        RsaOaep = "RSA-OAEP",
        /// RSAES-OAEP with SHA-256.
        RsaOaep256 = "RSA-OAEP-256",
        /// Ephemeral Diffie-Hellman, whose result is the content encryption key.
        EcdhEs = "ECDH-ES",
        /// Ephemeral Diffie-Hellman, whose result wraps the key with AES-128.
        EcdhEsA128Kw = "ECDH-ES+A128KW",
        /// Ephemeral Diffie-Hellman, whose result wraps the key with AES-256.
        EcdhEsA256Kw = "ECDH-ES+A256KW",
        /// AES-128 key wrap.
        A128Kw = "A128KW",
        /// AES-256 key wrap.
        A256Kw = "A256KW",
        /// The shared key is the content encryption key.
        Dir = "dir",
    }
}

impl KeyManagement {
    /// Whether sender and receiver share one secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::A128Kw | Self::A256Kw | Self::Dir)
    }
}

registered! {
    /// How the content of a token is encrypted (RFC 7518 §5.1).
    ContentEncryption {
        /// AES-128-GCM.
        A128Gcm = "A128GCM",
        /// AES-256-GCM.
        A256Gcm = "A256GCM",
        /// AES-128-CBC with HMAC-SHA-256.
        A128CbcHs256 = "A128CBC-HS256",
        /// AES-256-CBC with HMAC-SHA-512.
        A256CbcHs512 = "A256CBC-HS512",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_unknown_names_are_refused() {
        for &algorithm in SignatureAlgorithm::ALL {
            assert_eq!(SignatureAlgorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        for &algorithm in KeyManagement::ALL {
            assert_eq!(KeyManagement::parse(algorithm.as_str()), Some(algorithm));
        }
        for &algorithm in ContentEncryption::ALL {
            assert_eq!(ContentEncryption::parse(algorithm.as_str()), Some(algorithm));
        }
        for name in ["none", "None", "", "rs256", "RS256 ", "ES256K", "HS1"] {
            assert_eq!(SignatureAlgorithm::parse(name), None, "{name}");
        }
        for name in ["RSA1_5", "PBES2-HS256+A128KW", "A192KW", "A128GCMKW", "DIR"] {
            assert_eq!(KeyManagement::parse(name), None, "{name}");
        }
    }
}
