//! Collections whose declaration changes from one release to the next (schema evolution).

use super::open;
use bytes::Bytes;
use storage::{Collection, Document, Documents, FieldValue, Index, Query, Write};

static BEFORE: Collection =
    Collection { name: "notes", indexes: &[Index { name: "by_colour", fields: &["colour"] }] };
static AFTER: Collection = Collection {
    name: "notes",
    indexes: &[
        Index { name: "by_colour", fields: &["colour", "size"] },
        Index { name: "by_size", fields: &["size"] },
    ],
};

fn put(collection: &'static Collection, key: &str) -> Write {
    let fields =
        vec![("colour", FieldValue::Text("red".to_owned())), ("size", FieldValue::Integer(3))];
    Write::Put {
        collection,
        document: Document { key: key.to_owned(), body: Bytes::new(), fields },
    }
}

async fn keys(
    documents: &dyn Documents,
    collection: &'static Collection,
    index: &'static str,
) -> Vec<String> {
    let found = documents.query(collection, Query::all(index, 10)).await.expect("it answers");
    found.documents.into_iter().map(|stored| stored.key).collect()
}

#[tokio::test]
async fn a_new_index_holds_what_is_written_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let documents = engine.service("warehouse").documents;
    documents
        .write(vec![put(&BEFORE, "old"), put(&BEFORE, "older")])
        .await
        .unwrap()
        .wait()
        .await
        .unwrap();
    engine.close().await.unwrap();

    let engine = open(folder.path());
    let documents = engine.service("warehouse").documents;
    assert!(keys(&*documents, &AFTER, "by_size").await.is_empty());
    assert!(documents.find(&AFTER, "old").await.unwrap().is_some());
    documents
        .write(vec![put(&AFTER, "new"), put(&AFTER, "old")])
        .await
        .unwrap()
        .wait()
        .await
        .unwrap();
    assert_eq!(keys(&*documents, &AFTER, "by_size").await, ["new", "old"]);
    assert_eq!(keys(&*documents, &AFTER, "by_colour").await, ["new", "old"]);
    assert_eq!(keys(&*documents, &BEFORE, "by_colour").await, ["new", "old", "older"]);
    engine.close().await.unwrap();
}
