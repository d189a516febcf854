//! Key store: the keys of data subjects, of which the recently used ones are in memory, and their erasure.

use crate::{
    Erasure, ErasureList, InvalidErasureList, KeyFile, KeyId, MasterSecret, MemoryKeyFile,
    erasure::Advance,
    key_state::{KeyState, SECRET_BYTES, name},
    stored_keys::{MasterKey, STORE_ID_BYTES, StoredKeys},
    tree::{PuncturableTree, SEED_BYTES},
};
use kernel::{Randomness, SeededRandomness, Timestamp};
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use std::{io, sync::Arc};

/// Bytes by which texts of other keys are told.
const TAG_BYTES: usize = 4;

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
    /// The list of erasures is not what was written. Without it, somebody who was erased could be read again.
    #[error("the list of erasures is damaged: {0}")]
    DamagedList(#[from] InvalidErasureList),
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
    /// Held while the files are replaced, which is done outside of the lock of the keys.
    files: Mutex<FileState>,
    /// Shared by whoever stores what these keys encrypt, and exclusive while an erasure advances.
    in_use: RwLock<()>,
    state: Mutex<KeyState>,
}

/// Shared lock of the keys: no erasure advances while it is held. So whatever was encrypted is stored before an erasure looks for it.
#[derive(Debug)]
pub struct KeysInUse<'a>(#[expect(dead_code, reason = "it is held")] RwLockReadGuard<'a, ()>);

/// What the files have of the erasures.
#[derive(Debug)]
struct FileState {
    /// List of erasures as it was published.
    list: String,
    /// Whether the list has erasures that the key file lacks.
    is_list_ahead: bool,
}

impl SubjectKeys {
    /// Opens the keys in this file, and makes them when there are none. A file that was written without a master key is encrypted
    /// under the present one, and one that is older than the list of erasures catches up with it.
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
        let published = file.read_erasures()?.unwrap_or_default();
        let newer: ErasureList = published.parse()?;
        let (mut stored, mut is_current) = found.unwrap_or_else(|| (new_keys(randomness), false));
        is_current &= !stored.advance(&newer.advances());
        if !is_current {
            file.replace(&stored.encoded(&master))?;
        }
        let list = stored.erasures.to_string();
        if list != published {
            file.publish_erasures(&list)?;
        }
        let files = Mutex::new(FileState { list, is_list_ahead: false });
        let tag = *stored.store_id.first_chunk().expect("an identifier has 16 bytes");
        let state = Mutex::new(KeyState::new(stored));
        Ok(Self { file, master, tag, files, in_use: RwLock::default(), state })
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

    /// Secret for another purpose than keys of subjects: the same for everybody who has these keys, whatever was erased, and of no
    /// use to find any of them. It is not to be printed.
    pub fn derived_secret(&self, purpose: &str) -> [u8; SECRET_BYTES] {
        self.state.lock().derived(purpose)
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

    /// Keeps erasures from advancing, until what is encrypted meanwhile is stored.
    pub fn use_keys(&self) -> KeysInUse<'_> {
        KeysInUse(self.in_use.read())
    }

    /// Encrypts a text for its context, from where it cannot be moved elsewhere. `None` when the key is given up, however far its
    /// erasure is: what is written now belongs to nobody who asked for it.
    pub fn encrypt(&self, id: KeyId, context: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let key = self.state.lock().key(id, |stage| stage.is_none())?;
        Some([&self.tag[..], &key.encrypt(context, text)].concat())
    }

    /// Encrypts a text that was stored before, as plaintext: with any key that is not destroyed, because what is kept of somebody for a
    /// time is kept under the key that is destroyed then. `None` when it is destroyed.
    pub fn encrypt_stored(&self, id: KeyId, context: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let key = self.state.lock().key(id, |stage| stage != Some(Erasure::Done))?;
        Some([&self.tag[..], &key.encrypt(context, text)].concat())
    }

