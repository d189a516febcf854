//! Authenticated encryption (AES-256-GCM) with a nonce that is synthetic, a MAC of the text and its context: encrypting the same
//! text for the same place again gives the same bytes, so that what is derived anew can be compared, and no nonce is used for two
//! texts.

use crate::tree::{SEED_BYTES, Seed};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hmac,
};
use std::fmt;

/// Key of one subject and purpose, or that of the key file.
pub(crate) struct TextKey {
    encryption: LessSafeKey,
    nonces: hmac::Key,
}

impl TextKey {
    pub(crate) fn new(seed: &Seed) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &derived(seed, b"subject-keys encryption"));
        Self {
            encryption: LessSafeKey::new(key.expect("the key has 32 bytes")),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, &derived(seed, b"subject-keys nonce")),
        }
    }

    /// Encrypts a text for its context: nonce, ciphertext and tag.
    pub(crate) fn encrypt(&self, context: &[u8], text: &[u8]) -> Vec<u8> {
        let nonce = self.nonce(context, text);
        let mut sealed = Vec::with_capacity(NONCE_LEN + text.len() + AES_256_GCM.tag_len());
        sealed.extend(nonce);
        sealed.extend(text);
        let tag = self
            .encryption
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut sealed[NONCE_LEN..],
            )
            .expect("the text is far shorter than what AES-GCM takes");
        sealed.extend(tag.as_ref());
        sealed
    }

    /// Text that was encrypted for this context; `None` for anything else.
    pub(crate) fn decrypt(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let length =
            self.encryption.open_in_place(nonce, Aad::from(context), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    fn nonce(&self, context: &[u8], text: &[u8]) -> [u8; NONCE_LEN] {
        let mut mac = hmac::Context::with_key(&self.nonces);
        mac.update(&(context.len() as u64).to_le_bytes());
        mac.update(context);
        mac.update(text);
        *mac.sign().as_ref().first_chunk().expect("a MAC has 32 bytes")
    }
}

impl fmt::Debug for TextKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TextKey")
    }
}

/// Key for a use, derived from a secret of high entropy.
pub(crate) fn derived(secret: &[u8], usage: &[u8]) -> Seed {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(usage);
    hash.update(&[0]);
    hash.update(secret);
    let hash: [u8; SEED_BYTES] = hash.finish().as_ref().try_into().expect("the hash has 32 bytes");
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_context_decrypt_what_was_not_changed() {
        let key = TextKey::new(&[1; SEED_BYTES]);
        let sealed = key.encrypt(b"place", b"Ada");
        assert_eq!(key.decrypt(b"place", &sealed).as_deref(), Some(&b"Ada"[..]));
        assert_eq!(key.decrypt(b"other", &sealed), None);
        assert_eq!(TextKey::new(&[2; SEED_BYTES]).decrypt(b"place", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.decrypt(b"place", &changed), None, "{at}");
            assert_eq!(key.decrypt(b"place", &sealed[..at]), None, "{at}");
        }
    }

    #[test]
    fn the_same_text_for_the_same_place_is_the_same_and_no_nonce_is_used_for_two_texts() {
        let key = TextKey::new(&[1; SEED_BYTES]);
        assert_eq!(key.encrypt(b"place", b"Ada"), key.encrypt(b"place", b"Ada"));
        let texts: [(&[u8], &[u8]); 4] =
            [(b"place", b"Ada"), (b"place", b"Ann"), (b"plac", b"eAda"), (b"", b"placeAda")];
        for (index, (context, text)) in texts.iter().enumerate() {
            for (other_context, other) in &texts[..index] {
                let [one, other] = [key.encrypt(context, text), key.encrypt(other_context, other)];
                assert_ne!(one[..NONCE_LEN], other[..NONCE_LEN]);
            }
        }
    }
}
