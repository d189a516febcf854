//! Key store: what it promises to whoever encrypts, and to whoever is erased.

use kernel::{SeededRandomness, Timestamp};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};
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

/// File whose writes are counted, and which cannot be written while the disk is full.
#[derive(Debug, Default)]
struct CountedFile {
    file: MemoryKeyFile,
    replaced: AtomicUsize,
    published: AtomicUsize,
    is_full: AtomicBool,
}

impl CountedFile {
    fn check(&self) -> io::Result<()> {
        let is_full = self.is_full.load(Ordering::Relaxed);
        if is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// Replacements of the keys, and publications of the list.
    fn writes(&self) -> (usize, usize) {
        (self.replaced.load(Ordering::Relaxed), self.published.load(Ordering::Relaxed))
    }
}

impl KeyFile for CountedFile {
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        self.file.read()
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        self.check()?;
        self.replaced.fetch_add(1, Ordering::Relaxed);
        self.file.replace(content)
    }

    fn read_erasures(&self) -> io::Result<Option<String>> {
        self.file.read_erasures()
    }

    fn publish_erasures(&self, list: &str) -> io::Result<()> {
        self.check()?;
        self.published.fetch_add(1, Ordering::Relaxed);
        self.file.publish_erasures(list)
    }
}

#[test]
fn an_erasure_that_cannot_be_written_has_no_effect() {
    let file = Arc::new(CountedFile::default());
    let keys = SubjectKeys::open(Arc::clone(&file) as _, None, &SeededRandomness::new(1)).unwrap();
    let id = keys.id("contact", "ann");
    let sealed = keys.encrypt(id, PLACE, b"text").unwrap();
    file.is_full.store(true, Ordering::Relaxed);
    assert!(keys.request_erasures("contact", &[id]).is_err());
    assert!(keys.advance_erasures("contact", &[(id, Erasure::Done)]).is_err());
    assert_eq!(keys.decrypt(id, PLACE, &sealed), text(b"text"));
    assert_eq!(keys.erasure(id), None);
    assert_eq!(keys.id("contact", "ann"), id);
}

#[test]
fn an_erasure_replaces_the_keys_once_and_a_repetition_writes_nothing() {
    let file = Arc::new(CountedFile::default());
    let open = || SubjectKeys::open(Arc::clone(&file) as _, None, &SeededRandomness::new(1));
    let keys = open().unwrap();
    let (id, (replaced, published)) = (keys.id("contact", "ann"), file.writes());
    for _ in 0..2 {
        keys.request_erasures("contact", &[id]).unwrap();
        assert_eq!(file.writes(), (replaced, published + 1), "the list has the request");
    }
    assert_eq!(open().unwrap().erasure(id), Some(Erasure::Requested), "it is durable");
    for _ in 0..2 {
        keys.advance_erasures("contact", &[(id, Erasure::Done)]).unwrap();
        keys.request_erasures("contact", &[id]).unwrap();
        assert_eq!(file.writes(), (replaced + 2, published + 2), "one is that of the restart");
    }
}

#[test]
fn a_deferred_erasure_is_in_a_copy_of_the_keys_once_it_was_advanced() {
    let file = Arc::new(MemoryKeyFile::default());
    let keys = open(&file, None).unwrap();
    let id = keys.id("contact", "ann");
    let stage_in_copy = || {
        let copy = Arc::new(MemoryKeyFile::of(file.read().unwrap().unwrap()));
        open(&copy, None).unwrap().erasure(id)
    };
    keys.request_erasures("contact", &[id]).unwrap();
    assert_eq!(stage_in_copy(), None);
    keys.advance_erasures("contact", &[(id, Erasure::Requested)]).unwrap();
    assert_eq!(stage_in_copy(), Some(Erasure::Requested));
}

#[test]
fn an_older_key_file_catches_up_with_the_list_of_erasures_beside_it() {
    let file = Arc::new(MemoryKeyFile::default());
    let keys = open(&file, None).unwrap();
    let [ann, bob, eve] = ["ann", "bob", "eve"].map(|name| keys.id("contact", name));
    let sealed = keys.encrypt(ann, PLACE, b"text").unwrap();
    let older = file.read().unwrap().unwrap();
    let until = Timestamp::from_second(1_000).unwrap();
    let stages = [(ann, Erasure::Done), (bob, Erasure::Restricted(until))];
    keys.advance_erasures("contact", &stages).unwrap();
    file.replace(&older).unwrap();
    let list = file.read_erasures().unwrap();
    for _ in 0..2 {
        let keys = open(&file, None).unwrap();
        assert_eq!(keys.decrypt(ann, PLACE, &sealed), Opened::Erased);
        assert_eq!(keys.erasure(bob), Some(Erasure::Restricted(until)));
        assert_eq!(file.read_erasures().unwrap(), list, "the newer list is not overwritten");
        assert_ne!(file.read().unwrap().unwrap(), older, "the key is destroyed in the file");
    }
    // And the other way round: a list that was lost is written again.
    file.publish_erasures("").unwrap();
    open(&file, None).unwrap();
    assert_eq!(file.read_erasures().unwrap(), list);

    file.publish_erasures(&format!("{eve} contact maybe\n")).unwrap();
    assert!(matches!(open(&file, None), Err(OpenKeysError::DamagedList(_))));
}

#[test]
fn no_erasure_advances_while_somebody_stores_what_was_encrypted() {
    let file = Arc::new(CountedFile::default());
    let keys = SubjectKeys::open(Arc::clone(&file) as _, None, &SeededRandomness::new(1)).unwrap();
    let (id, (_, published)) = (keys.id("contact", "ann"), file.writes());
    thread::scope(|scope| {
        let in_use = keys.use_keys();
        let request = scope.spawn(|| keys.request_erasures("contact", &[id]));
        while file.writes().1 == published {
            thread::yield_now();
        }
        for _ in 0..1_000 {
            assert_eq!(keys.erasure(id), None, "it waits");
            thread::yield_now();
        }
        assert!(keys.encrypt(id, PLACE, b"text").is_some());
        drop(in_use);
        request.join().unwrap().unwrap();
    });
    assert_eq!(keys.encrypt(id, PLACE, b"text"), None, "nothing more is encrypted");
}
