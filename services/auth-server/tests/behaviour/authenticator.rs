//! Authenticator in software: one passkey, which signs whatever it is asked to.

use jose::{base64url_decode, base64url_encode};
use minicbor::Encoder;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::convert::Infallible;

const VERIFIED: u8 = 1 | 1 << 2;
const ATTESTED: u8 = 1 << 6;

/// Authenticator with one passkey.
pub(crate) struct Authenticator {
    pub(crate) key: Ed25519KeyPair,
    pub(crate) credential: Vec<u8>,
    pub(crate) user_handle: String,
    pub(crate) sign_count: u32,
    pub(crate) origin: String,
}

impl Authenticator {
    pub(crate) fn new(seed: u8) -> Self {
        Self {
            key: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("it is there"),
            credential: vec![seed; 16],
            user_handle: String::new(),
            sign_count: 1,
            origin: "http://localhost:8080".to_owned(),
        }
    }

    /// Answer to the options of a registration.
    pub(crate) fn create(&mut self, options: &Value) -> (String, String) {
        options["user"]["id"].as_str().expect("it is there").clone_into(&mut self.user_handle);
        let cose = encoded(|encoder| {
            encoder.map(4)?.i64(1)?.i64(1)?.i64(3)?.i64(-8)?.i64(-1)?.i64(6)?;
            encoder.i64(-2)?.bytes(self.key.public_key().as_ref()).map(drop)
        });
        let length = u16::try_from(self.credential.len()).expect("it is short").to_be_bytes();
        let attested = [&[0; 16][..], &length, &self.credential, &cose].concat();
        let data = self.data(VERIFIED | ATTESTED, &attested);
        let object = encoded(|encoder| {
            encoder.map(3)?.str("fmt")?.str("none")?.str("attStmt")?.map(0)?;
            encoder.str("authData")?.bytes(&data).map(drop)
        });
        (self.client_data("webauthn.create", options), base64url_encode(object))
    }

    /// Fields that answer the options of a sign-in.
    pub(crate) fn get(&self, options: &Value) -> Vec<(&'static str, String)> {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(VERIFIED, &[]);
        let digest = Sha256::digest(base64url_decode(&client_data).expect("it is there"));
        let signature = self.key.sign(&[&data[..], &digest].concat());
        vec![
            ("credential", base64url_encode(&self.credential)),
            ("user_handle", self.user_handle.clone()),
            ("client_data", client_data),
            ("authenticator_data", base64url_encode(data)),
            ("signature", base64url_encode(signature.as_ref())),
        ]
    }

    fn client_data(&self, ceremony: &str, options: &Value) -> String {
        let challenge = &options["challenge"];
        let data = json!({"type": ceremony, "challenge": challenge, "origin": self.origin});
        base64url_encode(data.to_string())
    }

    fn data(&self, flags: u8, rest: &[u8]) -> Vec<u8> {
        let hash = Sha256::digest("localhost");
        [&hash[..], &[flags], &self.sign_count.to_be_bytes(), rest].concat()
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
