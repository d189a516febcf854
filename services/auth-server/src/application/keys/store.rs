//! Key store: the server's keys at rest, sealed under the master key. They are records and no events, so that they can be sealed anew
//! and deleted.

use super::{
    keyring::{Keyring, PUBLISHED_AFTER, PUBLISHED_BEFORE, TimedKey},
    seal::{KEY_BYTES, SealingKey, derived, digest},
};
use crate::domain::{Rejection, events::KeyEvent, key_trail::KeyTrail};
use jose::{Algorithm, SigningKey, base64url_decode, base64url_encode};
use journal::{ExecuteError, Repository, ServiceStorage};
use kernel::{Ids, Timestamp};
use serde::{Deserialize, Serialize};
use std::{num::NonZeroUsize, sync::Arc, time::Duration};
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

/// Stream of what happened to the signing keys.
pub(crate) const KEYS_STREAM: &str = "keys";
/// Time for which a key is kept after it was published last: hints may be tokens that it signed.
const KEPT: Duration = Duration::from_hours(24 * 90);

/// Key store of a service.
#[derive(Debug)]
pub(crate) struct KeyStore {
    documents: Arc<dyn Documents>,
    trail: Repository<KeyTrail>,
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
        storage: &ServiceStorage,
        ids: Ids,
        configured: Option<&[u8]>,
    ) -> Result<Self, StorageError> {
        let documents = Arc::clone(&storage.documents);
        let journal = Arc::clone(&storage.journal);
        let trail = Repository::new(journal, ids.clone(), NonZeroUsize::MIN);
        let stored = match documents.find(&KEYS, MASTER).await? {
            None => None,
            Some(stored) => {
                let stored: StoredMaster = decoded(MASTER, &stored.body)?;
                Some(base64url_decode(&stored.key).map_err(|_| corrupt(MASTER))?)
            }
        };
        match (configured, stored) {
            (Some(configured), None) => {
                Ok(Self { documents, trail, ids, master: MasterKey::new(configured) })
            }
            (Some(configured), Some(stored)) => {
                let old = Self { documents, trail, ids, master: MasterKey::new(&stored) };
                old.seal_anew(MasterKey::new(configured)).await
            }
            (None, Some(stored)) => {
                Ok(Self { documents, trail, ids, master: MasterKey::new(&stored) })
            }
            (None, None) if documents.scan(&KEYS, None, 1).await?.is_empty() => {
                let mut secret = [0; KEY_BYTES];
                ids.randomness().fill(&mut secret);
                let stored = StoredMaster { key: base64url_encode(secret) };
                let store = Self { documents, trail, ids, master: MasterKey::new(&secret) };
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
        let is_old = |key: &&TimedKey| at_once || is_forgotten(key, &old, now);
        let deletes = old.iter().filter(is_old).map(|key| delete(&document_key(&key.key)));
        let mut writes: Vec<Write> = deletes.collect();
        for algorithm in SIGNING_ALGORITHMS {
            writes.push(self.put_key(&self.new_key(algorithm, signs_from).await?)?);
        }
        let rotated = |_: Option<&KeyTrail>| {
            Ok::<_, Rejection>(vec![KeyEvent::KeysRotated { at_once, signs_from, at: now }])
        };
        let appended = self.trail.execute(KEYS_STREAM, rotated, |_| writes.clone()).await;
        let appended = appended.map_err(|error| match error {
            ExecuteError::Storage(error) => error,
            ExecuteError::Rejected(rejection) => StorageError::Unavailable(rejection.to_string()),
        })?;
        let flushed = appended.commit().wait().await;
        flushed.map_err(|error| StorageError::Unavailable(error.to_string()))?;
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

/// Whether a key has not been published for so long that nobody will show a token that it signed.
fn is_forgotten(key: &TimedKey, keys: &[TimedKey], now: Timestamp) -> bool {
    let is_successor = |other: &&TimedKey| {
        other.key.algorithm() == key.key.algorithm() && other.signs_from > key.signs_from
    };
    let succeeded = keys.iter().filter(is_successor).map(|other| other.signs_from).min();
    let end = succeeded.and_then(|from| from.checked_add(PUBLISHED_AFTER + KEPT).ok());
    end.is_some_and(|end| now >= end)
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
mod tests;
