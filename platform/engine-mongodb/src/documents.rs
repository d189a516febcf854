//! Document store of one service.

use crate::{
    engine::MongoConnection,
    error::storage_error,
    update::{BODY, collection_name, commands, entry_path, entry_text, swap_command},
};
use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    IndexModel,
    bson::{Bson, Document, doc},
};
use parking_lot::Mutex;
use std::{collections::HashSet, sync::Arc};
use storage::{
    Collection, Commit, CompareAndSwap, ConditionalDocuments, Direction, DocumentPage, Documents,
    QUERY_DOCUMENTS_MAX, Query, StorageError, StoredDocument, Write,
    index_entry::{self, EntryRange},
};
use tokio::time::{Instant, timeout_at};

/// Document store handle of one service.
#[derive(Debug)]
pub(crate) struct MongoDocuments {
    connection: Arc<MongoConnection>,
    service: &'static str,
    /// Names of the collections whose indexes exist.
    indexed: Mutex<HashSet<&'static str>>,
    /// Turn of the calls that write, in the order in which they were made.
    writes: tokio::sync::Mutex<()>,
}

impl MongoDocuments {
    pub(crate) fn new(connection: Arc<MongoConnection>, service: &'static str) -> Self {
        Self {
            connection,
            service,
            indexed: Mutex::default(),
            writes: tokio::sync::Mutex::default(),
        }
    }

    /// End of a call that begins now.
    fn deadline(&self) -> Instant {
        Instant::now() + self.connection.operation_timeout
    }

    /// Runs one request to the server within the limit of number, and until the deadline of the call.
    async fn run<T>(
        &self,
        deadline: Instant,
        call: impl Future<Output = mongodb::error::Result<T>> + Send,
    ) -> Result<T, StorageError> {
        let unavailable = |reason: &str| StorageError::Unavailable(reason.to_owned());
        let _permit = self
            .connection
            .operations
            .try_acquire()
            .map_err(|_| unavailable("too many calls to MongoDB are under way"))?;
        match timeout_at(deadline, call).await {
            Ok(done) => done.map_err(|error| storage_error(&error)),
            Err(_) => Err(unavailable("MongoDB does not answer in time")),
        }
    }

    fn collection(&self, collection: &Collection) -> mongodb::Collection<Document> {
        self.connection.database.collection(&collection_name(self.service, collection))
    }

    /// Makes the indexes of a collection that are not there.
    async fn index(
        &self,
        collection: &'static Collection,
        deadline: Instant,
    ) -> Result<(), StorageError> {
        if collection.indexes.is_empty() || self.indexed.lock().contains(collection.name) {
            return Ok(());
        }
        let models = collection.indexes.iter().map(|index| {
            let mut keys = Document::new();
            keys.insert(entry_path(index.name), 1);
            IndexModel::builder().keys(keys).build()
        });
        let models: Vec<IndexModel> = models.collect();
        let target = self.collection(collection);
        self.run(deadline, async move { target.create_indexes(models).await }).await?;
        self.indexed.lock().insert(collection.name);
        Ok(())
    }

    /// Makes the indexes again before they are used: a server that has lost its data has lost them as well.
    fn forget_indexes(&self) {
        self.indexed.lock().clear();
    }

    /// Checks writes, and makes the indexes that they need.
    async fn prepare(&self, writes: &[Write]) -> Result<(), StorageError> {
        for write in writes {
            write.check()?;
        }
        for write in writes {
            if let Write::Put { collection, .. } = write {
                self.index(collection, self.deadline()).await?;
            }
        }
        Ok(())
    }

    /// Applies writes in their order. Each command has the time of an operation: a call of many is never too large to be done.
    async fn apply(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        let database = &self.connection.database;
        for command in commands(self.service, writes) {
            let run = async move { database.run_command(command).await };
            let answer = self.run(self.deadline(), run).await?;
            check_answer(&answer)?;
        }
        Ok(())
    }

    /// Puts the document of a swap in the place of the expected one; false where another one is there, or none.
    async fn swap(&self, swap: CompareAndSwap) -> Result<bool, StorageError> {
        let database = &self.connection.database;
        let command = swap_command(self.service, swap);
        let swap = async move { database.run_command(command).await };
        is_swapped(&self.run(self.deadline(), swap).await?)
    }

    /// Documents that a filter finds, in an order, up to a number.
    async fn found(
        &self,
        collection: &'static Collection,
        filter: Document,
        order: Document,
        count: usize,
        deadline: Instant,
    ) -> Result<Vec<Document>, StorageError> {
        let collection = self.collection(collection);
        self.run(deadline, async move {
            let limit = i64::try_from(count).unwrap_or(i64::MAX);
            // All of them in the first answer: a cursor that stays open would hold back the server.
            let batch = u32::try_from(count + 1).unwrap_or(u32::MAX);
            let find = collection.find(filter).sort(order).limit(limit).batch_size(batch);
            find.await?.try_collect().await
        })
        .await
    }
}

