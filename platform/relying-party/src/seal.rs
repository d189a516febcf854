//! Authenticated encryption (AES-256-GCM) of what a browser carries or the storage keeps.

use jose::{base64url_decode, base64url_encode};
use kernel::Randomness;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use serde::{Serialize, de::DeserializeOwned};

/// Key for one purpose, from a secret.
pub(crate) struct Seal {
    key: LessSafeKey,
    purpose: &'static str,
}

impl Seal {
    /// Key of this secret, which has at least 128 bits of randomness.
    pub(crate) fn new(secret: &[u8], purpose: &'static str) -> Self {
        let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), purpose.as_bytes());
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("a digest has 32 bytes");
        Self { key: LessSafeKey::new(key), purpose }
    }

    /// Seals a value, as base64url.
    pub(crate) fn seal(&self, value: &impl Serialize, randomness: &dyn Randomness) -> String {
        let mut sealed = serde_json::to_vec(value).expect("the values have texts for keys");
        let mut nonce = [0; NONCE_LEN];
        randomness.fill(&mut nonce);
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(unique, Aad::from(self.purpose.as_bytes()), &mut sealed)
            .expect("the value is far shorter than what AES-GCM takes");
        base64url_encode([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed by this key for its purpose.
    pub(crate) fn open<T: DeserializeOwned>(&self, sealed: &str) -> Option<T> {
        let mut bytes = base64url_decode(sealed).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.key.open_in_place(nonce, Aad::from(self.purpose.as_bytes()), text);
        serde_json::from_slice(opened.ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeededRandomness;

    #[test]
    fn only_the_same_secret_and_purpose_open_what_was_not_changed() {
        let randomness = SeededRandomness::new(1);
        let seal = Seal::new(b"secret", "a");
        let sealed = seal.seal(&"text", &randomness);
        assert_eq!(seal.open::<String>(&sealed).as_deref(), Some("text"));
        assert_ne!(sealed, seal.seal(&"text", &randomness));
        assert_eq!(Seal::new(b"secret", "b").open::<String>(&sealed), None);
        assert_eq!(Seal::new(b"other", "a").open::<String>(&sealed), None);
        let bytes = base64url_decode(&sealed).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open::<String>(&base64url_encode(changed)), None, "{at}");
            assert_eq!(seal.open::<String>(&base64url_encode(&bytes[..at])), None, "{at}");
        }
    }
}
