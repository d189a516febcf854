//! Deleted documents: neither the database nor its write-ahead log has anything of them once the index was closed.

use document_index::{IndexStore, IndexedWrite, SqliteIndexStore};
use storage::FieldValue;

const COLLECTION: &str = "accounts";
/// Documents, so many that whole pages become free.
const DOCUMENTS: usize = 200;

fn write<'a>(key: &'a str, body: Option<&'a [u8]>, email: &str) -> IndexedWrite<'a> {
    let fields = vec![("email", FieldValue::Text(email.to_owned()))];
    let document = body.map(|body| (body, fields));
    IndexedWrite { service: "auth-server", collection: COLLECTION, key, document }
}

#[test]
fn nothing_of_a_document_that_was_deleted_or_replaced_lingers_in_free_pages() {
    let folder = tempfile::tempdir().unwrap();
    let index = SqliteIndexStore::new(folder.path(), "index.db".to_owned()).open().unwrap();
    let keys: Vec<String> = (0..DOCUMENTS).map(|number| format!("account-{number:03}")).collect();
    let body = b"Ada Lovelace, ".repeat(40);
    // One that takes pages of its own.
    let large = b"Ada Lovelace, ".repeat(4_000);
    for (number, key) in keys.iter().enumerate() {
        let body = if number % 50 == 0 { &large } else { &body };
        index.apply(&[write(key, Some(body), "ada@example.com")], 2 * number as u64).unwrap();
    }
    for (number, key) in keys.iter().enumerate() {
        let left = (number % 3 == 0).then_some(&b"somebody"[..]);
        index.apply(&[write(key, left, "")], 1_000 + number as u64).unwrap();
    }
    index.close();
    for entry in folder.path().read_dir().unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        for text in ["Ada Lovelace", "ada@example.com"] {
            assert!(!content.windows(text.len()).any(|bytes| bytes == text.as_bytes()), "{text}");
        }
    }
}
