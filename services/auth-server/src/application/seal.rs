//! Authenticated encryption (AES-256-GCM) under a key of the server, and keys derived from one root (HKDF-SHA-256, RFC 5869).

use kernel::Randomness;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes of every key.
pub(crate) const KEY_BYTES: usize = 32;

/// Sealing key: encrypts and authenticates, for one purpose at a time.
pub(crate) struct SealingKey(LessSafeKey);

impl SealingKey {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("the key has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals a text: nonce, ciphertext and tag. Only the same purpose opens it. The nonce is random; at 2^32 texts under one key its
    /// repetition would become likely, far beyond what one key seals here between two starts.
    pub(crate) fn seal(&self, purpose: &str, text: &[u8], randomness: &dyn Randomness) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        randomness.fill(&mut nonce);
        let mut sealed = text.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.as_bytes()),
                &mut sealed,
            )
            .expect("the text is far shorter than what AES-GCM takes");
        [&nonce[..], &sealed].concat()
    }

    /// Opens what was sealed for this purpose.
    pub(crate) fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut text).ok()?;
        Some(opened.to_vec())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SealingKey")
    }
}

/// Key for a purpose, derived from a root.
pub(crate) fn derived(root: &[u8], purpose: &str) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    let info = [purpose.as_bytes()];
    let key_material = Salt::new(HKDF_SHA256, b"auth-server").extract(root);
    key_material
        .expand(&info, DerivedKey)
        .and_then(|okm| okm.fill(&mut key))
        .expect("HKDF gives keys of this length");
    key
}

struct DerivedKey;

impl KeyType for DerivedKey {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

/// SHA-256 in base64url: how high-entropy secrets are kept.
pub(crate) fn digest(bytes: impl AsRef<[u8]>) -> String {
    jose::base64url_encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeededRandomness;

    #[test]
    fn only_the_same_key_and_purpose_open_what_was_not_changed() {
        let randomness = SeededRandomness::new(1);
        let key = SealingKey::new(&[1; 32]);
        let sealed = key.seal("a", b"text", &randomness);
        assert_eq!(key.open("a", &sealed).as_deref(), Some(&b"text"[..]));
        assert_ne!(sealed, key.seal("a", b"text", &randomness));
        assert_eq!(key.open("b", &sealed), None);
        assert_eq!(SealingKey::new(&[2; 32]).open("a", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open("a", &changed), None, "{at}");
            assert_eq!(key.open("a", &sealed[..at]), None, "{at}");
        }
    }

    #[test]
    fn purposes_have_keys_of_their_own() {
        assert_eq!(derived(b"root", "a"), derived(b"root", "a"));
        assert_ne!(derived(b"root", "a"), derived(b"root", "b"));
        assert_ne!(derived(b"root", "a"), derived(b"other", "a"));
        assert_eq!(digest(b""), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}
