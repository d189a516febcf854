//! Stored formats: key files and encrypted texts as earlier releases wrote them are read for ever. The files and texts here never change.

use kernel::{SeededRandomness, Timestamp};
use std::sync::Arc;
use subject_keys::{
    Erasure, KeyFile, KeyId, MasterSecret, MemoryKeyFile, Opened, SubjectKeys, store_id_of,
};

/// Key file before and after an erasure, and the secret of its master key.
type StoredFile = (&'static [u8], &'static [u8], Option<&'static [u8]>);

/// Key files of the same keys, without and under a master key.
const FILES: [StoredFile; 2] = [
    (include_bytes!("stored/plain.keys"), include_bytes!("stored/plain-punctured.keys"), None),
    (
        include_bytes!("stored/under-a-master-key.keys"),
        include_bytes!("stored/under-a-master-key-punctured.keys"),
        Some(b"a secret of an operator"),
    ),
];
/// Subjects, the identifiers of their keys, and a text that was encrypted for each.
const SUBJECTS: [(&str, &str, &str); 2] = [
    (
        "ann",
        "8df5724ba270aa44",
        "befba86a4dc558f8aebc9b69a6e1df9c2cc873bf0ffa8926bd70d81edf6b63b472c676e7",
    ),
    (
        "bob",
        "947430c38d0ff65f",
        "befba86a9c03e73a44d8f9c5baedc4f365a945c0db6b54c634afb6fb27efda8ef19a0f14",
    ),
];
/// Identifier of the key whose use is restricted, and that of the key that follows the destroyed one.
const RESTRICTED: &str = "685222e2814f0d51";
const NEXT: &str = "f6f80efeb45e8a76";
const STORE_ID: &str = "befba86ae9e0c207865f7e24e8349d4e";

fn open(content: &[u8], master: Option<&[u8]>) -> (Arc<MemoryKeyFile>, SubjectKeys) {
    let file = Arc::new(MemoryKeyFile::of(content.to_vec()));
    let master = master.map(MasterSecret::new);
    let keys =
        SubjectKeys::open(Arc::clone(&file) as _, master.as_ref(), &SeededRandomness::new(1));
    (file, keys.expect("it is a key file"))
}

fn id(text: &str) -> KeyId {
    text.parse().expect("it is an identifier")
}

fn opened(keys: &SubjectKeys, key: &str, sealed: &str) -> Opened {
    let sealed = kernel::hex::decode(sealed).expect("it is hexadecimal");
    keys.decrypt(id(key), b"place", &sealed)
}

#[test]
fn a_stored_key_file_opens_what_was_encrypted_with_its_keys() {
    for (content, _, master) in FILES {
        let (file, keys) = open(content, master);
        assert_eq!(kernel::hex::encode(&keys.store_id()), STORE_ID);
        assert_eq!(store_id_of(content), Some(keys.store_id()));
        for (subject, key, sealed) in SUBJECTS {
            assert_eq!(keys.id("contact", subject), id(key), "{subject}");
            assert_eq!(opened(&keys, key, sealed), Opened::Text(b"text".to_vec()), "{subject}");
            let again = keys.encrypt(id(key), b"place", b"text").unwrap();
            assert_eq!(kernel::hex::encode(&again), sealed, "{subject}");
        }
        assert_eq!(file.read().unwrap().as_deref(), Some(content), "it is not written again");
    }
}

#[test]
fn a_stored_key_file_without_a_key_opens_what_other_keys_encrypt() {
    for (content, punctured, master) in FILES {
        let (file, keys) = open(punctured, master);
        let [(ann, destroyed, erased), (_, other, sealed)] = SUBJECTS;
        assert_eq!(opened(&keys, destroyed, erased), Opened::Erased);
        assert_eq!(opened(&keys, other, sealed), Opened::Text(b"text".to_vec()));
        assert_eq!(keys.id("contact", ann), id(NEXT));
        let until = Timestamp::from_second(2_000_000_000).unwrap();
        assert_eq!(keys.erasure(id(RESTRICTED)), Some(Erasure::Restricted(until)));
        assert_eq!(file.read().unwrap().as_deref(), Some(punctured), "it is not written again");

        // The same erasures lead from one file to the other.
        let (file, keys) = open(content, master);
        let stages = [(id(destroyed), Erasure::Done), (id(RESTRICTED), Erasure::Restricted(until))];
        keys.advance_erasures("contact", &stages).unwrap();
        assert_eq!(file.read().unwrap().as_deref(), Some(punctured));
    }
}
