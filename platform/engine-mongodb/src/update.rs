//! Writes as commands: those of one kind that follow each other are one command.

use mongodb::bson::{Binary, Bson, Document, doc, spec::BinarySubtype};
use storage::{Collection, CompareAndSwap, Write, index_entry};

/// Size limit of a command, in bytes of documents: the server takes 16 MiB.
const COMMAND_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Limit of a command, in writes.
const COMMAND_WRITES_MAX: usize = 1_000;

/// Field with the bytes of a document.
pub(crate) const BODY: &str = "body";
/// Field with the entries of a document in its indexes, by the name of the index.
pub(crate) const ENTRIES: &str = "entries";

/// Name of a service's collection in the database.
pub(crate) fn collection_name(service: &str, collection: &Collection) -> String {
    format!("{service}.{}", collection.name)
}

/// Path of the field with the entry in an index.
pub(crate) fn entry_path(index: &str) -> String {
    format!("{ENTRIES}.{index}")
}

/// Entry as text, which sorts as its bytes do: MongoDB sorts bytes by their number first.
pub(crate) fn entry_text(entry: &[u8]) -> String {
    kernel::hex::encode(entry)
}

/// Commands that do what the writes say, in their order.
pub(crate) fn commands(service: &str, writes: Vec<Write>) -> Vec<Document> {
    let mut commands: Vec<Batch> = Vec::new();
    for write in writes {
        let (collection, kind, bytes, statement) = statement(write);
        match commands.last_mut() {
            Some(batch) if batch.takes(collection, kind, bytes) => {
                batch.bytes += bytes;
                batch.statements.push(statement.into());
            }
            _ => {
                commands.push(Batch {
                    collection,
                    kind,
                    bytes,
                    statements: vec![statement.into()],
                });
            }
        }
    }
    commands.into_iter().map(|batch| batch.command(service)).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CommandKind {
    Update,
    Delete,
}

/// Writes of one kind to one collection.
struct Batch {
    collection: &'static Collection,
    kind: CommandKind,
    bytes: usize,
    statements: Vec<Bson>,
}

impl Batch {
    fn takes(&self, collection: &Collection, kind: CommandKind, bytes: usize) -> bool {
        self.collection.name == collection.name
            && self.kind == kind
            && self.bytes + bytes <= COMMAND_BYTES_MAX
            && self.statements.len() < COMMAND_WRITES_MAX
    }

    fn command(self, service: &str) -> Document {
        let name = collection_name(service, self.collection);
        let (command, statements) = match self.kind {
            CommandKind::Update => ("update", "updates"),
            CommandKind::Delete => ("delete", "deletes"),
        };
        command_of(command, &name, statements, self.statements)
    }
}

/// Command of these statements. One that fails ends the list: those after it must not be applied without it.
fn command_of(command: &str, name: &str, statements: &str, list: Vec<Bson>) -> Document {
    doc! {
        command: name,
        statements: list,
        "ordered": true,
        "writeConcern": { "w": "majority", "j": true },
    }
}

/// Command that puts the document of a swap in the place of the expected one, and changes nothing where another one is.
pub(crate) fn swap_command(service: &str, swap: CompareAndSwap) -> Document {
    let CompareAndSwap { collection, expected, document } = swap;
    let name = collection_name(service, collection);
    let (stored, _) = stored_form(collection, &document);
    match expected {
        None => command_of("insert", &name, "documents", vec![stored.into()]),
        Some(expected) => {
            let query = doc! { "_id": document.key, BODY: binary(&expected) };
            let update = doc! { "q": query, "u": stored, "upsert": false };
            command_of("update", &name, "updates", vec![update.into()])
        }
    }
}

fn binary(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

/// Document as it is stored, and its size in bytes.
fn stored_form(collection: &'static Collection, document: &storage::Document) -> (Document, usize) {
    let mut entries = Document::new();
    let mut bytes = document.key.len() + document.body.len();
    for index in collection.indexes {
        if let Some(position) = document.position_in(index) {
            let entry = entry_text(&index_entry::encode(&position));
            bytes += entry.len();
            entries.insert(index.name, entry);
        }
    }
    (doc! { "_id": &document.key, BODY: binary(&document.body), ENTRIES: entries }, bytes)
}

fn statement(write: Write) -> (&'static Collection, CommandKind, usize, Document) {
    match write {
        Write::Put { collection, document } => {
            let (stored, bytes) = stored_form(collection, &document);
            let update = doc! { "q": { "_id": document.key }, "u": stored, "upsert": true };
            (collection, CommandKind::Update, bytes, update)
        }
        Write::Delete { collection, key } => {
            let bytes = key.len();
            (collection, CommandKind::Delete, bytes, doc! { "q": { "_id": key }, "limit": 1 })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::Index;

    static NOTES: Collection =
        Collection { name: "notes", indexes: &[Index { name: "all", fields: &[] }] };
    static PLACE: Collection = Collection { name: "place", indexes: &[] };

    fn put(collection: &'static Collection, key: &str, bytes: usize) -> Write {
        let document = storage::Document {
            key: key.to_owned(),
            body: vec![0; bytes].into(),
            fields: Vec::new(),
        };
        Write::Put { collection, document }
    }

    /// Kinds of the commands, their collections, and how many writes each has.
    fn outline(writes: Vec<Write>) -> Vec<(String, String, usize)> {
        let commands = commands("letter-service", writes);
        let outline = |command: Document| {
            let (kind, name) = command.iter().next().unwrap();
            let count = command.get_array(format!("{kind}s")).unwrap().len();
            assert!(command.get_bool("ordered").unwrap());
            (kind.clone(), name.as_str().unwrap().to_owned(), count)
        };
        commands.into_iter().map(outline).collect()
    }

    #[test]
    fn writes_of_one_kind_that_follow_each_other_are_one_command_and_the_order_stays() {
        let delete = Write::Delete { collection: &NOTES, key: "a".to_owned() };
        let writes =
            vec![put(&NOTES, "a", 1), put(&NOTES, "b", 1), delete, put(&PLACE, "position", 1)];
        let command = |kind: &str, name: &str, count| (kind.to_owned(), name.to_owned(), count);
        let wanted = [
            command("update", "letter-service.notes", 2),
            command("delete", "letter-service.notes", 1),
            command("update", "letter-service.place", 1),
        ];
        assert_eq!(outline(writes), wanted);
    }

    #[test]
    fn a_command_is_no_larger_than_the_server_takes() {
        let large = COMMAND_BYTES_MAX / 2 - 100;
        let writes = (0..3).map(|number| put(&NOTES, &number.to_string(), large)).collect();
        let counts: Vec<_> = outline(writes).into_iter().map(|(_, _, count)| count).collect();
        assert_eq!(counts, [2, 1]);
        let many = (0..=COMMAND_WRITES_MAX).map(|number| put(&NOTES, &number.to_string(), 1));
        let counts: Vec<_> = outline(many.collect()).into_iter().map(|(_, _, it)| it).collect();
        assert_eq!(counts, [COMMAND_WRITES_MAX, 1]);
    }
}
