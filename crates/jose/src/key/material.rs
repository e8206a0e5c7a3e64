//! Key material: a JWK without its attributes.

use aws_lc_rs::{agreement, signature};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Thumbprint, rsa};
use crate::{base64url, error::KeyError, limits::SYMMETRIC_KEY_BYTES};

/// The members that make an asymmetric JWK a private one (RFC 7518 §6.2.2, §6.3.2), and `k`, which it must not have.
pub(crate) const PRIVATE_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A supported curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
    Ed25519,
    X25519,
}

impl Curve {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521, Self::Ed25519, Self::X25519]
            .into_iter()
            .find(|curve| curve.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        }
    }

    /// Bytes of a coordinate and of a private key (RFC 7518 §6.2.1.2, RFC 8037 §2).
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::P256 | Self::Ed25519 | Self::X25519 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Whether keys on it are of `kty` EC, with two coordinates, rather than OKP.
    pub(crate) fn is_weierstrass(self) -> bool {
        matches!(self, Self::P256 | Self::P384 | Self::P521)
    }

    pub(crate) fn agreement(self) -> Option<&'static agreement::Algorithm> {
        match self {
            Self::P256 => Some(&agreement::ECDH_P256),
            Self::P384 => Some(&agreement::ECDH_P384),
            Self::P521 => Some(&agreement::ECDH_P521),
            Self::X25519 => Some(&agreement::X25519),
            Self::Ed25519 => None,
        }
    }

    /// ECDSA on this curve, with the hash that JOSE defines for it.
    pub(crate) fn ecdsa(self) -> Option<&'static signature::EcdsaSigningAlgorithm> {
        match self {
            Self::P256 => Some(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Self::P384 => Some(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Self::P521 => Some(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Self::Ed25519 | Self::X25519 => None,
        }
    }
}

/// A public key, or a shared secret.
#[derive(Clone)]
pub(crate) enum Material {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A point: `04`, x, y on a Weierstrass curve (SEC 1 §2.3.3), otherwise the 32 bytes of RFC 7748 or RFC 8032.
    Point { curve: Curve, point: Vec<u8> },
    /// A shared secret.
    Secret(Zeroizing<Vec<u8>>),
}

impl Material {
    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        match members.get("kty").and_then(Value::as_str) {
            Some("RSA") => {
                if members.get("crv").is_some_and(|value| !value.is_null()) {
                    return Err(KeyError::Member("crv"));
                }
                Self::rsa(number(&bytes(members, "n")?), number(&bytes(members, "e")?))
            }
            Some(kty @ ("EC" | "OKP")) => {
                let curve = members.get("crv").and_then(Value::as_str).and_then(Curve::parse);
                let curve = curve.filter(|curve| curve.is_weierstrass() == (kty == "EC"));
                let curve = curve.ok_or(KeyError::Curve)?;
                let mut point = Vec::with_capacity(1 + 2 * curve.bytes());
                if curve.is_weierstrass() {
                    point.push(4);
                    point.extend_from_slice(&exactly(members, "x", curve.bytes())?);
                    point.extend_from_slice(&exactly(members, "y", curve.bytes())?);
                } else {
                    point.extend_from_slice(&exactly(members, "x", curve.bytes())?);
                }
                Self::point(curve, point)
            }
            Some("oct") => Self::secret(&bytes(members, "k")?),
            Some(_) => Err(KeyError::KeyType),
            None => Err(KeyError::Member("kty")),
        }
    }

    pub(crate) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, KeyError> {
        rsa::check(&n, &e)?;
        Ok(Self::Rsa { n, e })
    }

    /// A point on its curve. For the other curves, any 32 bytes are accepted: with invalid ones, every verification
    /// and agreement fails.
    pub(crate) fn point(curve: Curve, point: Vec<u8>) -> Result<Self, KeyError> {
        if let Some(algorithm) = curve.ecdsa() {
            signature::ParsedPublicKey::new(&**algorithm, &point).map_err(|_| KeyError::Invalid)?;
        }
        Ok(Self::Point { curve, point })
    }

    pub(crate) fn secret(key: &[u8]) -> Result<Self, KeyError> {
        if key.is_empty() || key.len() > SYMMETRIC_KEY_BYTES {
            return Err(KeyError::Length);
        }
        Ok(Self::Secret(Zeroizing::new(key.to_vec())))
    }

    pub(crate) fn key_type(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RSA",
            Self::Point { curve, .. } if curve.is_weierstrass() => "EC",
            Self::Point { .. } => "OKP",
            Self::Secret(_) => "oct",
        }
    }

    pub(crate) fn curve(&self) -> Option<Curve> {
        match self {
            Self::Point { curve, .. } => Some(*curve),
            Self::Rsa { .. } | Self::Secret(_) => None,
        }
    }

    pub(crate) fn is_symmetric(&self) -> bool {
        matches!(self, Self::Secret(_))
    }

    /// The required public members in lexicographic order, as a thumbprint takes them (RFC 7638 §3.2).
    pub(crate) fn public_members(&self) -> Vec<(&'static str, String)> {
        let kty = ("kty", self.key_type().to_owned());
        match self {
            Self::Rsa { n, e } => {
                vec![("e", base64url::encode(e)), kty, ("n", base64url::encode(n))]
            }
            Self::Point { curve, point } => {
                let mut members = vec![("crv", curve.name().to_owned()), kty];
                let coordinates = if curve.is_weierstrass() { &point[1..] } else { point };
                for (name, coordinate) in ["x", "y"].into_iter().zip(coordinates.chunks(curve.bytes())) {
                    members.push((name, base64url::encode(coordinate)));
                }
                members
            }
            Self::Secret(_) => vec![kty],
        }
    }

    pub(crate) fn write(&self, members: &mut Map<String, Value>) {
        for (name, text) in self.public_members() {
            members.insert(name.to_owned(), Value::String(text));
        }
    }

    pub(crate) fn thumbprint(&self) -> Thumbprint {
        let mut members = self.public_members();
        if let Self::Secret(key) = self {
            members.insert(0, ("k", base64url::encode(key)));
        }
        Thumbprint::of(&members)
    }
}

/// A number without the zero bytes that some libraries write in front of it, though RFC 7518 §2 has none: the number is
/// the same, and so is the thumbprint.
fn number(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|&byte| byte == 0).collect()
}

/// A member in base64url.
pub(crate) fn bytes(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let text = members.get(name).and_then(Value::as_str).ok_or(KeyError::Member(name))?;
    base64url::decode(text).map(Zeroizing::new).map_err(|_| KeyError::Member(name))
}

/// A member in base64url of an exact length, leading zeros included (RFC 7518 §6.2.1.2).
pub(crate) fn exactly(
    members: &Map<String, Value>,
    name: &'static str,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    Some(bytes(members, name)?).filter(|value| value.len() == length).ok_or(KeyError::Member(name))
}
