//! Document store of one service.

use crate::{
    engine::MongoConnection,
    error::storage_error,
    update::{BODY, collection_name, commands, entry_path, entry_text},
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
    Collection, Commit, Direction, DocumentPage, Documents, QUERY_DOCUMENTS_MAX, Query,
    StorageError, StoredDocument, Write,
    index_entry::{self, EntryRange},
};

/// Document store handle of one service.
#[derive(Debug)]
pub(crate) struct MongoDocuments {
    connection: Arc<MongoConnection>,
    service: &'static str,
    /// Names of the collections whose indexes exist.
    indexed: Mutex<HashSet<&'static str>>,
}

impl MongoDocuments {
    pub(crate) fn new(connection: Arc<MongoConnection>, service: &'static str) -> Self {
        Self { connection, service, indexed: Mutex::default() }
    }

    /// Runs a call within the limits of number and time.
    async fn run<T>(
        &self,
        call: impl Future<Output = mongodb::error::Result<T>> + Send,
    ) -> Result<T, StorageError> {
        let unavailable = |reason: &str| StorageError::Unavailable(reason.to_owned());
        let _permit = self
            .connection
            .operations
            .try_acquire()
            .map_err(|_| unavailable("too many calls to MongoDB are under way"))?;
        match tokio::time::timeout(self.connection.operation_timeout, call).await {
            Ok(done) => done.map_err(|error| storage_error(&error)),
            Err(_) => Err(unavailable("MongoDB does not answer in time")),
        }
    }

    fn collection(&self, collection: &Collection) -> mongodb::Collection<Document> {
        self.connection.database.collection(&collection_name(self.service, collection))
    }

    /// Makes the indexes of a collection that are not there.
    async fn index(&self, collection: &'static Collection) -> Result<(), StorageError> {
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
        self.run(async move { target.create_indexes(models).await }).await?;
        self.indexed.lock().insert(collection.name);
        Ok(())
    }

    /// Documents that a filter finds, in an order, up to a number.
    async fn found(
        &self,
        collection: &'static Collection,
        filter: Document,
        order: Document,
        count: usize,
    ) -> Result<Vec<Document>, StorageError> {
        let collection = self.collection(collection);
        self.run(async move {
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
        let found = self.run(async move { target.find_one(filter).await }).await?;
        found.map(|found| stored(&found)).transpose()
    }

    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError> {
        let index = query.check(collection)?;
        self.index(collection).await?;
        let limit = query.limit.clamp(1, QUERY_DOCUMENTS_MAX);
        let EntryRange { from, until } = EntryRange::of_page(&query);
        let path = entry_path(index.name);
        let mut filter = Document::new();
        filter.insert(&path, doc! { "$gte": entry_text(&from), "$lt": entry_text(&until) });
        let mut order = Document::new();
        order.insert(&path, if query.direction == Direction::Ascending { 1 } else { -1 });
        // One more than the page has tells whether there is another page.
        let found = self.found(collection, filter, order, limit + 1).await?;
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
        let found = self.found(collection, filter, doc! { "_id": 1 }, count).await?;
        found.iter().map(stored).collect()
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError> {
        for write in &writes {
            write.check()?;
            if let Write::Put { collection, .. } = write {
                self.index(collection).await?;
            }
        }
        let database = &self.connection.database;
        for command in commands(self.service, writes) {
            let answer = self.run(async move { database.run_command(command).await }).await?;
            check_answer(&answer)?;
        }
        Ok(Commit::durable())
    }
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
}
