//! Format of the order index, noted with the last write of a rebuild: an index of another one is folded again.

use storage::{Collection, Document, Documents, StorageError, Write};

/// Format that is written: 3 has pseudonyms in place of e-mail addresses, and says which orders are erased.
const FORMAT: &str = "3";
/// Key of the note.
const KEY: &str = "format";

static FORMATS: Collection = Collection { name: "order_index_format", indexes: &[] };

/// Write that notes the format.
pub(super) fn note() -> Write {
    let document = Document { key: KEY.to_owned(), body: FORMAT.into(), fields: vec![] };
    Write::Put { collection: &FORMATS, document }
}

/// Whether the index is of the format that is written.
pub(super) async fn is_current(documents: &dyn Documents) -> Result<bool, StorageError> {
    let found = documents.find(&FORMATS, KEY).await?;
    Ok(found.is_some_and(|document| document.body == FORMAT.as_bytes()))
}
