//! Personal data: whole while its key is there, and gone with it.

use super::{append, appended, event, read};
use crate::{AppendError, NewEvent, Personal, RecordedEvent, ServiceStorage, TypedEvent};
use bytes::Bytes;
use std::sync::Arc;
use storage::StorageError;
use subject_keys::{Erasure, KeyId};

const PURPOSE: &str = "contact";
const WHOLE: &[u8] = br#"{"to":"Ann","number":1}"#;
const ERASED: &[u8] = br#"{"to":"","number":1}"#;

/// An event with personal data is read as it was appended, by whoever reads or follows.
pub async fn an_event_is_whole_until_its_key_is_gone(storage: ServiceStorage) {
    let key = storage.subject_keys.id(PURPOSE, "ann");
    appended(&*storage.journal, append("a", 0, vec![letter(key)])).await;
    for event in read_and_followed(&storage).await {
        assert_eq!(event.data, WHOLE);
        assert_eq!(event.name, "thing_happened");
    }
    let again = storage.journal.append(append("a", 0, vec![letter(key)])).await;
    assert_eq!(again.expect("it is repeated").version, 1);
}

/// Once the key is destroyed, nothing shows the personal data of an event, and the event is still there.
pub async fn personal_data_is_gone_with_its_key(storage: ServiceStorage) {
    let keys = &storage.subject_keys;
    let [ann, bob] = ["ann", "bob"].map(|subject| keys.id(PURPOSE, subject));
    let other = NewEvent { id: event(2).id, ..letter(bob) };
    appended(&*storage.journal, append("a", 0, vec![letter(ann)])).await;
    appended(&*storage.journal, append("b", 0, vec![other])).await;
    keys.advance_erasures(PURPOSE, &[(ann, Erasure::Done)]).expect("keys can be written");
    for event in read_and_followed(&storage).await {
        assert_eq!(event.data, ERASED);
        assert_eq!(event.typed.get::<Bytes>(), None, "what is decoded is gone as well");
    }
    let others = storage.journal.read("b", 0, 10).await.expect("the journal answers");
    assert_eq!(others[0].data, WHOLE, "what concerns somebody else is not");
}

/// From the request of an erasure on nothing is stored under its key, which would be an event of nobody: whoever decided on it decides
/// again.
pub async fn nothing_is_stored_under_a_key_that_is_given_up(storage: ServiceStorage) {
    let keys = &storage.subject_keys;
    let key = keys.id(PURPOSE, "ann");
    for stage in [Erasure::Requested, Erasure::Done] {
        keys.advance_erasures(PURPOSE, &[(key, stage)]).expect("keys can be written");
        let refused = storage.journal.append(append("a", 0, vec![letter(key)])).await;
        let refused = refused.map(drop).expect_err("the key is given up");
        assert!(matches!(refused, AppendError::Storage(StorageError::Unavailable(_))));
        assert!(read(&*storage.journal, "a").await.is_empty());
    }
    let now = letter(keys.id(PURPOSE, "ann"));
    appended(&*storage.journal, append("a", 0, vec![now])).await;
}

fn letter(key: KeyId) -> NewEvent {
    let whole = Bytes::from_static(WHOLE);
    let personal = Some(Personal { key, erased: Bytes::from_static(ERASED) });
    let typed = TypedEvent::new(Arc::new(whole.clone()));
    NewEvent { data: whole, typed, personal, ..event(1) }
}

/// The first event, as it is read and as it is followed.
async fn read_and_followed(storage: &ServiceStorage) -> [RecordedEvent; 2] {
    let read = storage.journal.read("a", 0, 10).await.expect("the journal answers");
    let followed = storage.journal.follow(0, 10).await.expect("the journal answers");
    [read, followed].map(|events| events.into_iter().next().expect("there is an event"))
}
