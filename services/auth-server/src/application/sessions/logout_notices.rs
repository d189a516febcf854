//! Notices of ended sessions (OpenID Connect Back-Channel Logout 1.0): every client that got something in a session is to be told of its
//! end. The notices are records that stay until they are delivered, so that neither a restart nor a client that is away for a while loses
//! one.

use crate::domain::events::{ClientId, Registration};
use bytes::Bytes;
use identifiers::AccountId;
use kernel::Ids;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use storage::{
    Collection, Document, Documents, FieldValue, Index, Query, StorageError, StoredDocument, Write,
};
use tokio::sync::Notify;

/// Clients of sessions that want to be told, until the session is over in any case.
pub(crate) static PARTICIPANTS: Collection = Collection {
    name: "logout-participants",
    indexes: &[
        Index { name: "by_session", fields: &["session"] },
        Index { name: "by_end", fields: &["ends"] },
    ],
};
/// Notices that are not delivered yet.
pub(crate) static NOTICES: Collection =
    Collection { name: "logout-notices", indexes: &[Index { name: "by_due", fields: &["due"] }] };

/// Time for which a session can last, and its participants are remembered.
const PARTICIPANT_SECONDS: i64 = 2 * 86_400;
/// Most clients of a session that are told by one write.
const ANNOUNCED_MAX: usize = 100;
/// Seconds after which a record is looked at again that this program cannot read.
const UNREADABLE_PAUSE_SECONDS: i64 = 86_400;
/// Most participants that are forgotten in one round.
const FORGOTTEN_MAX: usize = 500;

/// Client of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Participant {
    pub(crate) client: ClientId,
    pub(crate) account: AccountId,
    /// Public identifier of the session (`sid`).
    pub(crate) session: String,
}

/// Notice that is to be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    #[serde(flatten)]
    pub(crate) participant: Participant,
    /// Attempts that failed.
    pub(crate) attempts: u32,
}

/// Notices of ended sessions.
pub(crate) struct LogoutNotices {
    documents: Arc<dyn Documents>,
    ids: Ids,
    announced: Notify,
}

impl LogoutNotices {
    pub(crate) fn new(documents: Arc<dyn Documents>, ids: Ids) -> Self {
        Self { documents, ids, announced: Notify::new() }
    }

    /// Remembers that a client got something in a session, if it wants to be told of its end.
    pub(crate) async fn remember(
        &self,
        registration: &Registration,
        participant: Participant,
    ) -> Result<(), StorageError> {
        if registration.policy.back_channel_logout_uri.is_none() {
            return Ok(());
        }
        let ends = self.ids.now().as_second().saturating_add(PARTICIPANT_SECONDS);
        let fields = vec![
            ("session", FieldValue::Text(participant.session.clone())),
            ("ends", FieldValue::Integer(ends)),
        ];
        let key = format!("{}.{}", participant.session, participant.client.as_str());
        let document = Document { key, body: encoded(&participant)?, fields };
        let put = Write::Put { collection: &PARTICIPANTS, document };
        self.documents.write(vec![put]).await.map(drop)
    }

    /// Makes a notice for each client of a session that ended; again makes none.
    pub(crate) async fn announce(&self, session: &str) -> Result<(), StorageError> {
        let equals = vec![FieldValue::Text(session.to_owned())];
        let mut query = Query { equals, ..Query::all("by_session", ANNOUNCED_MAX) };
        loop {
            let page = self.documents.query(&PARTICIPANTS, query.clone()).await?;
            self.announce_to(page.documents).await?;
            query.after = page.next;
            if query.after.is_none() {
                return Ok(());
            }
        }
    }

    async fn announce_to(&self, participants: Vec<StoredDocument>) -> Result<(), StorageError> {
        let now = self.ids.now().as_second();
        let mut writes = Vec::new();
        for StoredDocument { key, body, .. } in participants {
            // One that cannot be read is forgotten when the session is over in any case.
            let Some(participant) = decoded(&key, &body) else { continue };
            let body = encoded(&Notice { participant, attempts: 0 })?;
            writes.push(put(&key, body, now));
            writes.push(delete(&PARTICIPANTS, &key));
        }
        if !writes.is_empty() {
            drop(self.documents.write(writes).await?);
            self.announced.notify_one();
        }
        Ok(())
    }

    /// Waits until a session ends, or for so long.
    pub(crate) async fn wait(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.announced.notified()).await;
    }

    /// Notices that are due, with their keys; the oldest first. One that cannot be read stays and is put off, so that it holds up no other.
    pub(crate) async fn due(&self, limit: usize) -> Result<Vec<(String, Notice)>, StorageError> {
        let mut notices = Vec::new();
        for (key, body) in self.over(&NOTICES, "by_due", limit).await? {
            if let Some(notice) = decoded(&key, &body) {
                notices.push((key, notice));
            } else {
                let due = self.ids.now().as_second().saturating_add(UNREADABLE_PAUSE_SECONDS);
                self.write(put(&key, body, due)).await?;
            }
        }
        Ok(notices)
    }

    /// Puts a notice off; durable when this returns.
    pub(crate) async fn postpone(
        &self,
        key: &str,
        notice: &Notice,
        due: i64,
    ) -> Result<(), StorageError> {
        self.write(put(key, encoded(notice)?, due)).await
    }

    /// Deletes a notice; durable when this returns.
    pub(crate) async fn settle(&self, key: &str) -> Result<(), StorageError> {
        self.write(delete(&NOTICES, key)).await
    }

    /// Forgets the clients of sessions that are over.
    pub(crate) async fn forget_participants(&self) -> Result<(), StorageError> {
        let over = self.over(&PARTICIPANTS, "by_end", FORGOTTEN_MAX).await?;
        if over.is_empty() {
            return Ok(());
        }
        let writes = over.iter().map(|(key, _)| delete(&PARTICIPANTS, key)).collect();
        self.documents.write(writes).await.map(drop)
    }

    /// Records whose time has come, with their keys.
    async fn over(
        &self,
        collection: &'static Collection,
        index: &'static str,
        limit: usize,
    ) -> Result<Vec<(String, Bytes)>, StorageError> {
        // The upper bound is exclusive.
        let until = Some(FieldValue::Integer(self.ids.now().as_second().saturating_add(1)));
        let query = Query { until, ..Query::all(index, limit) };
        let page = self.documents.query(collection, query).await?;
        Ok(page.documents.into_iter().map(|it| (it.key, it.body)).collect())
    }

    async fn write(&self, write: Write) -> Result<(), StorageError> {
        let commit = self.documents.write(vec![write]).await?;
        commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

fn encoded(value: &impl Serialize) -> Result<Bytes, StorageError> {
    let body = serde_json::to_vec(value);
    body.map(Bytes::from).map_err(|error| StorageError::Corrupt(error.to_string()))
}

/// Record of a client of a session; a line in the log if it cannot be read.
fn decoded<T: for<'a> Deserialize<'a>>(key: &str, body: &[u8]) -> Option<T> {
    let record = serde_json::from_slice(body);
    let log = |error| tracing::error!(%key, %error, "a client of a session cannot be told");
    record.map_err(log).ok()
}

fn put(key: &str, body: Bytes, due: i64) -> Write {
    let fields = vec![("due", FieldValue::Integer(due))];
    let document = Document { key: key.to_owned(), body, fields };
    Write::Put { collection: &NOTICES, document }
}

fn delete(collection: &'static Collection, key: &str) -> Write {
    Write::Delete { collection, key: key.to_owned() }
}

impl fmt::Debug for LogoutNotices {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LogoutNotices")
    }
}

#[cfg(test)]
pub(crate) mod tests;
