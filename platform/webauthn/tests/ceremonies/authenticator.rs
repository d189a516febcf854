//! Authenticator in software: one credential, which signs whatever it is told to.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jose::{Algorithm, SigningKey};
use kernel::SeededRandomness;
use minicbor::Encoder;
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use sha2::{Digest, Sha256};
use std::convert::Infallible;

pub(crate) const ORIGIN: &str = "https://shop.example";
pub(crate) const CHALLENGE: [u8; 32] = [7; 32];
pub(crate) const PRESENT: u8 = 1;
pub(crate) const VERIFIED: u8 = 1 << 2;
pub(crate) const BACKUP_ELIGIBLE: u8 = 1 << 3;
const ATTESTED: u8 = 1 << 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Es256,
    Ed25519,
    Rs256,
}

#[derive(Clone)]
pub(crate) struct Authenticator {
    kind: Kind,
    /// Private key of the credential, and the one that signs the attestation.
    key: Vec<u8>,
    attestation_key: Vec<u8>,
    pub(crate) ceremony: Option<&'static str>,
    pub(crate) origin: &'static str,
    pub(crate) rp_id: &'static str,
    pub(crate) flags: u8,
    pub(crate) sign_count: u32,
    pub(crate) attests_itself: bool,
}

impl Authenticator {
    pub(crate) fn new(kind: Kind) -> Self {
        let key = new_key(kind, 1);
        Self {
            kind,
            attestation_key: key.clone(),
            key,
            ceremony: None,
            origin: ORIGIN,
            rp_id: "shop.example",
            flags: PRESENT | VERIFIED,
            sign_count: 1,
            attests_itself: false,
        }
    }

    /// Takes another key, of which the relying party does not know.
    pub(crate) fn change_key(&mut self) {
        self.key = new_key(self.kind, 2);
    }

    /// Signs attestations with a key that is not that of the credential.
    pub(crate) fn change_attestation_key(&mut self) {
        self.attestation_key = new_key(self.kind, 2);
    }

    /// Client data and attestation object.
    pub(crate) fn create(&self) -> (Vec<u8>, Vec<u8>) {
        let client_data = self.client_data("webauthn.create");
        let id = b"credential";
        let length = u16::try_from(id.len()).expect("it is short").to_be_bytes();
        let credential = [&[0; 16][..], &length, id, &self.cose()].concat();
        let data = self.data(ATTESTED, &credential);
        let object = encoded(|encoder| {
            encoder.map(3)?.str("fmt")?;
            if self.attests_itself {
                let signature = self.sign(&self.attestation_key, &data, &client_data);
                encoder.str("packed")?.str("attStmt")?.map(2)?;
                encoder.str("alg")?.i64(-7)?.str("sig")?.bytes(&signature)?;
            } else {
                encoder.str("none")?.str("attStmt")?.map(0)?;
            }
            encoder.str("authData")?.bytes(&data).map(drop)
        });
        (client_data, object)
    }

    /// Client data, authenticator data and signature.
    pub(crate) fn get(&self) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let (client_data, data) = (self.client_data("webauthn.get"), self.data(0, &[]));
        let signature = self.sign(&self.key, &data, &client_data);
        (client_data, data, signature)
    }

    fn client_data(&self, ceremony: &str) -> Vec<u8> {
        let ceremony = self.ceremony.unwrap_or(ceremony);
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(CHALLENGE);
        let origin = self.origin;
        format!(r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#)
            .into_bytes()
    }

    fn data(&self, more_flags: u8, rest: &[u8]) -> Vec<u8> {
        let flags = [self.flags | more_flags];
        [&Sha256::digest(self.rp_id)[..], &flags, &self.sign_count.to_be_bytes(), rest].concat()
    }

    fn sign(&self, key: &[u8], data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let (message, random) =
            ([data, &Sha256::digest(client_data)].concat(), SystemRandom::new());
        match self.kind {
            Kind::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key, &random);
                pair.expect("a key").sign(&random, &message).expect("a key").as_ref().to_vec()
            }
            Kind::Ed25519 => Ed25519KeyPair::from_seed_unchecked(key)
                .expect("a key")
                .sign(&message)
                .as_ref()
                .to_vec(),
            Kind::Rs256 => {
                let pair = RsaKeyPair::from_der(key).expect("a key");
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature).expect("a key");
                signature
            }
        }
    }

    fn cose(&self) -> Vec<u8> {
        let (key, random) = (&self.key, SystemRandom::new());
        match self.kind {
            Kind::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key, &random);
                let pair = pair.expect("a key");
                let point = pair.public_key().as_ref();
                encoded(|encoder| {
                    encoder.map(5)?.i64(1)?.i64(2)?.i64(3)?.i64(-7)?.i64(-1)?.i64(1)?;
                    encoder.i64(-2)?.bytes(&point[1..33])?.i64(-3)?.bytes(&point[33..]).map(drop)
                })
            }
            Kind::Ed25519 => {
                let pair = Ed25519KeyPair::from_seed_unchecked(key).expect("a key");
                encoded(|encoder| {
                    encoder.map(4)?.i64(1)?.i64(1)?.i64(3)?.i64(-8)?.i64(-1)?.i64(6)?;
                    encoder.i64(-2)?.bytes(pair.public_key().as_ref()).map(drop)
                })
            }
            Kind::Rs256 => {
                let pair = RsaKeyPair::from_der(key).expect("a key");
                let parts = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                encoded(|encoder| {
                    encoder.map(4)?.i64(1)?.i64(3)?.i64(3)?.i64(-257)?;
                    encoder.i64(-1)?.bytes(&parts.n)?.i64(-2)?.bytes(&parts.e).map(drop)
                })
            }
        }
    }
}

/// CBOR that is written so.
fn encoded(
    write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), minicbor::encode::Error<Infallible>>,
) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder).expect("writing to memory does not fail");
    encoder.into_writer()
}

fn new_key(kind: Kind, seed: u64) -> Vec<u8> {
    let algorithm = match kind {
        Kind::Es256 => Algorithm::Es256,
        Kind::Ed25519 => Algorithm::EdDsa,
        Kind::Rs256 => Algorithm::Rs256,
    };
    SigningKey::generate(algorithm, &SeededRandomness::new(seed)).expect("a key").encoded().to_vec()
}
