//! Authenticated encryption (AES-256-GCM) under a key of the server, and keys derived from one root (HKDF-SHA-256, RFC 5869).

use kernel::{Randomness, Timestamp};
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

    /// Seals a text: nonce, ciphertext and tag. Only the same purpose opens it. The nonce is random, so that one key must not seal more
    /// than 2^32 texts (NIST SP 800-38D, section 8.3): a master key seals some dozens, and a key of the day what pages carry on it.
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

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// Sealing key of the day: what browsers carry is sealed under another key each day (UTC), and one of the day before still opens it.
pub(crate) struct DailySealingKey(Vec<u8>);

impl DailySealingKey {
    /// Of a root of its own.
    pub(crate) fn new(root: &[u8]) -> Self {
        Self(root.to_vec())
    }

    /// Seals a text under the key of today.
    pub(crate) fn seal(
        &self,
        purpose: &str,
        text: &[u8],
        now: Timestamp,
        randomness: &dyn Randomness,
    ) -> Vec<u8> {
        self.of_day(day(now)).seal(purpose, text, randomness)
    }

    /// Opens what was sealed for this purpose today or yesterday.
    pub(crate) fn open(&self, purpose: &str, sealed: &[u8], now: Timestamp) -> Option<Vec<u8>> {
        let today = day(now);
        [today, today - 1].into_iter().find_map(|day| self.of_day(day).open(purpose, sealed))
    }

    fn of_day(&self, day: i64) -> SealingKey {
        SealingKey::new(&derived(&self.0, &format!("day-{day}")))
    }
}

fn day(now: Timestamp) -> i64 {
    now.as_second().div_euclid(DAY_SECONDS)
}

impl fmt::Debug for DailySealingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DailySealingKey")
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
    fn what_was_sealed_the_day_before_yesterday_is_closed_for_good() {
        let (key, randomness) = (DailySealingKey::new(b"root"), SeededRandomness::new(1));
        let at = |second| Timestamp::from_second(second).unwrap();
        for evening in [-1, 2 * DAY_SECONDS - 1] {
            let sealed = key.seal("a", b"text", at(evening), &randomness);
            let open = |second| key.open("a", &sealed, at(second));
            assert!(open(evening).is_some() && open(evening + 1).is_some(), "across midnight");
            assert!(open(evening + DAY_SECONDS).is_some());
            assert_eq!(open(evening + DAY_SECONDS + 1), None);
            assert_eq!(open(evening - DAY_SECONDS), None, "a key of tomorrow");
            assert_eq!(key.open("b", &sealed, at(evening)), None);
        }
        assert!(!format!("{key:?}").contains("114"));
    }

    #[test]
    fn purposes_have_keys_of_their_own() {
        assert_eq!(derived(b"root", "a"), derived(b"root", "a"));
        assert_ne!(derived(b"root", "a"), derived(b"root", "b"));
        assert_ne!(derived(b"root", "a"), derived(b"other", "a"));
        assert_eq!(digest(b""), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}
