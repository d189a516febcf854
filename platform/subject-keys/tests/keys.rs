//! Key store: what it promises to whoever encrypts, and to whoever is erased.

use kernel::{SeededRandomness, Timestamp};
use parking_lot::Mutex;
use std::{io, sync::Arc};
use subject_keys::{
    Erasure, KeyFile, MasterSecret, MemoryKeyFile, OpenKeysError, Opened, SubjectKeys,
};

const PLACE: &[u8] = b"place";

fn open(file: &Arc<MemoryKeyFile>, master: Option<&str>) -> Result<SubjectKeys, OpenKeysError> {
    let master = master.map(|master| MasterSecret::new(master.as_bytes()));
    let file: Arc<dyn KeyFile> = Arc::clone(file) as _;
    SubjectKeys::open(file, master.as_ref(), &SeededRandomness::new(1))
}

fn text(text: &[u8]) -> Opened {
    Opened::Text(text.to_vec())
}

#[test]
fn keys_are_the_same_after_a_restart_and_cost_no_write() {
    let file = Arc::new(MemoryKeyFile::default());
    let keys = open(&file, None).unwrap();
    let content = file.read().unwrap();
    let id = keys.id("contact", "ann");
    let sealed = keys.encrypt(id, PLACE, b"Ann").unwrap();
    assert_eq!(file.read().unwrap(), content, "a new subject changes nothing");
    let keys = SubjectKeys::open(file, None, &SeededRandomness::new(2)).unwrap();
    assert_eq!(keys.id("contact", "ann"), id);
    assert_eq!(keys.decrypt(id, PLACE, &sealed), text(b"Ann"));
}

#[test]
fn subjects_purposes_and_shops_have_keys_of_their_own() {
    let keys = SubjectKeys::for_tests();
    let ids = [("contact", "ann"), ("contact", "bob"), ("profile", "ann"), ("contac", "tann")];
    let ids = ids.map(|(purpose, subject)| keys.id(purpose, subject));
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id));
        let sealed = keys.encrypt(*id, PLACE, b"x").unwrap();
        for other in ids.iter().filter(|other| *other != id) {
            assert_eq!(keys.decrypt(*other, PLACE, &sealed), Opened::Damaged);
        }
    }
    let file = Arc::new(MemoryKeyFile::default());
    let other = SubjectKeys::open(file, None, &SeededRandomness::new(2)).unwrap();
    assert_ne!(other.id("contact", "ann"), ids[0]);
    assert_ne!(other.store_id(), keys.store_id());
    let sealed = keys.encrypt(ids[0], PLACE, b"x").unwrap();
    assert_eq!(other.decrypt(ids[0], PLACE, &sealed), Opened::Erased, "its keys are elsewhere");
}

#[test]
fn an_erased_key_is_gone_from_the_file_and_the_others_are_not() {
    let file = Arc::new(MemoryKeyFile::default());
    let keys = open(&file, None).unwrap();
    let [ann, bob] = ["ann", "bob"].map(|name| keys.id("contact", name));
    let [sealed, other] = [ann, bob].map(|id| keys.encrypt(id, PLACE, b"text").unwrap());
    keys.advance_erasures("contact", &[(ann, Erasure::Done)]).unwrap();
    for keys in [keys, open(&file, None).unwrap()] {
        assert_eq!(keys.decrypt(ann, PLACE, &sealed), Opened::Erased);
        assert_eq!(keys.encrypt(ann, PLACE, b"text"), None);
        assert_eq!(keys.decrypt(bob, PLACE, &other), text(b"text"));
        let next = keys.id("contact", "ann");
        assert_ne!(next, ann);
        assert!(keys.encrypt(next, PLACE, b"text").is_some());
    }
}