    /// Opens what [`SubjectKeys::encrypt_stored`] has encrypted, also with a key that nobody reads with any more: to verify it before the
    /// plaintext goes.
    pub fn decrypt_stored(&self, id: KeyId, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let key = self.state.lock().key(id, |stage| stage != Some(Erasure::Done))?;
        key.decrypt(context, sealed.strip_prefix(&self.tag)?)
    }

    /// Opens a text that was encrypted for this context.
    pub fn decrypt(&self, id: KeyId, context: &[u8], sealed: &[u8]) -> Opened {
        let Some((tag, sealed)) = sealed.split_first_chunk() else { return Opened::Damaged };
        let is_readable = |stage| matches!(stage, None | Some(Erasure::Requested));
        let key = self.state.lock().key(id, is_readable);
        // Of other keys, which are lost.
        let Some(key) = key.filter(|_| *tag == self.tag) else {
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

    /// Requests erasures: nothing new is encrypted with these keys. When this returns the requests are durable, in the list of
    /// erasures alone; the key file has them with the next stage. Repeated, it changes nothing.
    ///
    /// # Errors
    ///
    /// [`WriteKeysError`] when the list cannot be written, and then nothing has changed.
    pub fn request_erasures(&self, purpose: &str, ids: &[KeyId]) -> Result<(), WriteKeysError> {
        let mut files = self.files.lock();
        let mut stored = self.state.lock().stored.clone();
        let requests: Vec<_> = ids.iter().map(|id| (*id, purpose, Erasure::Requested)).collect();
        if !stored.advance(&requests) {
            return Ok(());
        }
        self.publish(&mut files, &stored)?;
        files.is_list_ahead = true;
        self.use_from_now_on(stored);
        Ok(())
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

    fn advance(&self, to: &[Advance<'_>]) -> Result<(), WriteKeysError> {
        let mut files = self.files.lock();
        let mut stored = self.state.lock().stored.clone();
        let has_changed = stored.advance(to);
        if has_changed || files.is_list_ahead {
            self.file.replace(&stored.encoded(&self.master))?;
            files.is_list_ahead = false;
            self.use_from_now_on(stored.clone());
        }
        // Written once the erasure is done, because it must not name what was not erased; and by a repetition as well, where it
        // could not be written before.
        self.publish(&mut files, &stored)
    }

    /// Publishes the list of erasures, unless it is published.
    fn publish(&self, files: &mut FileState, stored: &StoredKeys) -> Result<(), WriteKeysError> {
        let list = stored.erasures.to_string();
        if files.list != list {
            self.file.publish_erasures(&list)?;
            files.list = list;
        }
        Ok(())
    }

    /// Uses other keys, once nobody is storing what the present ones encrypt.
    fn use_from_now_on(&self, stored: StoredKeys) {
        let _nobody_stores = self.in_use.write();
        *self.state.lock() = KeyState::new(stored);
    }

    /// Applies a list of erasures, which may be newer than these keys.
    ///
    /// # Errors
    ///
    /// Those of [`SubjectKeys::advance_erasures`].
    pub fn apply(&self, list: &ErasureList) -> Result<(), WriteKeysError> {
        self.advance(&list.advances())
    }

    /// Keys of a purpose whose restriction has ended at this time.
    pub fn due(&self, purpose: &str, now: Timestamp) -> Vec<KeyId> {
        let is_due = |stage| matches!(stage, Erasure::Restricted(until) if until <= now);
        self.state.lock().stored.erasures.of_purpose(purpose, is_due)
    }

    /// Keys of a purpose with which nobody reads any more: destroyed, or restricted.
    pub fn erased(&self, purpose: &str) -> Vec<KeyId> {
        let erasures = &self.state.lock().stored.erasures;
        erasures.of_purpose(purpose, |stage| stage != Erasure::Requested)
    }

    /// Keys of a purpose whose erasure was requested and is deferred.
    pub fn requested(&self, purpose: &str) -> Vec<KeyId> {
        let erasures = &self.state.lock().stored.erasures;
        erasures.of_purpose(purpose, |stage| stage == Erasure::Requested)
    }
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
