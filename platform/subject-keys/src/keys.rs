//! Key store: the keys of data subjects, of which the recently used ones are in memory, and their erasure.

use crate::{
    Erasure, ErasureList, KeyFile, MasterSecret, MemoryKeyFile,
    encryption::TextKey,
    stored_keys::{MasterKey, STORE_ID_BYTES, StoredKeys},
    tree::{PuncturableTree, SEED_BYTES},
};
use kernel::{Randomness, SeededRandomness, Timestamp};
use lru::LruCache;
use parking_lot::Mutex;
use ring::hmac;
use std::{fmt, io, num::NonZeroUsize, str::FromStr, sync::Arc};

/// Keys that are kept in memory, and identifiers of keys likewise: some 5 MiB.
const CACHED_KEYS_MAX: NonZeroUsize = NonZeroUsize::new(4_096).expect("it is not zero");
/// Bytes by which texts of other keys are told.
const TAG_BYTES: usize = 4;
/// Keys that one subject may have had for one purpose: each erasure begins a new one.
const GENERATIONS_MAX: u32 = 10_000;

/// Identifier of a key: a keyed hash of the subject and the purpose. It names nobody to whoever has not the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) u64);

impl KeyId {
    /// Bytes of the identifier.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// Identifier with these bytes.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}

impl FromStr for KeyId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        number.map(Self).ok_or(())
    }
}

/// Encrypted text, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// What was encrypted.
    Text(Vec<u8>),
    /// It was erased, or nobody may read it any more.
    Erased,
    /// It is not what was encrypted with this key for this context.
    Damaged,
}

/// Reasons why keys cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenKeysError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The file is not what was written.
    #[error("the key file is damaged, or of a later release")]
    Damaged,
    /// The file is encrypted under another master key, or under one and none is configured.
    #[error("the key file is encrypted under another master key than the present one")]
    OtherMasterKey,
}

/// Failure of writing the key file or the list of erasures.
#[derive(Debug, thiserror::Error)]
#[error("the key file cannot be written: {0}")]
pub struct WriteKeysError(#[from] io::Error);

/// Key store of a process.
///
/// ```
/// use kernel::SeededRandomness;
/// use std::sync::Arc;
/// use subject_keys::{Erasure, MemoryKeyFile, Opened, SubjectKeys};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let file = Arc::new(MemoryKeyFile::default());
/// let keys = SubjectKeys::open(file, None, &SeededRandomness::new(1))?;
/// let id = keys.id("contact", "ann@example.com");
/// let sealed = keys.encrypt(id, b"letter 1", b"Ann").ok_or("the key is there")?;
/// assert_eq!(keys.decrypt(id, b"letter 1", &sealed), Opened::Text(b"Ann".to_vec()));
///
/// keys.advance_erasures("contact", &[(id, Erasure::Done)])?;
/// assert_eq!(keys.decrypt(id, b"letter 1", &sealed), Opened::Erased);
/// assert_ne!(keys.id("contact", "ann@example.com"), id, "what comes later has another key");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SubjectKeys {
    file: Arc<dyn KeyFile>,
    master: MasterKey,
    /// Beginning of every text that these keys encrypt, so that one of other keys is not taken for a damaged one.
    tag: [u8; TAG_BYTES],
    /// Held while the file is replaced, which is done outside of the lock of the keys.
    writing: Mutex<()>,
    state: Mutex<KeyState>,
}

#[derive(Debug)]
struct KeyState {
    stored: StoredKeys,
    ids: hmac::Key,
    cached_ids: LruCache<String, KeyId>,
    cached_keys: LruCache<KeyId, Arc<TextKey>>,
}

