//! Stored keys: the content of the key file, encrypted under the master key. Without a master key it is encrypted under its own
//! public identifier, which tells damage and hides nothing.

use crate::{
    Erasure, ErasureList, KeyId, MasterSecret, OpenKeysError,
    encryption::{TextKey, derived},
    erasure::{Advance, PurposeErasure},
    tree::{PuncturableTree, SEED_BYTES, Seed, StoredNode},
};
use minicbor::{Decode, Encode, bytes::ByteArray};

/// Beginning of the file: what it is, and the format.
const MAGIC: &[u8; 8] = b"ICKEYS 1";
/// Bytes of the identifier of the keys.
pub const STORE_ID_BYTES: usize = 16;
/// Bytes of the identifier of the master key; all 0 for none.
const MASTER_ID_BYTES: usize = 8;
const HEADER_BYTES: usize = MAGIC.len() + STORE_ID_BYTES + MASTER_ID_BYTES;

/// Keys of a process, as they are stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredKeys {
    /// Identifier of this set of keys, and no secret.
    pub(crate) store_id: [u8; STORE_ID_BYTES],
    /// Secret of the identifiers of keys.
    pub(crate) id_secret: Seed,
    pub(crate) tree: PuncturableTree,
    pub(crate) erasures: ErasureList,
}

#[derive(Encode, Decode)]
struct KeyFileContent {
    #[n(0)]
    id_secret: ByteArray<SEED_BYTES>,
    #[n(1)]
    nodes: Vec<StoredNode>,
    #[n(2)]
    erasures: Vec<StoredErasure>,
}

#[derive(Encode, Decode)]
struct StoredErasure {
    #[n(0)]
    id: u64,
    #[n(1)]
    purpose: String,
    #[n(2)]
    stage: Erasure,
}

/// Master key of the key file: from a secret of any length, whose strength it has.
#[derive(Debug)]
pub(crate) struct MasterKey {
    id: [u8; MASTER_ID_BYTES],
    key: Option<TextKey>,
}

impl MasterKey {
    pub(crate) fn new(secret: Option<&MasterSecret>) -> Self {
        let Some(secret) = secret.map(MasterSecret::expose) else {
            return Self { id: [0; MASTER_ID_BYTES], key: None };
        };
        let id = derived(secret, b"subject-keys master id");
        Self {
            id: *id.first_chunk().expect("it has 32 bytes"),
            key: Some(TextKey::new(&derived(secret, b"subject-keys master"))),
        }
    }
}

/// Identifier of the keys in a file; `None` when it is no key file.
pub fn store_id_of(file: &[u8]) -> Option<[u8; STORE_ID_BYTES]> {
    file.strip_prefix(MAGIC)?.first_chunk().copied()
}

impl StoredKeys {
    /// Advances erasures, and destroys the keys whose erasure is done; whether anything has changed.
    pub(crate) fn advance(&mut self, to: &[Advance<'_>]) -> bool {
        let mut has_changed = false;
        for (id, purpose, stage) in to {
            has_changed |= self.erasures.advance(*id, purpose, *stage);
            if self.erasures.get(*id) == Some(Erasure::Done) {
                self.tree.puncture(id.0);
            }
        }
        has_changed
    }

    /// Content of the file.
    pub(crate) fn encoded(&self, master: &MasterKey) -> Vec<u8> {
        let stored = |(id, erasure): (&KeyId, &PurposeErasure)| {
            let PurposeErasure { purpose, stage } = erasure.clone();
            StoredErasure { id: id.0, purpose, stage }
        };
        let content = KeyFileContent {
            id_secret: ByteArray::from(self.id_secret),
            nodes: self.tree.stored(),
            erasures: self.erasures.0.iter().map(stored).collect(),
        };
        let content = kernel::cbor::to_vec(&content).expect("plain data can be encoded");
        let header = [&MAGIC[..], &self.store_id, &master.id].concat();
        let own = own_key(&self.store_id);
        let sealed = master.key.as_ref().unwrap_or(&own).encrypt(&header, &content);
        [header, sealed].concat()
    }

    /// Keys of a file, and whether they were encrypted under this master key. Those of a file without a master key are read as
    /// well: it was configured later.
    pub(crate) fn decoded(file: &[u8], master: &MasterKey) -> Result<(Self, bool), OpenKeysError> {
        let (header, sealed) = file.split_at_checked(HEADER_BYTES).ok_or(OpenKeysError::Damaged)?;
        let (magic, ids) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(OpenKeysError::Damaged);
        }
        let (store_id, master_id) = ids.split_at(STORE_ID_BYTES);
        let store_id = store_id.try_into().map_err(|_| OpenKeysError::Damaged)?;
        let own = own_key(&store_id);
        let key = match &master.key {
            _ if master_id == [0; MASTER_ID_BYTES] => &own,
            Some(key) if master_id == master.id => key,
            _ => return Err(OpenKeysError::OtherMasterKey),
        };
        let content = key.decrypt(header, sealed).ok_or(OpenKeysError::Damaged)?;
        let KeyFileContent { id_secret, nodes, erasures } =
            kernel::cbor::from_slice(&content).map_err(|_| OpenKeysError::Damaged)?;
        let erasure =
            |StoredErasure { id, purpose, stage }| (KeyId(id), PurposeErasure { purpose, stage });
        let erasures = erasures.into_iter().map(erasure).collect();
        let keys = Self {
            store_id,
            id_secret: id_secret.into(),
            tree: PuncturableTree::restored(nodes).ok_or(OpenKeysError::Damaged)?,
            erasures: ErasureList(erasures),
        };
        Ok((keys, master_id == master.id))
    }
}

