//! JSON Web Keys (RFC 7517), public ones, and their thumbprints (RFC 7638).

use crate::{Algorithm, JoseError, base64url, spki, strict_json};
use kernel::security_checks::holds;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Largest key that is parsed, in bytes; certificates may come along.
const KEY_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a coordinate of P-256, and of an Ed25519 key.
const COORDINATE_BYTES: usize = 32;
/// Bytes of a coordinate of P-384.
const P384_COORDINATE_BYTES: usize = 48;
/// Bytes of the modulus of an RSA key: 2048 to 8192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// Most bytes of a public exponent.
const EXPONENT_BYTES_MAX: usize = 5;
/// Members that only a private or a symmetric key has.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Public key of a signature algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// The coordinates.
    P256 {
        x: Vec<u8>,
        y: Vec<u8>,
    },
    /// The coordinates.
    P384 {
        x: Vec<u8>,
        y: Vec<u8>,
    },
    Ed25519(Vec<u8>),
    /// Without leading zeros.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// Public key as a JWK, with its identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    key: PublicKey,
    /// Algorithm that the key is restricted to (`alg`).
    algorithm: Option<Algorithm>,
    kid: Option<String>,
}

/// Key that verifies signatures of one algorithm.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    key: PublicKey,
    algorithm: Algorithm,
}

impl PublicKey {
    /// From the uncompressed point.
    pub(crate) fn p256(point: &[u8]) -> Result<Self, JoseError> {
        coordinates(point, COORDINATE_BYTES).map(|(x, y)| Self::P256 { x, y })
    }

    /// From the uncompressed point.
    pub(crate) fn p384(point: &[u8]) -> Result<Self, JoseError> {
        coordinates(point, P384_COORDINATE_BYTES).map(|(x, y)| Self::P384 { x, y })
    }

    pub(crate) fn ed25519(key: &[u8]) -> Result<Self, JoseError> {
        if key.len() == COORDINATE_BYTES {
            Ok(Self::Ed25519(key.to_vec()))
        } else {
            Err(JoseError::Key)
        }
    }

    /// From modulus and exponent, whose leading zeros are ignored: some issuers send one.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, JoseError> {
        let trimmed = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
        };
        let (modulus, exponent) = (trimmed(modulus), trimmed(exponent));
        let is_odd = |bytes: &[u8]| bytes.last().is_some_and(|last| last & 1 == 1);
        let is_usable = MODULUS_BYTES.contains(&modulus.len())
            && exponent.len() <= EXPONENT_BYTES_MAX
            && is_odd(&modulus)
            && is_odd(&exponent)
            && exponent != [1];
        if holds("jwk_strength", is_usable) {
            Ok(Self::Rsa { modulus, exponent })
        } else {
            Err(JoseError::Key)
        }
    }

    /// Algorithms of keys of this type. The first is that of a key that names none where nothing else decides.
    fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::P256 { .. } => &[Algorithm::Es256],
            Self::P384 { .. } => &[Algorithm::Es384],
            Self::Ed25519(_) => &[Algorithm::EdDsa],
            Self::Rsa { .. } => &[Algorithm::Rs256, Algorithm::Ps256],
        }
    }

    /// The members that make the key, in the order of their names.
    fn members(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| base64url::encode(bytes);
        let elliptic = |curve: &str, x: &[u8], y: &[u8]| {
            vec![
                ("crv", curve.to_owned()),
                ("kty", "EC".to_owned()),
                ("x", text(x)),
                ("y", text(y)),
            ]
        };
        match self {
            Self::P256 { x, y } => elliptic("P-256", x, y),
            Self::P384 { x, y } => elliptic("P-384", x, y),
            Self::Ed25519(key) => {
                vec![("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", text(key))]
            }
            Self::Rsa { modulus, exponent } => {
                vec![("e", text(exponent)), ("kty", "RSA".to_owned()), ("n", text(modulus))]
            }
        }
    }

    fn thumbprint(&self) -> String {
        let members = self.members();
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
        base64url::encode(Sha256::digest(format!("{{{}}}", members.join(","))))
    }
}

impl Jwk {
    /// Key of this process, whose identifier is its thumbprint.
    pub(crate) fn own(key: PublicKey, algorithm: Algorithm) -> Self {
        let kid = Some(key.thumbprint());
        Self { key, algorithm: Some(algorithm), kid }
    }

