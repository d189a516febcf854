//! Repository of notifications. Consumers of feeds write requests and nothing else; the sender alone turns a request into a
//! notification, and only if there is none of this identifier: a request that is written once more, whenever that is, changes nothing.

use super::stored::{self, decoded_notification, decoded_request};
use crate::domain::{
    decision::Request,
    notification::{Notification, StateName},
};
use identifiers::{NotificationId, OrderId};
use kernel::Timestamp;
use std::sync::Arc;
use storage::{
    Collection, Commit, Direction, Document, Documents, FieldValue, Index, IndexPosition,
    QUERY_DOCUMENTS_MAX, Query, StorageError, StoredDocument, Write,
};
use tokio::sync::Mutex;

/// Requests that were not looked at yet, by the identifier of the notification.
pub(crate) static REQUESTS: Collection = Collection { name: "requests", indexes: &[] };

/// Orders whose customer was erased, until the notifications about them have nothing more to forget.
pub(crate) static ERASURES: Collection = Collection { name: "erasures", indexes: &[] };

/// Since when the shop tells its customers anything: one document, as long as it does.
pub(crate) static TELLING: Collection = Collection { name: "telling", indexes: &[] };

/// Key of that document.
const TOLD_FROM: &str = "told_from";

/// Notifications.
pub(crate) static NOTIFICATIONS: Collection = Collection {
    name: "notifications",
    indexes: &[
        Index { name: BY_DUE, fields: &["due"] },
        Index { name: BY_STATE, fields: &["state", "changed"] },
        Index { name: BY_ORDER, fields: &["order"] },
    ],
};

const BY_DUE: &str = "by_due";
const BY_STATE: &str = "by_state";
const BY_ORDER: &str = "by_order";

/// Requests that one commit turns into notifications.
const ACCEPTED_MAX: usize = 256;
/// Notifications about one order that are looked at.
const OF_ORDER_MAX: usize = QUERY_DOCUMENTS_MAX;
/// Ended notifications that one commit deletes.
const DELETED_MAX: usize = 256;

/// Place in a list of notifications: when it last changed, in milliseconds, and its identifier.
pub(crate) type ListPosition = (i64, String);

/// Notifications of the shop.
#[derive(Debug)]
pub(crate) struct Notifications {
    documents: Arc<dyn Documents>,
    /// Held while a notification that has ended is changed, by an operator or by the end of its time.
    ended: Mutex<()>,
}

impl Notifications {
    pub(crate) fn new(documents: Arc<dyn Documents>) -> Self {
        Self { documents, ended: Mutex::default() }
    }

    /// Since when the shop tells its customers anything: from now on, if it did not before.
    pub(crate) async fn told_from(&self, now: Timestamp) -> Result<Timestamp, StorageError> {
        if let Some(found) = self.documents.find(&TELLING, TOLD_FROM).await? {
            let text = String::from_utf8_lossy(&found.body);
            return text.parse().map_err(|_| stored::corrupt(&found));
        }
        let body = now.to_string().into();
        let document = Document { key: TOLD_FROM.to_owned(), body, fields: Vec::new() };
        self.flushed(vec![Write::Put { collection: &TELLING, document }]).await?;
        Ok(now)
    }

    /// Notes that the shop tells nobody anything, until it is asked again since when it does.
    pub(crate) async fn tell_nothing(&self) -> Result<(), StorageError> {
        if self.documents.find(&TELLING, TOLD_FROM).await?.is_none() {
            return Ok(());
        }
        let key = TOLD_FROM.to_owned();
        self.flushed(vec![Write::Delete { collection: &TELLING, key }]).await
    }

    /// Turns requests into notifications that are due. Returns how many requests there were, and of them those that are new.
    pub(crate) async fn accept(&self, now: Timestamp) -> Result<(usize, usize), StorageError> {
        let requests = self.documents.scan(&REQUESTS, None, ACCEPTED_MAX).await?;
        let (mut writes, mut new) = (Vec::new(), 0);
        for document in &requests {
            let request = decoded_request(document)?;
            if self.find(request.id).await?.is_none() {
                writes.push(put(&Notification::new(&request, now))?);
                new += 1;
            }
            writes.push(Write::Delete { collection: &REQUESTS, key: document.key.clone() });
        }
        if !writes.is_empty() {
            self.flushed(writes).await?;
        }
        Ok((requests.len(), new))
    }

    /// Notifications that are due, those first that have been for longest.
    pub(crate) async fn due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Notification>, StorageError> {
        let until = Some(FieldValue::Integer(now.as_millisecond().saturating_add(1)));
        let query = Query { until, ..Query::all(BY_DUE, limit) };
        let page = self.documents.query(&NOTIFICATIONS, query).await?;
        page.documents.iter().map(decoded_notification).collect()
    }

    /// Stores notifications, and waits until they are on the disk.
    pub(crate) async fn store(&self, notifications: &[Notification]) -> Result<(), StorageError> {
        self.flushed(notifications.iter().map(put).collect::<Result<_, _>>()?).await
    }

    /// Stores a notification, which will be on the disk soon.
    pub(crate) async fn store_soon(&self, one: &Notification) -> Result<Commit, StorageError> {
        self.documents.write(vec![put(one)?]).await
    }

