//! Storage of parked messages and of replay requests.

use super::Parked;
use journal::ServiceStorage;
use kernel::Uuid;
use storage::{
    Collection, Document, DocumentPage, FieldValue, Index, IndexPosition, QUERY_DOCUMENTS_MAX,
    Query, StorageError, Write,
};

/// Collections with indexes that a service has when it consumes a feed.
pub static COLLECTIONS: [&Collection; 2] = [&PARKED, &REPLAYS];

static PARKED: Collection = Collection {
    name: "parked",
    indexes: &[
        Index { name: "by_time", fields: &["parked_at"] },
        Index { name: "by_subject", fields: &["consumer", "subject", "position"] },
    ],
};

/// Subjects with a replay request. A collection of its own, so that operator and consumer never write the same document.
static REPLAYS: Collection = Collection {
    name: "replays",
    indexes: &[Index { name: "by_consumer", fields: &["consumer"] }],
};

/// Parked messages and replay requests of one consumer.
pub(super) struct ParkingStore {
    consumer: String,
    storage: ServiceStorage,
}

impl ParkingStore {
    pub(super) fn new(consumer: String, storage: ServiceStorage) -> Self {
        Self { consumer, storage }
    }

    pub(super) fn key(&self, message: Uuid) -> String {
        format!("{}.{message}", self.consumer)
    }

    pub(super) fn put(&self, parked: &Parked) -> Result<Write, StorageError> {
        let body =
            serde_json::to_vec(parked).map_err(|error| StorageError::Corrupt(error.to_string()))?;
        let position = i64::try_from(parked.message.position).unwrap_or(i64::MAX);
        let fields = vec![
            ("consumer", FieldValue::Text(self.consumer.clone())),
            ("subject", FieldValue::Text(parked.message.subject.clone())),
            ("position", FieldValue::Integer(position)),
            ("parked_at", FieldValue::Integer(parked.parked_at.as_microsecond())),
        ];
        let document = Document { key: parked.key.clone(), body: body.into(), fields };
        Ok(Write::Put { collection: &PARKED, document })
    }

    pub(super) fn delete(key: String) -> Write {
        Write::Delete { collection: &PARKED, key }
    }

    pub(super) fn delete_replay_request(&self, subject: &str) -> Write {
        Write::Delete { collection: &REPLAYS, key: replay_key(&self.consumer, subject) }
    }

    /// All parked messages of the consumer, by subject.
    pub(super) async fn all(&self) -> Result<Vec<Parked>, StorageError> {
        self.parked(vec![FieldValue::Text(self.consumer.clone())]).await
    }

    /// The parked messages of one subject, oldest first.
    pub(super) async fn of_subject(&self, subject: &str) -> Result<Vec<Parked>, StorageError> {
        self.parked(vec![
            FieldValue::Text(self.consumer.clone()),
            FieldValue::Text(subject.to_owned()),
        ])
        .await
    }

    async fn parked(&self, equals: Vec<FieldValue>) -> Result<Vec<Parked>, StorageError> {
        let mut all = Vec::new();
        let mut query = Query { equals, ..Query::all("by_subject", QUERY_DOCUMENTS_MAX) };
        loop {
            let found = self.storage.documents.query(&PARKED, query.clone()).await?;
            for stored in &found.documents {
                all.push(read(&stored.body)?);
            }
            if found.next.is_none() {
                return Ok(all);
            }
            query.after = found.next;
        }
    }

    /// The subjects with a replay request.
    pub(super) async fn replay_requests(&self) -> Result<Vec<String>, StorageError> {
        let equals = vec![FieldValue::Text(self.consumer.clone())];
        let query = Query { equals, ..Query::all("by_consumer", QUERY_DOCUMENTS_MAX) };
        let found = self.storage.documents.query(&REPLAYS, query).await?;
        let subjects = found.documents.into_iter();
        Ok(subjects.map(|stored| String::from_utf8_lossy(&stored.body).into_owned()).collect())
    }

    /// Writes and waits for the flush.
    pub(super) async fn write(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        let commit = self.storage.documents.write(writes).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

/// A page of the parked messages of all consumers of a service, oldest first.
pub(super) async fn page(
    storage: &ServiceStorage,
    after: Option<IndexPosition>,
    limit: usize,
) -> Result<(Vec<Parked>, Option<IndexPosition>), StorageError> {
    let query = Query { after, ..Query::all("by_time", limit) };
    let DocumentPage { documents, next } = storage.documents.query(&PARKED, query).await?;
    let items: Result<Vec<_>, _> = documents.iter().map(|stored| read(&stored.body)).collect();
    Ok((items?, next))
}

/// The parked message with this key.
pub(super) async fn find(
    storage: &ServiceStorage,
    key: &str,
) -> Result<Option<Parked>, StorageError> {
    let stored = storage.documents.find(&PARKED, key).await?;
    stored.map(|stored| read(&stored.body)).transpose()
}

/// The write that requests a replay of a message's subject.
pub(super) fn replay_request(parked: &Parked) -> Write {
    let consumer = format!("{}.{}", parked.group, parked.message.source);
    let subject = &parked.message.subject;
    let document = Document {
        key: replay_key(&consumer, subject),
        body: subject.clone().into(),
        fields: vec![("consumer", FieldValue::Text(consumer))],
    };
    Write::Put { collection: &REPLAYS, document }
}

fn replay_key(consumer: &str, subject: &str) -> String {
    format!("{consumer}.{subject}")
}

fn read(body: &[u8]) -> Result<Parked, StorageError> {
    serde_json::from_slice(body)
        .map_err(|error| StorageError::Corrupt(format!("a parked message: {error}")))
}
