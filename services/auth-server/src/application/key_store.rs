//! Key store: the server's keys at rest, sealed under the master key. They are records and no events, so that they can be sealed anew
//! and deleted.

use super::{
    keyring::{Keyring, PUBLISHED_BEFORE, TimedKey},
    seal::{KEY_BYTES, SealingKey, derived, digest},
};
use jose::{Algorithm, SigningKey, base64url_decode, base64url_encode};
use kernel::{Ids, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use storage::{Collection, Document, Documents, QUERY_DOCUMENTS_MAX, StorageError, Write};

/// Sealed keys, and the master key where none is configured.
static KEYS: Collection = Collection { name: "keys", indexes: &[] };

/// Algorithms that this server signs with.
const SIGNING_ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

/// Key of the document with the master key that the shop made itself.
const MASTER: &str = "master";
/// Key of the document with the root of all symmetric keys.
const ROOT: &str = "root";
/// Prefix of the documents with signing keys.
const SIGNING: &str = "signing-";

/// Key store of a service.
#[derive(Debug)]
pub(crate) struct KeyStore {
    documents: Arc<dyn Documents>,
    ids: Ids,
    master: MasterKey,
}

/// Master key: seals the others.
#[derive(Debug)]
struct MasterKey {
    id: String,
    key: SealingKey,
}

/// Master key as it is stored when none is configured.
#[derive(Serialize, Deserialize)]
struct StoredMaster {
    key: String,
}

/// Sealed key.
#[derive(Serialize, Deserialize)]
struct SealedKey {
    /// Identifier of the master key.
    sealed_by: String,
    sealed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    algorithm: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs_from: Option<Timestamp>,
}

impl MasterKey {
    /// From any secret: its strength is that of the secret.
    fn new(secret: &[u8]) -> Self {
        let key = derived(secret, "master");
        Self {
            id: digest(derived(secret, "master-id"))[..16].to_owned(),
            key: SealingKey::new(&key),
        }
    }
}

impl KeyStore {
    /// Opens the store. Without a configured master key the shop makes one and keeps it beside what it seals; with one, what is
    /// sealed under the shop's own is sealed anew, and that is deleted.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; [`StorageError::Corrupt`] when there are keys and the master key under which they were sealed is missing.
    pub(crate) async fn open(
        documents: Arc<dyn Documents>,
        ids: Ids,
        configured: Option<&[u8]>,
    ) -> Result<Self, StorageError> {
        let stored = match documents.find(&KEYS, MASTER).await? {
            None => None,
            Some(stored) => {
                let stored: StoredMaster = decoded(MASTER, &stored.body)?;
                Some(base64url_decode(&stored.key).map_err(|_| corrupt(MASTER))?)
            }
        };
        match (configured, stored) {
            (Some(configured), None) => {
                Ok(Self { documents, ids, master: MasterKey::new(configured) })
            }
            (Some(configured), Some(stored)) => {
                let old = Self { documents, ids, master: MasterKey::new(&stored) };
                old.seal_anew(MasterKey::new(configured)).await
            }
            (None, Some(stored)) => Ok(Self { documents, ids, master: MasterKey::new(&stored) }),
            (None, None) if documents.scan(&KEYS, None, 1).await?.is_empty() => {
                let mut secret = [0; KEY_BYTES];
                ids.randomness().fill(&mut secret);
                let stored = StoredMaster { key: base64url_encode(secret) };
                let store = Self { documents, ids, master: MasterKey::new(&secret) };
                store.write(vec![put(MASTER.to_owned(), &stored)?]).await?;
                Ok(store)
            }
            (None, None) => {
                let reason = "the keys are sealed under a master key, and none is configured";
                Err(StorageError::Corrupt(reason.to_owned()))
            }
        }
    }

    /// Root of the symmetric keys; made when there is none.
    pub(crate) async fn root(&self) -> Result<Vec<u8>, StorageError> {
        if let Some(stored) = self.documents.find(&KEYS, ROOT).await? {
            return self.opened(ROOT, &decoded(ROOT, &stored.body)?);
        }
        let mut root = [0; KEY_BYTES];
        self.ids.randomness().fill(&mut root);
        self.write(vec![put(ROOT.to_owned(), &self.sealed(ROOT, &root, None))?]).await?;
        Ok(root.to_vec())
    }

    /// The signing keys; the first of each algorithm is made when there is none, and signs at once.
    pub(crate) async fn keyring(&self) -> Result<Keyring, StorageError> {
        let mut keys = self.signing_keys().await?;
        let mut writes = Vec::new();
        for algorithm in SIGNING_ALGORITHMS {
            if !keys.iter().any(|key| key.key.algorithm() == algorithm) {
                let key = self.new_key(algorithm, self.ids.now()).await?;
                writes.push(self.put_key(&key)?);
                keys.push(key);
            }
        }
        self.write(writes).await?;
        Ok(Keyring::new(keys))
    }

    /// Rotates the signing keys: a new one of each algorithm, which is published now and signs later; or, in an emergency, signs at
    /// once, while the old ones and whatever they signed are void. Returns from when they sign.
    pub(crate) async fn rotate(&self, at_once: bool) -> Result<Timestamp, StorageError> {
        let (old, now) = (self.signing_keys().await?, self.ids.now());
        let later = now.checked_add(PUBLISHED_BEFORE).unwrap_or(Timestamp::MAX);
        let signs_from = if at_once { now } else { later };
        let mut writes = Vec::new();
        if at_once {
            writes.extend(old.iter().map(|key| delete(&document_key(&key.key))));
        }
        for algorithm in SIGNING_ALGORITHMS {
            writes.push(self.put_key(&self.new_key(algorithm, signs_from).await?)?);
        }
        self.write(writes).await?;
        Ok(signs_from)
    }

    async fn new_key(
        &self,
        algorithm: Algorithm,
        signs_from: Timestamp,
    ) -> Result<TimedKey, StorageError> {
        let randomness = Arc::clone(self.ids.randomness());
        // An RSA key takes a while.
        let generate = move || SigningKey::generate(algorithm, &*randomness);
        let key = tokio::task::spawn_blocking(generate).await.ok().and_then(Result::ok);
        let key =
            key.ok_or_else(|| StorageError::Unavailable("no key could be made".to_owned()))?;
        Ok(TimedKey { key, signs_from })
    }

    async fn signing_keys(&self) -> Result<Vec<TimedKey>, StorageError> {
        let mut keys = Vec::new();
        for (name, sealed) in self.sealed_keys().await? {
            let Some(algorithm) = &sealed.algorithm else { continue };
            let algorithm = Algorithm::of_name(algorithm).ok_or_else(|| corrupt(&name))?;
            let encoded = self.opened(&name, &sealed)?;
            let key = SigningKey::decode(algorithm, &encoded).map_err(|_| corrupt(&name))?;
            keys.push(TimedKey { key, signs_from: sealed.signs_from.unwrap_or(Timestamp::MIN) });
        }
        Ok(keys)
    }

    /// All sealed keys, by the keys of their documents.
    async fn sealed_keys(&self) -> Result<Vec<(String, SealedKey)>, StorageError> {
        let mut keys = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.documents.scan(&KEYS, after.as_deref(), QUERY_DOCUMENTS_MAX).await?;
            let Some(last) = page.last() else { return Ok(keys) };
            after = Some(last.key.clone());
            for document in page.into_iter().filter(|document| document.key != MASTER) {
                let sealed = decoded(&document.key, &document.body)?;
                keys.push((document.key, sealed));
            }
        }
    }

    async fn seal_anew(self, master: MasterKey) -> Result<Self, StorageError> {
        let keys = self.sealed_keys().await?;
        let opened: Result<Vec<_>, _> = keys
            .into_iter()
            .map(|(name, sealed)| Ok((self.opened(&name, &sealed)?, name, sealed)))
            .collect::<Result<_, StorageError>>();
        let store = Self { master, ..self };
        let mut writes = vec![delete(MASTER)];
        for (key, name, old) in opened? {
            let sealed = store.sealed(&name, &key, None);
            let sealed =
                SealedKey { algorithm: old.algorithm, signs_from: old.signs_from, ..sealed };
            writes.push(put(name, &sealed)?);
        }
        store.write(writes).await?;
        Ok(store)
    }

    fn put_key(&self, key: &TimedKey) -> Result<Write, StorageError> {
        let name = document_key(&key.key);
        let sealed = self.sealed(&name, key.key.encoded(), Some(key));
        put(name, &sealed)
    }

    fn sealed(&self, name: &str, key: &[u8], timed: Option<&TimedKey>) -> SealedKey {
        let sealed = self.master.key.seal(name, key, &**self.ids.randomness());
        SealedKey {
            sealed_by: self.master.id.clone(),
            sealed: base64url_encode(sealed),
            algorithm: timed.map(|it| it.key.algorithm().name().to_owned()),
            signs_from: timed.map(|it| it.signs_from),
        }
    }

    fn opened(&self, name: &str, sealed: &SealedKey) -> Result<Vec<u8>, StorageError> {
        if sealed.sealed_by != self.master.id {
            let reason = format!("{name} was sealed under another master key than the present one");
            return Err(StorageError::Corrupt(reason));
        }
        let bytes = base64url_decode(&sealed.sealed).map_err(|_| corrupt(name))?;
        self.master.key.open(name, &bytes).ok_or_else(|| corrupt(name))
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        if writes.is_empty() {
            return Ok(());
        }
        let commit = self.documents.write(writes).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

fn document_key(key: &SigningKey) -> String {
    [SIGNING, &key.public().thumbprint()].concat()
}

fn put(key: String, value: &impl Serialize) -> Result<Write, StorageError> {
    let body =
        serde_json::to_vec(value).map_err(|error| StorageError::Corrupt(error.to_string()))?;
    let document = Document { key, body: body.into(), fields: Vec::new() };
    Ok(Write::Put { collection: &KEYS, document })
}

fn delete(key: &str) -> Write {
    Write::Delete { collection: &KEYS, key: key.to_owned() }
}

fn decoded<'a, T: Deserialize<'a>>(name: &str, body: &'a [u8]) -> Result<T, StorageError> {
    serde_json::from_slice(body).map_err(|_| corrupt(name))
}

fn corrupt(name: &str) -> StorageError {
    StorageError::Corrupt(format!("the key {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_memory::MemoryEngine;
    use kernel::{ManualClock, SeededRandomness};

    struct World {
        documents: Arc<dyn Documents>,
        ids: Ids,
    }

    impl World {
        fn new() -> Self {
            let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
            let ids = Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(1)));
            Self { documents: MemoryEngine::new().service("auth-server").documents, ids }
        }

        async fn open(&self, master: Option<&[u8]>) -> Result<KeyStore, StorageError> {
            KeyStore::open(Arc::clone(&self.documents), self.ids.clone(), master).await
        }

        async fn stored(&self) -> String {
            let documents = self.documents.scan(&KEYS, None, 100).await.unwrap();
            documents.iter().map(|it| String::from_utf8_lossy(&it.body).into_owned()).collect()
        }
    }

    #[tokio::test]
    async fn keys_are_made_once_and_are_the_same_after_a_restart() {
        let world = World::new();
        let (root, keys) = {
            let store = world.open(None).await.unwrap();
            (store.root().await.unwrap(), store.keyring().await.unwrap().all())
        };
        assert_eq!(keys.keys().len(), 3);
        let store = world.open(None).await.unwrap();
        assert_eq!(store.root().await.unwrap(), root);
        let mut after: Vec<_> = store.keyring().await.unwrap().all().keys().to_vec();
        let mut before = keys.keys().to_vec();
        for keys in [&mut before, &mut after] {
            keys.sort_by_key(|key| key.kid().map(ToOwned::to_owned));
        }
        assert_eq!(before, after);
    }

    #[tokio::test]
    async fn with_a_master_key_nothing_at_rest_opens_the_keys() {
        let world = World::new();
        let store = world.open(Some(b"a secret of an operator")).await.unwrap();
        let root = store.root().await.unwrap();
        store.keyring().await.unwrap();
        assert!(!world.stored().await.contains(r#"{"key":"#), "no master key is stored");
        assert!(!world.stored().await.contains(&base64url_encode(&root)));
        let other = world.open(Some(b"another")).await.unwrap();
        assert!(matches!(other.root().await, Err(StorageError::Corrupt(_))));
        assert!(other.keyring().await.is_err());
        assert!(matches!(world.open(None).await, Err(StorageError::Corrupt(_))));
        let right = world.open(Some(b"a secret of an operator")).await.unwrap();
        assert_eq!(right.root().await.unwrap(), root, "nothing was changed in between");
    }

    #[tokio::test]
    async fn a_master_key_that_comes_later_seals_everything_anew() {
        let world = World::new();
        let store = world.open(None).await.unwrap();
        let root = store.root().await.unwrap();
        store.keyring().await.unwrap();
        let later = world.open(Some(b"later")).await.unwrap();
        assert_eq!(later.root().await.unwrap(), root);
        assert_eq!(later.keyring().await.unwrap().all().keys().len(), 3);
        assert!(!world.stored().await.contains(r#"{"key":"#), "the shop's own is gone");
        let again = world.open(Some(b"later")).await.unwrap();
        assert_eq!(again.root().await.unwrap(), root);
    }

    #[tokio::test]
    async fn a_rotation_publishes_first_and_an_emergency_drops_the_old_keys() {
        let world = World::new();
        let store = world.open(None).await.unwrap();
        store.keyring().await.unwrap();
        let signs_from = store.rotate(false).await.unwrap();
        assert_eq!(signs_from.as_second(), 7_200);
        let keyring = store.keyring().await.unwrap();
        assert_eq!(keyring.published(world.ids.now()).keys().len(), 6);
        store.rotate(true).await.unwrap();
        let keyring = store.keyring().await.unwrap();
        assert_eq!(keyring.published(world.ids.now()).keys().len(), 3);
        assert_eq!(keyring.all().keys().len(), 3);
    }
}
