//! State of the key store in memory: the stored keys, and the recently used ones that follow from them.

use crate::{Erasure, KeyId, encryption::TextKey, stored_keys::StoredKeys};
use lru::LruCache;
use ring::hmac;
use std::{num::NonZeroUsize, sync::Arc};

/// Keys that are kept in memory, and identifiers of keys likewise: some 5 MiB.
const CACHED_KEYS_MAX: NonZeroUsize = NonZeroUsize::new(4_096).expect("it is not zero");
/// Keys that one subject may have had for one purpose: each erasure begins a new one.
const GENERATIONS_MAX: u32 = 10_000;
/// Bytes of a secret that is derived for another purpose.
pub(crate) const SECRET_BYTES: usize = 32;

/// Keys, and what was derived from them.
#[derive(Debug)]
pub(crate) struct KeyState {
    pub(crate) stored: StoredKeys,
    ids: hmac::Key,
    pub(crate) cached_ids: LruCache<String, KeyId>,
    cached_keys: LruCache<KeyId, Arc<TextKey>>,
}

impl KeyState {
    pub(crate) fn new(stored: StoredKeys) -> Self {
        Self {
            ids: hmac::Key::new(hmac::HMAC_SHA256, &stored.id_secret),
            stored,
            cached_ids: LruCache::new(CACHED_KEYS_MAX),
            cached_keys: LruCache::new(CACHED_KEYS_MAX),
        }
    }

    /// Key, if the stage of its erasure allows what is going to be done with it.
    pub(crate) fn key(
        &mut self,
        id: KeyId,
        is_allowed: impl Fn(Option<Erasure>) -> bool,
    ) -> Option<Arc<TextKey>> {
        if !is_allowed(self.stored.erasures.get(id)) {
            return None;
        }
        if let Some(key) = self.cached_keys.get(&id) {
            return Some(Arc::clone(key));
        }
        let key = Arc::new(TextKey::new(&self.stored.tree.leaf(id.0)?));
        self.cached_keys.put(id, Arc::clone(&key));
        Some(key)
    }

    /// Identifiers of the keys that a subject has had, with the one that is in use at the end.
    pub(crate) fn generations(&self, name: &str) -> Vec<KeyId> {
        let mut ids = Vec::new();
        for generation in 0..GENERATIONS_MAX {
            let id = self.id_of(name, generation);
            ids.push(id);
            if self.stored.erasures.get(id).is_none() {
                break;
            }
        }
        ids
    }

    pub(crate) fn id_of(&self, name: &str, generation: u32) -> KeyId {
        let mut mac = hmac::Context::with_key(&self.ids);
        mac.update(&generation.to_le_bytes());
        mac.update(name.as_bytes());
        KeyId::from_bytes(*mac.sign().as_ref().first_chunk().expect("a MAC has 32 bytes"))
    }

    /// Secret for another purpose than keys of subjects, which follows from that of their identifiers.
    pub(crate) fn derived(&self, purpose: &str) -> [u8; SECRET_BYTES] {
        let mut mac = hmac::Context::with_key(&self.ids);
        // Not the generation of any key.
        mac.update(&u32::MAX.to_le_bytes());
        mac.update(purpose.as_bytes());
        *mac.sign().as_ref().first_chunk().expect("a MAC has 32 bytes")
    }
}

/// Name of a subject for a purpose.
pub(crate) fn name(purpose: &str, subject: &str) -> String {
    [purpose, "\0", subject].concat()
}
