//! Key rotation by age: new signing keys are published in time to take over when the present ones have signed for long enough.

use super::{
    keyring::{Keyring, PUBLISHED_BEFORE},
    store::KeyStore,
};
use kernel::{Ids, Timestamp};
use std::{sync::Arc, time::Duration};
use storage::StorageError;

/// Pause between two looks at the age of the keys.
const PAUSE: Duration = Duration::from_hours(1);

/// Rotation of the signing keys.
#[derive(Debug)]
pub(crate) struct KeyRotation {
    pub(crate) key_store: Arc<KeyStore>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) ids: Ids,
    /// Time for which a key signs.
    pub(crate) age: Duration,
}

impl KeyRotation {
    /// Rotates for ever. After an error it tries again in the next round.
    pub(crate) async fn run(self) {
        loop {
            match self.round().await {
                Ok(None) => {}
                Ok(Some(from)) => tracing::info!(%from, "new signing keys are published"),
                Err(error) => tracing::warn!(%error, "the signing keys could not be rotated"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Publishes new keys if it is time to; from when they sign. The store says how old the present ones are: keys that were made, and not
    /// read afterwards, count as well.
    async fn round(&self) -> Result<Option<Timestamp>, StorageError> {
        let stored = self.key_store.keyring().await?;
        self.keyring.replace(&stored);
        let publish = stored.newest().checked_add(self.age.saturating_sub(PUBLISHED_BEFORE));
        if publish.is_ok_and(|publish| self.ids.now() < publish) {
            return Ok(None);
        }
        let signs_from = self.key_store.rotate(false).await?;
        self.keyring.replace(&self.key_store.keyring().await?);
        Ok(Some(signs_from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adapters::settings::AuthSettings, provider::Provider};
    use engine_memory::MemoryEngine;
    use jose::{Algorithm, Jws};
    use kernel::{ManualClock, SeededRandomness};
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn keys_are_published_before_they_sign_and_overlap_with_the_old_ones() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let storage = MemoryEngine::new().service("auth-server");
        let provider = Provider::open(&AuthSettings::default(), &storage, &ids).await.unwrap();
        let age = Duration::from_hours(24);
        let rotation = KeyRotation {
            key_store: Arc::clone(&provider.key_store),
            keyring: Arc::clone(&provider.keyring),
            ids: ids.clone(),
            age,
        };
        let published = || -> BTreeSet<String> {
            let keys = provider.keyring.published(ids.now());
            keys.keys().iter().map(|key| key.kid().unwrap().to_owned()).collect()
        };
        let signs = || {
            let token = provider.keyring.sign(Algorithm::Es256, ids.now(), "JWT", b"{}").unwrap();
            Jws::parse(&token).unwrap().header().kid.clone().unwrap()
        };
        let (old, first) = (published(), signs());
        clock.advance(age.saturating_sub(PUBLISHED_BEFORE + Duration::from_secs(1)));
        assert_eq!(rotation.round().await.unwrap(), None, "it is too early");
        clock.advance(Duration::from_secs(1));
        let signs_from = rotation.round().await.unwrap().unwrap();
        assert_eq!(signs_from.as_second(), 86_400);
        assert!(published().is_superset(&old) && published().len() == 6, "both are known");
        assert_eq!(signs(), first, "and the old one signs");
        assert_eq!(rotation.round().await.unwrap(), None, "once");
        clock.advance(PUBLISHED_BEFORE);
        assert_ne!(signs(), first);
        clock.advance(age);
        provider.key_store.rotate(false).await.unwrap();
        assert_eq!(
            rotation.round().await.unwrap(),
            None,
            "keys that were made and not read are not made again"
        );
        assert_eq!(published().len(), 6, "and are published");
        let events = storage.journal.follow(0, 10).await.unwrap();
        assert_eq!(events.last().unwrap().name, "keys_rotated", "the trail knows");
    }
}