impl SubjectKeys {
    /// Opens the keys in this file, and makes them when there are none. A file that was written without a master key is encrypted
    /// under the present one.
    ///
    /// # Errors
    ///
    /// [`OpenKeysError`], by variant.
    pub fn open(
        file: Arc<dyn KeyFile>,
        master: Option<&MasterSecret>,
        randomness: &dyn Randomness,
    ) -> Result<Self, OpenKeysError> {
        let master = MasterKey::new(master);
        let found =
            file.read()?.map(|content| StoredKeys::decoded(&content, &master)).transpose()?;
        let (stored, is_current) = found.unwrap_or_else(|| (new_keys(randomness), false));
        if !is_current {
            file.replace(&stored.encoded(&master))?;
        }
        let tag = *stored.store_id.first_chunk().expect("an identifier has 16 bytes");
        let state = Mutex::new(KeyState::new(stored));
        Ok(Self { file, master, tag, writing: Mutex::default(), state })
    }

    /// Keys in memory that are the same in every process, for tests.
    pub fn for_tests() -> Self {
        let file = Arc::new(MemoryKeyFile::default());
        Self::open(file, None, &SeededRandomness::new(1)).expect("memory can be written")
    }

    /// Identifier of this set of keys, which other keys do not have; no secret.
    pub fn store_id(&self) -> [u8; STORE_ID_BYTES] {
        self.state.lock().stored.store_id
    }

    /// Identifier of the key with which what concerns a subject is encrypted for a purpose. After an erasure it is another one.
    pub fn id(&self, purpose: &str, subject: &str) -> KeyId {
        let name = name(purpose, subject);
        let mut state = self.state.lock();
        if let Some(id) = state.cached_ids.get(&name) {
            return *id;
        }
        let Some(id) = state.generations(&name).pop() else { return state.id_of(&name, 0) };
        state.cached_ids.put(name, id);
        id
    }

    /// Identifier of the first key that a subject had, whether it is erased or not: that of what was written before anything could
    /// be.
    pub fn first_id(&self, purpose: &str, subject: &str) -> KeyId {
        self.state.lock().id_of(&name(purpose, subject), 0)
    }

    /// Identifiers of the keys with which something of a subject can still be read: those whose erasure is deferred, and at last the
    /// one that is in use.
    pub fn readable_ids(&self, purpose: &str, subject: &str) -> Vec<KeyId> {
        let state = self.state.lock();
        let mut ids = state.generations(&name(purpose, subject));
        ids.retain(|id| matches!(state.stored.erasures.get(*id), None | Some(Erasure::Requested)));
        ids
    }

    /// Encrypts a text for its context, from where it cannot be moved elsewhere. `None` when nobody may read it any more.
    pub fn encrypt(&self, id: KeyId, context: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let key = self.readable_key(id)?;
        Some([&self.tag[..], &key.encrypt(context, text)].concat())
    }

    /// Opens a text that was encrypted for this context.
    pub fn decrypt(&self, id: KeyId, context: &[u8], sealed: &[u8]) -> Opened {
        let Some((tag, sealed)) = sealed.split_first_chunk() else { return Opened::Damaged };
        // Of other keys, which are lost.
        let Some(key) = self.readable_key(id).filter(|_| *tag == self.tag) else {
            return Opened::Erased;
        };
        key.decrypt(context, sealed).map_or(Opened::Damaged, Opened::Text)
    }

    /// Stage of the erasure of what a key encrypts; `None` when it is in use.
    pub fn erasure(&self, id: KeyId) -> Option<Erasure> {
        self.state.lock().stored.erasures.get(id)
    }

    /// All erasures.
    pub fn erasures(&self) -> ErasureList {
        self.state.lock().stored.erasures.clone()
    }

    /// Advances erasures to these stages, together. When this returns they are durable, and keys that are destroyed are in
    /// memory no more. Repeated, it changes nothing.
    ///
    /// # Errors
    ///
    /// [`WriteKeysError`] when the keys cannot be written, and then nothing has changed, or when only the list cannot be.
    pub fn advance_erasures(
        &self,
        purpose: &str,
        to: &[(KeyId, Erasure)],
    ) -> Result<(), WriteKeysError> {
        self.advance(&to.iter().map(|(id, stage)| (*id, purpose, *stage)).collect::<Vec<_>>())
    }