fn own_key(store_id: &[u8; STORE_ID_BYTES]) -> TextKey {
    TextKey::new(&derived(store_id, b"subject-keys without a master key"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    fn keys() -> StoredKeys {
        let mut keys = StoredKeys {
            store_id: [1; STORE_ID_BYTES],
            id_secret: [2; SEED_BYTES],
            tree: PuncturableTree::new([3; SEED_BYTES]),
            erasures: ErasureList::default(),
        };
        keys.tree.puncture(9);
        keys.erasures.advance(KeyId(9), "contact", Erasure::Done);
        let until = Erasure::Restricted(Timestamp::UNIX_EPOCH);
        keys.erasures.advance(KeyId(8), "contact", until);
        keys
    }

    #[test]
    fn keys_are_read_under_the_master_key_that_they_were_written_under() {
        let secret = MasterSecret::new(b"a secret of an operator");
        let masters = [None, Some(&secret)].map(MasterKey::new);
        for master in &masters {
            let file = keys().encoded(master);
            let (read, is_current) = StoredKeys::decoded(&file, master).unwrap();
            assert!(is_current);
            assert_eq!((read.tree, read.erasures), (keys().tree, keys().erasures));
            assert_eq!((read.store_id, read.id_secret), (keys().store_id, keys().id_secret));
        }
        let [none, some] = masters;
        let (_, is_current) = StoredKeys::decoded(&keys().encoded(&none), &some).unwrap();
        assert!(!is_current, "a master key that came later");
        let file = keys().encoded(&some);
        for other in [MasterKey::new(None), MasterKey::new(Some(&MasterSecret::new(b"another")))] {
            let read = StoredKeys::decoded(&file, &other);
            assert!(matches!(read, Err(OpenKeysError::OtherMasterKey)));
        }
        assert!(!file.windows(32).any(|bytes| bytes == [2; 32]), "the secret is not in it");
    }

    #[test]
    fn neither_a_destroyed_leaf_nor_what_it_follows_from_is_stored() {
        let whole = PuncturableTree::new([3; SEED_BYTES]);
        let file = keys().encoded(&MasterKey::new(None));
        let (header, sealed) = file.split_at(HEADER_BYTES);
        let content = own_key(&keys().store_id).decrypt(header, sealed).unwrap();
        let has = |seed: &Seed| content.windows(SEED_BYTES).any(|bytes| bytes == seed);
        // The leaf beside it is a node of its own now.
        assert!(has(&whole.leaf(8).unwrap()));
        assert!(!has(&whole.leaf(9).unwrap()) && !has(&[3; SEED_BYTES]));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let master = MasterKey::new(None);
        let file = keys().encoded(&master);
        for at in 0..HEADER_BYTES + 40 {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(StoredKeys::decoded(&changed, &master).is_err(), "{at}");
            assert!(StoredKeys::decoded(&file[..at], &master).is_err(), "{at}");
        }
    }
}
