//! Keyring: the signing keys and what each of them is for at a time. A key is published before it signs, signs until its successor
//! does, and stays published until the last token that it signed has expired. All of that follows from the time, so that every
//! process that has the same keys changes at the same moment.

use crate::application::error::AuthError;
use jose::{Algorithm, Header, Jwk, JwkSet, SigningKey};
use kernel::Timestamp;
use parking_lot::RwLock;
use std::{sync::Arc, time::Duration};

/// Time for which a copy of the key set may be used (`Cache-Control: max-age`).
pub(crate) const JWKS_MAX_AGE: Duration = Duration::from_hours(1);
/// Time for which a new key is published before it signs: twice as long as a copy of the set is used.
pub(crate) const PUBLISHED_BEFORE: Duration = Duration::from_hours(2);
/// Time for which a key is published after its successor took over: far longer than any token lives.
pub(crate) const PUBLISHED_AFTER: Duration = Duration::from_hours(24);

/// Signing key with the time from which it signs.
#[derive(Debug)]
pub(crate) struct TimedKey {
    pub(crate) key: SigningKey,
    pub(crate) signs_from: Timestamp,
}

/// Signing keys of all algorithms, in the order in which they sign. A rotation replaces them.
#[derive(Debug)]
pub(crate) struct Keyring(RwLock<Arc<[TimedKey]>>);

impl Keyring {
    /// Keyring of these keys.
    pub(crate) fn new(mut keys: Vec<TimedKey>) -> Self {
        keys.sort_by_key(|key| key.signs_from);
        Self(RwLock::new(keys.into()))
    }

    /// Takes the keys of another keyring in place of its own.
    pub(crate) fn replace(&self, other: &Self) {
        let keys = other.keys();
        *self.0.write() = keys;
    }

    /// From when the newest keys sign: those of the algorithm whose newest key is the oldest.
    pub(crate) fn newest(&self) -> Timestamp {
        let keys = self.keys();
        let newest = Algorithm::ALL
            .into_iter()
            .filter_map(|algorithm| of(&keys, algorithm).map(|key| key.signs_from).next_back());
        newest.min().unwrap_or(Timestamp::MIN)
    }

    /// Keys that are published at this time.
    pub(crate) fn published(&self, now: Timestamp) -> JwkSet {
        let keys = self.keys();
        let is_published = |key: &&TimedKey| {
            let successor =
                of(&keys, key.key.algorithm()).find(|it| it.signs_from > key.signs_from);
            successor.is_none_or(|successor| {
                let end = successor.signs_from.checked_add(PUBLISHED_AFTER);
                now < end.unwrap_or(Timestamp::MAX)
            })
        };
        JwkSet::new(keys.iter().filter(is_published).map(public).collect())
    }

    /// Every key, also those that are no longer published: a hint may be a token of long ago.
    pub(crate) fn all(&self) -> JwkSet {
        JwkSet::new(self.keys().iter().map(public).collect())
    }

    /// Signs a payload with the key of an algorithm that signs at this time.
    pub(crate) fn sign(
        &self,
        algorithm: Algorithm,
        now: Timestamp,
        typ: &str,
        payload: &[u8],
    ) -> Result<String, AuthError> {
        let keys = self.keys();
        let signing = of(&keys, algorithm).rfind(|key| key.signs_from <= now);
        let signing = signing.or_else(|| of(&keys, algorithm).next()).ok_or(AuthError::Signing)?;
        signing.key.sign(&Header::typed(typ), payload).map_err(|_| AuthError::Signing)
    }

    /// Public half of the key of an algorithm that signs at this time.
    pub(crate) fn signing(&self, algorithm: Algorithm, now: Timestamp) -> Option<Jwk> {
        let keys = self.keys();
        let signing = of(&keys, algorithm).rfind(|key| key.signs_from <= now);
        signing.or_else(|| of(&keys, algorithm).next()).map(public)
    }

    fn keys(&self) -> Arc<[TimedKey]> {
        Arc::clone(&self.0.read())
    }
}

fn of(keys: &[TimedKey], algorithm: Algorithm) -> impl DoubleEndedIterator<Item = &TimedKey> {
    keys.iter().filter(move |key| key.key.algorithm() == algorithm)
}

fn public(key: &TimedKey) -> Jwk {
    key.key.public().clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jose::Jws;
    use kernel::SeededRandomness;

    fn key(seed: u64, signs_from: i64) -> TimedKey {
        let key = SigningKey::generate(Algorithm::EdDsa, &SeededRandomness::new(seed)).unwrap();
        TimedKey { key, signs_from: at(signs_from) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_after_its_successor_does() {
        let (old, new) = (key(1, 0), key(2, 10_000));
        let kids = [&old, &new].map(|key| key.key.public().kid().unwrap().to_owned());
        let keyring = Keyring::new(vec![new, old]);
        let published = |now| {
            let set = keyring.published(at(now));
            set.keys().iter().map(|key| key.kid().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let signs = |now| {
            let token = keyring.sign(Algorithm::EdDsa, at(now), "JWT", b"{}").unwrap();
            Jws::parse(&token).unwrap().header().kid.clone().unwrap()
        };
        assert_eq!(published(1), kids, "the new one is there already");
        assert_eq!(
            (signs(1), signs(9_999), signs(10_000)),
            (kids[0].clone(), kids[0].clone(), kids[1].clone())
        );
        assert_eq!(published(10_000 + 86_399), kids, "the old one is there still");
        assert_eq!(published(10_000 + 86_400), kids[1..]);
        assert_eq!(keyring.all().keys().len(), 2);
    }
}
