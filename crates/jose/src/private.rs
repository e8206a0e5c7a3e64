//! Private keys in memory: read from a JWK or a PEM, generated, written as a JWK.

mod der;
mod pem;

use aws_lc_rs::{
    agreement,
    encoding::{AsBigEndian, AsDer, Curve25519SeedBin, EcPrivateKeyBin, Pkcs8V1Der},
    rsa::KeySize,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair},
};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    base64url,
    error::KeyError,
    key::{Attributes, Curve, Material, bytes},
};

/// The private part of a key.
#[derive(Clone)]
pub(crate) enum Secret {
    /// Nothing: the key is symmetric.
    Shared,
    /// d, p, q, dp, dq, qi (RFC 7518 §6.3.2).
    Rsa(Box<[Zeroizing<Vec<u8>>; 6]>),
    /// The scalar or seed, with the length of a coordinate.
    Scalar(Zeroizing<Vec<u8>>),
}

/// The names of [`Secret::Rsa`] in its order.
const RSA_MEMBERS: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

/// A private key whose private and public members match.
#[derive(Clone)]
pub(crate) struct PrivateKey {
    pub(crate) material: Material,
    pub(crate) secret: Secret,
}

impl PrivateKey {
    /// Reads a private JWK and its attributes.
    pub(crate) fn from_jwk(json: &[u8]) -> Result<(Self, Attributes), KeyError> {
        let mut members = crate::json::object(json)?;
        let key = Self::from_members(&members);
        let attributes = Attributes::from_members(&members);
        for (_, value) in &mut members {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
        Ok((key?, attributes?))
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        let material = Material::from_members(members)?;
        if material.is_symmetric() {
            return Ok(Self { material, secret: Secret::Shared });
        }
        if !members.contains_key("d") {
            return Err(KeyError::Public);
        }
        if members.contains_key("oth") {
            return Err(KeyError::Member("oth"));
        }
        let secret = match material.curve() {
            Some(_) => Secret::Scalar(bytes(members, "d")?),
            None => {
                let mut numbers = <[Zeroizing<Vec<u8>>; 6]>::default();
                for (number, name) in numbers.iter_mut().zip(RSA_MEMBERS) {
                    *number = bytes(members, name)?;
                }
                Secret::Rsa(Box::new(numbers))
            }
        };
        Self::checked(material, secret)
    }

    /// Reads the first private key of a PEM text: PKCS#8, PKCS#1 or SEC 1.
    ///
    /// The curve is not always visible in the PEM, so the caller names the acceptable ones.
    pub(crate) fn from_pem(text: &str, curves: &[Curve]) -> Result<Self, KeyError> {
        let der = pem::private_key(text)?;
        if let Some([n, e, numbers @ ..]) = der::rsa_private_key(&der) {
            let material = Material::rsa(n.to_vec(), e.to_vec())?;
            let numbers = numbers.map(|number| Zeroizing::new(number.to_vec()));
            return Self::checked(material, Secret::Rsa(Box::new(numbers)));
        }
        curves.iter().find_map(|&curve| Self::from_der_on(&der, curve)).ok_or(KeyError::Pem)
    }

    fn from_der_on(der: &[u8], curve: Curve) -> Option<Self> {
        match curve {
            Curve::P256 | Curve::P384 | Curve::P521 => {
                Self::from_ecdsa(&EcdsaKeyPair::from_private_key_der(curve.ecdsa()?, der).ok()?, curve)
            }
            Curve::Ed25519 => Self::from_ed25519(&Ed25519KeyPair::from_pkcs8(der).ok()?),
            Curve::X25519 => {
                let seed = der::x25519_seed(der)?;
                Self::from_x25519(&agreement::PrivateKey::from_private_key(&agreement::X25519, seed).ok()?)
            }
        }
    }

    /// A new RSA key of 2048 bits.
    pub(crate) fn generate_rsa() -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?;
        let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Generation)?;
        let [n, e, numbers @ ..] = der::rsa_private_key(document.as_ref()).ok_or(KeyError::Generation)?;
        let material = Material::rsa(n.to_vec(), e.to_vec())?;
        let numbers = numbers.map(|number| Zeroizing::new(number.to_vec()));
        Ok(Self { material, secret: Secret::Rsa(Box::new(numbers)) })
    }

    /// A new key on a curve.
    pub(crate) fn generate_on(curve: Curve) -> Result<Self, KeyError> {
        let made = match curve.ecdsa() {
            Some(algorithm) => {
                EcdsaKeyPair::generate(algorithm).ok().and_then(|pair| Self::from_ecdsa(&pair, curve))
            }
            None if curve == Curve::Ed25519 => {
                Ed25519KeyPair::generate().ok().and_then(|pair| Self::from_ed25519(&pair))
            }
            None => agreement::PrivateKey::generate(&agreement::X25519)
                .ok()
                .and_then(|key| Self::from_x25519(&key)),
        };
        made.ok_or(KeyError::Generation)
    }

    /// A symmetric key.
    pub(crate) fn symmetric(key: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { material: Material::secret(key)?, secret: Secret::Shared })
    }

    fn from_ecdsa(pair: &EcdsaKeyPair, curve: Curve) -> Option<Self> {
        let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
        let secret = Secret::Scalar(Zeroizing::new(scalar.as_ref().to_vec()));
        let material = Material::point(curve, pair.public_key().as_ref().to_vec()).ok()?;
        Some(Self { material, secret })
    }

    fn from_ed25519(pair: &Ed25519KeyPair) -> Option<Self> {
        let seed: Curve25519SeedBin<'_> = pair.seed().ok()?.as_be_bytes().ok()?;
        let secret = Secret::Scalar(Zeroizing::new(seed.as_ref().to_vec()));
        let material = Material::point(Curve::Ed25519, pair.public_key().as_ref().to_vec()).ok()?;
        Some(Self { material, secret })
    }

    fn from_x25519(key: &agreement::PrivateKey) -> Option<Self> {
        let seed: Curve25519SeedBin<'_> = key.as_be_bytes().ok()?;
        let secret = Secret::Scalar(Zeroizing::new(seed.as_ref().to_vec()));
        let public = key.compute_public_key().ok()?;
        Some(Self { material: Material::point(Curve::X25519, public.as_ref().to_vec()).ok()?, secret })
    }

    /// Lets the library check that private and public members belong together.
    fn checked(material: Material, secret: Secret) -> Result<Self, KeyError> {
        let key = Self { material, secret };
        match key.material.curve() {
            None => drop(key.rsa_key_pair()?),
            Some(Curve::Ed25519) => drop(key.ed25519_key_pair()?),
            Some(_) => drop(key.agreement_key()?),
        }
        Ok(key)
    }

    pub(crate) fn rsa_key_pair(&self) -> Result<RsaKeyPair, KeyError> {
        let (Material::Rsa { n, e }, Secret::Rsa(numbers)) = (&self.material, &self.secret) else {
            return Err(KeyError::KeyType);
        };
        let [d, p, q, dp, dq, qi] = numbers.each_ref().map(|number| number.as_slice());
        let public_key = signature::RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() };
        #[expect(non_snake_case, reason = "the library spells its fields as RFC 8017 does")]
        let (dP, dQ, qInv) = (dp, dq, qi);
        let components = aws_lc_rs::rsa::KeyPairComponents { public_key, d, p, q, dP, dQ, qInv };
        RsaKeyPair::from_components(&components).map_err(|_| KeyError::Invalid)
    }

    pub(crate) fn ecdsa_key_pair(&self) -> Result<EcdsaKeyPair, KeyError> {
        let (curve, point, scalar) = self.on_curve()?;
        let algorithm = curve.ecdsa().ok_or(KeyError::Curve)?;
        EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point).map_err(|_| KeyError::Invalid)
    }

    pub(crate) fn ed25519_key_pair(&self) -> Result<Ed25519KeyPair, KeyError> {
        let (curve, point, seed) = self.on_curve()?;
        if curve != Curve::Ed25519 {
            return Err(KeyError::Curve);
        }
        Ed25519KeyPair::from_seed_and_public_key(seed, point).map_err(|_| KeyError::Invalid)
    }

    pub(crate) fn agreement_key(&self) -> Result<agreement::PrivateKey, KeyError> {
        let (curve, point, scalar) = self.on_curve()?;
        let algorithm = curve.agreement().ok_or(KeyError::Curve)?;
        let key =
            agreement::PrivateKey::from_private_key(algorithm, scalar).map_err(|_| KeyError::Invalid)?;
        let public = key.compute_public_key().map_err(|_| KeyError::Invalid)?;
        if public.as_ref() != point {
            return Err(KeyError::Invalid);
        }
        Ok(key)
    }

    fn on_curve(&self) -> Result<(Curve, &[u8], &[u8]), KeyError> {
        let (Material::Point { curve, point }, Secret::Scalar(scalar)) = (&self.material, &self.secret)
        else {
            return Err(KeyError::KeyType);
        };
        if scalar.len() != curve.bytes() {
            return Err(KeyError::Member("d"));
        }
        Ok((*curve, point, scalar))
    }

    /// The private JWK, with these attributes, in a text that is wiped when dropped.
    pub(crate) fn to_jwk(&self, attributes: &Attributes) -> Zeroizing<String> {
        // One allocation that never grows: a grown one would leave its first bytes behind.
        let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
        let mut public = Map::new();
        self.material.write(&mut public);
        attributes.write(&mut public);
        let mut put = |name: &str, value: &str| {
            let opening = if text.is_empty() { "{\"" } else { ",\"" };
            text.push_str(opening);
            for piece in [name, "\":", value] {
                text.push_str(piece);
            }
        };
        for (name, value) in &public {
            put(name, &value.to_string());
        }
        let mut put_secret = |name: &str, value: &[u8]| {
            let quoted = Zeroizing::new(format!("\"{}\"", *Zeroizing::new(base64url::encode(value))));
            put(name, &quoted);
        };
        match (&self.material, &self.secret) {
            (Material::Secret(key), _) => put_secret("k", key),
            (_, Secret::Scalar(scalar)) => put_secret("d", scalar),
            (_, Secret::Rsa(numbers)) => {
                for (name, number) in RSA_MEMBERS.into_iter().zip(numbers.iter()) {
                    put_secret(name, number);
                }
            }
            (_, Secret::Shared) => {}
        }
        text.push('}');
        text
    }
}