#[async_trait]
impl Documents for MongoDocuments {
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError> {
        let target = self.collection(collection);
        let filter = doc! { "_id": key };
        let found = self.run(self.deadline(), async move { target.find_one(filter).await }).await?;
        found.map(|found| stored(&found)).transpose()
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        let index = query.check(collection)?;
        let deadline = self.deadline();
        self.index(collection, deadline).await?;
        let limit = query.limit.clamp(1, QUERY_DOCUMENTS_MAX);
        let EntryRange { from, until } = EntryRange::of_page(&query);
        let path = entry_path(index.name);
        let mut filter = Document::new();
        filter.insert(&path, doc! { "$gte": entry_text(&from), "$lt": entry_text(&until) });
        let mut order = Document::new();
        order.insert(&path, if query.direction == Direction::Ascending { 1 } else { -1 });
        // One more than the page has tells whether there is another page.
        let found = self.found(collection, filter, order, limit + 1, deadline).await?;
        let documents: Result<Vec<_>, _> = found.iter().take(limit).map(stored).collect();
        let last = found.get(limit - 1).filter(|_| found.len() > limit);
        let position = last.map(|last| {
            let text = last.get_document(crate::update::ENTRIES).ok()?.get_str(index.name).ok()?;
            index_entry::decode(&kernel::hex::decode(text)?, index.fields.len())
        });
        let next = match position {
            Some(None) => {
                return Err(StorageError::Corrupt(format!("an entry of {}", index.name)));
            }
            position => position.flatten(),
        };
        Ok(DocumentPage { documents: documents?, next })
    }

    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError> {
        let filter = after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": after } });
        let count = limit.min(QUERY_DOCUMENTS_MAX);
        if count == 0 {
            return Ok(Vec::new());
        }
        let order = doc! { "_id": 1 };
        let found = self.found(collection, filter, order, count, self.deadline()).await?;
        found.iter().map(stored).collect()
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        let _turn = self.writes.lock().await;
        self.prepare(&writes).await?;
        self.apply(writes).await?;
        Ok(Commit::durable())
    }

    fn conditional(&self) -> Option<&dyn ConditionalDocuments> {
        Some(self)
    }
}

#[async_trait]
impl ConditionalDocuments for MongoDocuments {
    async fn write_and_swap(
        &self,
        writes: Vec<Write>,
        swap: CompareAndSwap,
    ) -> Result<Option<Commit>, StorageError> {
        let _turn = self.writes.lock().await;
        swap.check(&writes)?;
        self.prepare(&writes).await?;
        self.index(swap.collection, self.deadline()).await?;
        let found = self.find(swap.collection, &swap.document.key).await?;
        if !swap.is_met(found.as_ref()) {
            self.forget_indexes();
            return Ok(None);
        }
        self.apply(writes).await?;
        // The server may have lost its data since then.
        if self.swap(swap).await? {
            return Ok(Some(Commit::durable()));
        }
        self.forget_indexes();
        Ok(None)
    }
}

/// What a server answers to the insertion of a document whose key is there already.
const DUPLICATE_KEY: i32 = 11_000;

/// Whether the command of a swap has replaced a document or inserted one.
fn is_swapped(answer: &Document) -> Result<bool, StorageError> {
    let errors = answer.get_array("writeErrors").ok().and_then(|errors| errors.first());
    let code = errors.and_then(Bson::as_document).and_then(|error| error.get_i32("code").ok());
    if code == Some(DUPLICATE_KEY) {
        return Ok(false);
    }
    check_answer(answer)?;
    let count = answer.get("n").and_then(|count| match count {
        Bson::Int32(count) => Some(i64::from(*count)),
        Bson::Int64(count) => Some(*count),
        _ => None,
    });
    count.map(|count| count > 0).ok_or_else(|| {
        StorageError::Unavailable("MongoDB does not say whether it has written".to_owned())
    })
}

/// Refuses the answer to a command that did not do all it was told: such an answer is a success otherwise.
fn check_answer(answer: &Document) -> Result<(), StorageError> {
    let errors = answer.get_array("writeErrors").ok().and_then(|errors| errors.first());
    let error = errors.or_else(|| answer.get("writeConcernError"));
    match error {
        None => Ok(()),
        Some(error) => {
            let message = error.as_document().and_then(|error| error.get_str("errmsg").ok());
            Err(StorageError::Unavailable(message.unwrap_or("a write was refused").to_owned()))
        }
    }
}

fn stored(document: &Document) -> Result<StoredDocument, StorageError> {
    match (document.get("_id"), document.get(BODY)) {
        (Some(Bson::String(key)), Some(Bson::Binary(body))) => {
            Ok(StoredDocument { key: key.clone(), body: body.bytes.clone().into() })
        }
        _ => Err(StorageError::Corrupt("a document without key or body".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_says_what_was_not_done_is_an_error() {
        assert!(check_answer(&doc! { "ok": 1.0, "n": 1 }).is_ok());
        let errors = [doc! { "index": 0, "errmsg": "too large" }];
        let refused = check_answer(&doc! { "ok": 1.0, "writeErrors": errors });
        assert!(refused.unwrap_err().to_string().contains("too large"));
        let concern = doc! { "errmsg": "waiting for replication timed out" };
        assert!(check_answer(&doc! { "ok": 1.0, "writeConcernError": concern }).is_err());
    }

    #[test]
    fn the_answer_to_a_swap_says_whether_it_was_done() {
        assert!(is_swapped(&doc! { "ok": 1.0, "n": 1 }).unwrap());
        assert!(!is_swapped(&doc! { "ok": 1.0, "n": 0_i64 }).unwrap());
        let errors = |code: i32| [doc! { "index": 0, "code": code, "errmsg": "no" }];
        let answer = |code| doc! { "ok": 1.0, "n": 0, "writeErrors": errors(code) };
        assert!(!is_swapped(&answer(DUPLICATE_KEY)).unwrap());
        assert!(is_swapped(&answer(121)).is_err());
        assert!(is_swapped(&doc! { "ok": 1.0 }).is_err());
    }
}
