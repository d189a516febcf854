//! Signing keys: private keys, kept parsed, so that a signature costs a signature.

use crate::{Algorithm, Header, JoseError, Jwk, base64url, jwk::PublicKey, rsa};
use kernel::Randomness;
use ring::{
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding,
    },
};
use std::fmt;

/// Bytes of the seed of an Ed25519 key.
const SEED_BYTES: usize = 32;

/// Signing key with its public half. The identifier of the key (`kid`) is its thumbprint.
pub struct SigningKey {
    pair: Pair,
    algorithm: Algorithm,
    /// As it is stored.
    encoded: Vec<u8>,
    public: Jwk,
    /// Nonces of ECDSA; ring takes them from the operating system alone.
    random: SystemRandom,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
}

impl SigningKey {
    /// New key. An RSA key of 2048 bits takes a good part of a second. ES256 and ES384 take their randomness from the operating system,
    /// which is the only source that ring accepts.
    ///
    /// # Errors
    ///
    /// [`JoseError::Key`] when the operating system has no randomness.
    pub fn generate(algorithm: Algorithm, randomness: &dyn Randomness) -> Result<Self, JoseError> {
        let encoded = match algorithm {
            Algorithm::Es256 => new_pair(&ECDSA_P256_SHA256_FIXED_SIGNING)?,
            Algorithm::Es384 => new_pair(&ECDSA_P384_SHA384_FIXED_SIGNING)?,
            Algorithm::EdDsa => {
                let mut seed = vec![0; SEED_BYTES];
                randomness.fill(&mut seed);
                seed
            }
            Algorithm::Ps256 | Algorithm::Rs256 => rsa::generate(randomness),
        };
        Self::decode(algorithm, &encoded)
    }

    /// Key as [`SigningKey::encoded`] wrote it: PKCS #8 of ES256 and ES384, the seed of `EdDSA`, PKCS #1 of PS256 and RS256.
    ///
    /// # Errors
    ///
    /// [`JoseError::Key`].
    pub fn decode(algorithm: Algorithm, encoded: &[u8]) -> Result<Self, JoseError> {
        let random = SystemRandom::new();
        let (pair, public) = match algorithm {
            Algorithm::Es256 => {
                let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(signing, encoded, &random);
                let pair = pair.map_err(|_| JoseError::Key)?;
                let public = PublicKey::p256(pair.public_key().as_ref())?;
                (Pair::Ecdsa(pair), public)
            }
            Algorithm::Es384 => {
                let signing = &ECDSA_P384_SHA384_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(signing, encoded, &random);
                let pair = pair.map_err(|_| JoseError::Key)?;
                let public = PublicKey::p384(pair.public_key().as_ref())?;
                (Pair::Ecdsa(pair), public)
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_seed_unchecked(encoded);
                let pair = pair.map_err(|_| JoseError::Key)?;
                let public = PublicKey::ed25519(pair.public_key().as_ref())?;
                (Pair::EdDsa(pair), public)
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_der(encoded).map_err(|_| JoseError::Key)?;
                let PublicKeyComponents { n, e } =
                    PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let public = PublicKey::rsa(&n, &e)?;
                let padding: &'static dyn RsaEncoding = match algorithm {
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                (Pair::Rsa(Box::new(pair), padding), public)
            }
        };
        let public = Jwk::own(public, algorithm);
        Ok(Self { pair, algorithm, encoded: encoded.to_vec(), public, random })
    }

    /// Private key in the form in which it is stored, encrypted by who stores it.
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Public half, for the key set.
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// Algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Compact JWS of this payload. The header gets the algorithm and the identifier of the key.
    ///
    /// # Errors
    ///
    /// [`JoseError::Key`] when the operating system has no randomness.
    pub fn sign(&self, header: &Header, payload: &[u8]) -> Result<String, JoseError> {
        let header = header.written(self.algorithm(), self.public.kid().unwrap_or_default());
        let mut token = [base64url::encode(header), base64url::encode(payload)].join(".");
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        token.push_str(&base64url::encode(signature));
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        let failed = |_| JoseError::Key;
        match &self.pair {
            Pair::Ecdsa(pair) => {
                Ok(pair.sign(&self.random, message).map_err(failed)?.as_ref().to_vec())
            }
            Pair::EdDsa(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*padding, &self.random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

/// New key of this curve in PKCS #8.
fn new_pair(signing: &'static EcdsaSigningAlgorithm) -> Result<Vec<u8>, JoseError> {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(signing, &SystemRandom::new());
    Ok(pkcs8.map_err(|_| JoseError::Key)?.as_ref().to_vec())
}

impl fmt::Debug for SigningKey {
    /// The identifier alone: nothing of the private key.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningKey").field("kid", &self.public.kid()).finish_non_exhaustive()
    }
}