    /// Parses a public key for signatures. The members for other purposes (`x5c`, `jku`, …) are ignored.
    ///
    /// # Errors
    ///
    /// [`JoseError::Json`] for what is no object, and [`JoseError::Key`] for a private key, a key for another use, one of another
    /// algorithm than its type has, and one that is damaged or weak.
    ///
    /// ```
    /// let text = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// let key = jose::Jwk::parse(text.as_bytes()).unwrap();
    /// assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, JoseError> {
        if bytes.len() > KEY_BYTES_MAX {
            return Err(JoseError::TooLarge);
        }
        Self::of_members(&strict_json::object(bytes)?)
    }

    pub(crate) fn of_members(members: &Map<String, Value>) -> Result<Self, JoseError> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            base64url::decode(text(name).ok_or(JoseError::Key)?).map_err(|_| JoseError::Key)
        };
        let is_private = PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name));
        if !holds("jwk_public", !is_private) {
            return Err(JoseError::Key);
        }
        let key = match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => {
                PublicKey::p256(&[vec![4], bytes("x")?, bytes("y")?].concat())?
            }
            (Some("EC"), Some("P-384")) => {
                PublicKey::p384(&[vec![4], bytes("x")?, bytes("y")?].concat())?
            }
            (Some("OKP"), Some("Ed25519")) => PublicKey::ed25519(&bytes("x")?)?,
            (Some("RSA"), _) => PublicKey::rsa(&bytes("n")?, &bytes("e")?)?,
            _ => return Err(JoseError::Key),
        };
        let is_for_signatures = match members.get("use") {
            None => true,
            Some(purpose) => purpose == "sig",
        };
        let may_verify = match members.get("key_ops") {
            None => true,
            Some(operations) => operations
                .as_array()
                .is_some_and(|operations| operations.iter().any(|it| it == "verify")),
        };
        let algorithm = match members.get("alg") {
            None => None,
            Some(name) => {
                let named = name.as_str().and_then(Algorithm::of_name);
                Some(named.filter(|it| key.algorithms().contains(it)).ok_or(JoseError::Key)?)
            }
        };
        if !holds("jwk_use", is_for_signatures && may_verify) {
            return Err(JoseError::Key);
        }
        Ok(Self { key, algorithm, kid: text("kid").map(ToOwned::to_owned) })
    }

    /// Algorithm of the key: the one that it names, or that of its type. An RSA key that names none is one of RS256 here; where a
    /// set is searched it verifies PS256 as well.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(self.key.algorithms()[0])
    }

    /// Identifier of the key.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Thumbprint (RFC 7638): SHA-256 of the members that make the key.
    pub fn thumbprint(&self) -> String {
        self.key.thumbprint()
    }

    /// The key for verification.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { key: self.key.clone(), algorithm: self.algorithm() }
    }

    /// The key for verification by an algorithm; `None` if the key is of another type, or restricted to another algorithm.
    pub fn verifying_key_for(&self, algorithm: Algorithm) -> Option<VerifyingKey> {
        let is_fitting = match self.algorithm {
            Some(own) => own == algorithm,
            None => self.key.algorithms().contains(&algorithm),
        };
        is_fitting.then(|| VerifyingKey { key: self.key.clone(), algorithm })
    }

    /// The key as `SubjectPublicKeyInfo` in PEM, for programs that read no JWK.
    pub fn to_pem(&self) -> String {
        spki::pem(&self.key)
    }

    /// The key as `SubjectPublicKeyInfo` in DER (RFC 5280, section 4.1.2.7), as a certificate has it.
    pub fn to_spki(&self) -> Vec<u8> {
        spki::encoded(&self.key)
    }

    /// The key as a member of a set.
    pub fn to_json(&self) -> Value {
        let mut members: Map<String, Value> = self
            .key
            .members()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        members.insert("use".to_owned(), "sig".into());
        if let Some(algorithm) = self.algorithm {
            members.insert("alg".to_owned(), algorithm.name().into());
        }
        if let Some(kid) = &self.kid {
            members.insert("kid".to_owned(), kid.as_str().into());
        }
        Value::Object(members)
    }
}

impl VerifyingKey {
    /// Algorithm of the signatures that it verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether this is the signature of a message.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        let verified = match &self.key {
            PublicKey::P256 { x, y } => {
                let point = [&[4][..], x, y].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            PublicKey::P384 { x, y } => {
                let point = [&[4][..], x, y].concat();
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).verify(message, signature)
            }
            PublicKey::Ed25519(key) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            PublicKey::Rsa { modulus: n, exponent: e } => {
                let padding = match self.algorithm {
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(padding, message, signature)
            }
        };
        if !holds("jws_signature", verified.is_ok()) {
            return Err(JoseError::Signature);
        }
        Ok(())
    }
}

/// Coordinates of an uncompressed point.
fn coordinates(point: &[u8], bytes: usize) -> Result<(Vec<u8>, Vec<u8>), JoseError> {
    match point {
        [4, coordinates @ ..] if coordinates.len() == 2 * bytes => {
            let (x, y) = coordinates.split_at(bytes);
            Ok((x.to_vec(), y.to_vec()))
        }
        _ => Err(JoseError::Key),
    }
}