    fn advance(&self, to: &[(KeyId, &str, Erasure)]) -> Result<(), WriteKeysError> {
        let _writing = self.writing.lock();
        let mut stored = self.state.lock().stored.clone();
        let mut has_changed = false;
        for (id, purpose, stage) in to {
            has_changed |= stored.erasures.advance(*id, purpose, *stage);
            if stored.erasures.get(*id) == Some(Erasure::Done) {
                stored.tree.puncture(id.0);
            }
        }
        let list = stored.erasures.to_string();
        if has_changed {
            self.file.replace(&stored.encoded(&self.master))?;
            let mut state = self.state.lock();
            for (id, ..) in to {
                state.cached_keys.pop(id);
            }
            state.cached_ids.clear();
            state.stored = stored;
        }
        // Written once the erasure is done, because it must not name what was not erased; and by a repetition as well, where it
        // could not be written before.
        Ok(self.file.publish_erasures(&list)?)
    }

    /// Applies a list of erasures, which may be newer than these keys.
    ///
    /// # Errors
    ///
    /// Those of [`SubjectKeys::advance_erasures`].
    pub fn apply(&self, list: &ErasureList) -> Result<(), WriteKeysError> {
        let all: Vec<_> = list.0.iter().map(|(id, it)| (*id, &*it.purpose, it.stage)).collect();
        self.advance(&all)
    }

    /// Keys of a purpose whose restriction has ended at this time.
    pub fn due(&self, purpose: &str, now: Timestamp) -> Vec<KeyId> {
        let is_due = |stage| matches!(stage, Erasure::Restricted(until) if until <= now);
        self.state.lock().stored.erasures.of_purpose(purpose, is_due)
    }

    /// Keys of a purpose whose erasure was requested and is deferred.
    pub fn requested(&self, purpose: &str) -> Vec<KeyId> {
        let erasures = &self.state.lock().stored.erasures;
        erasures.of_purpose(purpose, |stage| stage == Erasure::Requested)
    }

    fn readable_key(&self, id: KeyId) -> Option<Arc<TextKey>> {
        let mut state = self.state.lock();
        if matches!(state.stored.erasures.get(id), Some(Erasure::Restricted(_) | Erasure::Done)) {
            return None;
        }
        if let Some(key) = state.cached_keys.get(&id) {
            return Some(Arc::clone(key));
        }
        let key = Arc::new(TextKey::new(&state.stored.tree.leaf(id.0)?));
        state.cached_keys.put(id, Arc::clone(&key));
        Some(key)
    }
}

impl KeyState {
    fn new(stored: StoredKeys) -> Self {
        Self {
            ids: hmac::Key::new(hmac::HMAC_SHA256, &stored.id_secret),
            stored,
            cached_ids: LruCache::new(CACHED_KEYS_MAX),
            cached_keys: LruCache::new(CACHED_KEYS_MAX),
        }
    }

    /// Identifiers of the keys that a subject has had, with the one that is in use at the end.
    fn generations(&self, name: &str) -> Vec<KeyId> {
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

    fn id_of(&self, name: &str, generation: u32) -> KeyId {
        let mut mac = hmac::Context::with_key(&self.ids);
        mac.update(&generation.to_le_bytes());
        mac.update(name.as_bytes());
        KeyId::from_bytes(*mac.sign().as_ref().first_chunk().expect("a MAC has 32 bytes"))
    }
}

/// Name of a subject for a purpose.
fn name(purpose: &str, subject: &str) -> String {
    [purpose, "\0", subject].concat()
}

fn new_keys(randomness: &dyn Randomness) -> StoredKeys {
    let (mut store_id, mut id_secret, mut root) =
        ([0; STORE_ID_BYTES], [0; SEED_BYTES], [0; SEED_BYTES]);
    randomness.fill(&mut store_id);
    randomness.fill(&mut id_secret);
    randomness.fill(&mut root);
    let (tree, erasures) = (PuncturableTree::new(root), ErasureList::default());
    StoredKeys { store_id, id_secret, tree, erasures }
}