#[test]
fn a_requested_erasure_lets_old_texts_be_read_and_new_ones_have_another_key() {
    let keys = SubjectKeys::for_tests();
    let id = keys.id("contact", "ann");
    let sealed = keys.encrypt(id, PLACE, b"text").unwrap();
    keys.advance_erasures("contact", &[(id, Erasure::Requested)]).unwrap();
    assert_eq!(keys.requested("contact"), [id]);
    assert_eq!(keys.decrypt(id, PLACE, &sealed), text(b"text"));
    let next = keys.id("contact", "ann");
    assert_ne!(next, id);
    assert_eq!(keys.readable_ids("contact", "ann"), [id, next]);
    assert_eq!(keys.first_id("contact", "ann"), id);
    assert!(keys.requested("profile").is_empty(), "another purpose");
    keys.advance_erasures("contact", &[(id, Erasure::Done)]).unwrap();
    assert_eq!(keys.readable_ids("contact", "ann"), [next]);
}

#[test]
fn a_restricted_key_reads_nothing_and_is_due_when_its_time_has_come() {
    let keys = SubjectKeys::for_tests();
    let id = keys.id("contact", "ann");
    let sealed = keys.encrypt(id, PLACE, b"text").unwrap();
    let until = Timestamp::from_second(1_000).unwrap();
    keys.advance_erasures("contact", &[(id, Erasure::Restricted(until))]).unwrap();
    assert_eq!(keys.decrypt(id, PLACE, &sealed), Opened::Erased);
    assert!(keys.due("contact", Timestamp::from_second(999).unwrap()).is_empty());
    assert_eq!(keys.due("contact", until), [id]);
    keys.advance_erasures("contact", &[(id, Erasure::Done), (id, Erasure::Requested)]).unwrap();
    assert_eq!(keys.erasure(id), Some(Erasure::Done), "an erasure only advances");
    assert!(keys.due("contact", until).is_empty());
}

#[test]
fn a_list_of_erasures_is_applied_to_an_older_copy_of_the_keys() {
    let (file, copy) = (Arc::new(MemoryKeyFile::default()), Arc::new(MemoryKeyFile::default()));
    let keys = open(&file, Some("a secret of an operator")).unwrap();
    let id = keys.id("contact", "ann");
    let sealed = keys.encrypt(id, PLACE, b"text").unwrap();
    copy.replace(&file.read().unwrap().unwrap()).unwrap();
    keys.advance_erasures("contact", &[(id, Erasure::Done)]).unwrap();

    let old = open(&copy, Some("a secret of an operator")).unwrap();
    assert_eq!(old.decrypt(id, PLACE, &sealed), text(b"text"));
    old.apply(&keys.erasures().to_string().parse().unwrap()).unwrap();
    for old in [old, open(&copy, Some("a secret of an operator")).unwrap()] {
        assert_eq!(old.decrypt(id, PLACE, &sealed), Opened::Erased);
    }
}

#[test]
fn a_file_under_another_master_key_is_refused_and_stays_as_it_is() {
    let file = Arc::new(MemoryKeyFile::default());
    let id = open(&file, None).unwrap().id("contact", "ann");
    assert_eq!(open(&file, Some("later")).unwrap().id("contact", "ann"), id);
    let content = file.read().unwrap();
    for master in [None, Some("another")] {
        assert!(matches!(open(&file, master), Err(OpenKeysError::OtherMasterKey)));
    }
    assert_eq!(file.read().unwrap(), content);
}

/// File that cannot be written once it is there.
#[derive(Debug, Default)]
struct FullDisk(Mutex<Option<Vec<u8>>>);

impl KeyFile for FullDisk {
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().clone())
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        match &mut *self.0.lock() {
            Some(_) => Err(io::ErrorKind::StorageFull.into()),
            empty => {
                *empty = Some(content.to_vec());
                Ok(())
            }
        }
    }

    fn publish_erasures(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_erasure_that_cannot_be_written_has_no_effect() {
    let file = Arc::new(FullDisk::default());
    let keys = SubjectKeys::open(file, None, &SeededRandomness::new(1)).unwrap();
    let id = keys.id("contact", "ann");
    let sealed = keys.encrypt(id, PLACE, b"text").unwrap();
    assert!(keys.advance_erasures("contact", &[(id, Erasure::Done)]).is_err());
    assert_eq!(keys.decrypt(id, PLACE, &sealed), text(b"text"));
    assert_eq!(keys.erasure(id), None);
    assert_eq!(keys.id("contact", "ann"), id);
}