    pub(crate) async fn find(
        &self,
        id: NotificationId,
    ) -> Result<Option<Notification>, StorageError> {
        let document = self.documents.find(&NOTIFICATIONS, &id.to_string()).await?;
        document.as_ref().map(decoded_notification).transpose()
    }

    /// Notifications about an order.
    pub(crate) async fn of_order(&self, order: OrderId) -> Result<Vec<Notification>, StorageError> {
        let equals = vec![FieldValue::Text(order.to_string())];
        let query = Query { equals, ..Query::all(BY_ORDER, OF_ORDER_MAX) };
        let page = self.documents.query(&NOTIFICATIONS, query).await?;
        page.documents.iter().map(decoded_notification).collect()
    }

    /// Up to `limit` notifications of these states, the last changed first, after this position.
    pub(crate) async fn list(
        &self,
        states: &[StateName],
        after: Option<&ListPosition>,
        limit: usize,
    ) -> Result<Vec<Notification>, StorageError> {
        let mut found: Vec<Notification> = Vec::new();
        for state in states {
            let state = FieldValue::Text(state.as_str().to_owned());
            let position = |(changed, id): &ListPosition| {
                IndexPosition(vec![state.clone(), FieldValue::Integer(*changed)], id.clone())
            };
            let query = Query {
                equals: vec![state.clone()],
                direction: Direction::Descending,
                after: after.map(position),
                ..Query::all(BY_STATE, limit)
            };
            let page = self.documents.query(&NOTIFICATIONS, query).await?;
            for document in &page.documents {
                found.push(decoded_notification(document)?);
            }
        }
        found.sort_by_key(|one| std::cmp::Reverse(position_of(one)));
        found.truncate(limit);
        Ok(found)
    }

    /// Has a notification delivered again that has ended; one that has not is left as it is. None if there is no such notification.
    pub(crate) async fn redeliver(
        &self,
        id: NotificationId,
        now: Timestamp,
    ) -> Result<Option<Notification>, StorageError> {
        let _ended = self.ended.lock().await;
        let Some(found) = self.find(id).await? else { return Ok(None) };
        let Some(copy) = found.redelivered(now) else { return Ok(Some(found)) };
        self.store(std::slice::from_ref(&copy)).await?;
        Ok(Some(copy))
    }

    /// Deletes notifications that ended before this time. Returns how many there were.
    pub(crate) async fn delete_ended(&self, before: Timestamp) -> Result<usize, StorageError> {
        let _ended = self.ended.lock().await;
        let mut writes = Vec::new();
        for state in [StateName::Delivered, StateName::Failed, StateName::Suppressed] {
            let query = Query {
                equals: vec![FieldValue::Text(state.as_str().to_owned())],
                until: Some(FieldValue::Integer(before.as_millisecond())),
                ..Query::all(BY_STATE, DELETED_MAX)
            };
            let page = self.documents.query(&NOTIFICATIONS, query).await?;
            let keys = page.documents.into_iter().map(|stored| stored.key);
            writes.extend(keys.map(|key| Write::Delete { collection: &NOTIFICATIONS, key }));
        }
        let count = writes.len();
        if count > 0 {
            self.flushed(writes).await?;
        }
        Ok(count)
    }

    /// Orders whose customer was erased, some of them.
    pub(crate) async fn erasures(&self, limit: usize) -> Result<Vec<OrderId>, StorageError> {
        let documents = self.documents.scan(&ERASURES, None, limit).await?;
        let order =
            |document: &StoredDocument| document.key.parse().map_err(|_| stored::corrupt(document));
        documents.iter().map(order).collect()
    }

    /// Ends an erasure, with the notifications that it has changed.
    pub(crate) async fn erased(
        &self,
        order: OrderId,
        changed: &[Notification],
    ) -> Result<(), StorageError> {
        let mut writes = changed.iter().map(put).collect::<Result<Vec<_>, _>>()?;
        writes.push(Write::Delete { collection: &ERASURES, key: order.to_string() });
        self.flushed(writes).await
    }

    async fn flushed(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        let commit = self.documents.write(writes).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

/// The write of a request, to be committed with the position of the consumer.
pub(crate) fn request_write(request: &Request) -> Result<Write, StorageError> {
    let document = Document {
        key: request.id.to_string(),
        body: stored::request(request)?,
        fields: Vec::new(),
    };
    Ok(Write::Put { collection: &REQUESTS, document })
}

/// The write that begins an erasure, to be committed with the position of the consumer.
pub(crate) fn erasure_write(order: OrderId) -> Write {
    let document = Document { key: order.to_string(), body: "{}".into(), fields: Vec::new() };
    Write::Put { collection: &ERASURES, document }
}

/// Place of a notification in lists.
pub(crate) fn position_of(one: &Notification) -> ListPosition {
    (one.changed_at.as_millisecond(), one.id.to_string())
}

fn put(one: &Notification) -> Result<Write, StorageError> {
    let mut fields = vec![
        ("state", FieldValue::Text(one.state.name().as_str().to_owned())),
        ("changed", FieldValue::Integer(one.changed_at.as_millisecond())),
        ("order", FieldValue::Text(one.order.to_string())),
    ];
    if let Some(due) = one.state.due() {
        fields.push(("due", FieldValue::Integer(due.as_millisecond())));
    }
    let document = Document { key: one.id.to_string(), body: stored::notification(one)?, fields };
    Ok(Write::Put { collection: &NOTIFICATIONS, document })
}
