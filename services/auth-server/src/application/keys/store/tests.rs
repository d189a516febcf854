//! Key store: at rest, after a restart, under another master key, and rotated.

use super::*;
use engine_memory::MemoryEngine;
use kernel::{ManualClock, SeededRandomness};

struct World {
    storage: ServiceStorage,
    clock: Arc<ManualClock>,
    ids: Ids,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        Self { storage: MemoryEngine::new().service("auth-server"), clock, ids }
    }

    async fn open(&self, master: Option<&[u8]>) -> Result<KeyStore, StorageError> {
        KeyStore::open(&self.storage, self.ids.clone(), master).await
    }

    async fn stored(&self) -> String {
        let documents = self.storage.documents.scan(&KEYS, None, 100).await.unwrap();
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

#[tokio::test]
async fn a_key_is_forgotten_long_after_it_was_published_last() {
    let world = World::new();
    let store = world.open(None).await.unwrap();
    store.keyring().await.unwrap();
    store.rotate(false).await.unwrap();
    // The first keys are published for a day after the second ones sign, which they do after two hours.
    let kept = PUBLISHED_BEFORE + PUBLISHED_AFTER + KEPT;
    world.clock.advance(kept.saturating_sub(Duration::from_secs(1)));
    store.rotate(false).await.unwrap();
    assert_eq!(store.keyring().await.unwrap().all().keys().len(), 9);
    world.clock.advance(Duration::from_secs(1));
    store.rotate(false).await.unwrap();
    assert_eq!(store.keyring().await.unwrap().all().keys().len(), 9, "three came, three went");
}
