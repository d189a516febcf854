//! List of the sessions of each account, for its owner. It says where somebody signed in, and vouches for nothing: whether a session goes
//! on is for the sessions to say.

use super::{Session, Sessions};
use crate::domain::account::Account;
use identifiers::AccountId;
use kernel::{Ids, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use storage::{
    Collection, Direction, Document, Documents, FieldValue, Index, Query, StorageError, Write,
};

/// Sessions by account.
pub(crate) static SESSIONS: Collection = Collection {
    name: "sessions",
    indexes: &[
        Index { name: "by_account", fields: &["account", "began"] },
        Index { name: "by_end", fields: &["ends"] },
    ],
};

/// Most sessions that are shown, the newest.
pub(crate) const SHOWN_MAX: usize = 50;
/// Sessions that are looked at together when all of them end.
const ENDED_MAX: usize = 100;
/// Most entries that are deleted at once.
const DELETED_MAX: usize = 500;

/// Session in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedSession {
    pub(crate) account: AccountId,
    /// Public identifier of the session.
    pub(crate) sid: String,
    pub(crate) began: Timestamp,
    /// Browser and system, in words, if it told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) browser: Option<String>,
}

/// List of sessions.
#[derive(Debug)]
pub(crate) struct SessionList {
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) ids: Ids,
}

impl SessionList {
    /// Adds a session that has just begun, or goes on under the same public identifier.
    pub(crate) async fn add(
        &self,
        session: &Session,
        browser: Option<String>,
    ) -> Result<(), StorageError> {
        let Session { account, sid, authenticated_at, .. } = session;
        let (account, sid, began) = (*account, sid.clone(), *authenticated_at);
        let listed = ListedSession { account, sid: sid.clone(), began, browser };
        let body = serde_json::to_vec(&listed);
        let body = body.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        let fields = vec![
            ("account", FieldValue::Text(account.to_string())),
            ("began", FieldValue::Integer(began.as_second())),
            ("ends", FieldValue::Integer(session.end().as_second())),
        ];
        let document = Document { key: sid, body: body.into(), fields };
        let put = Write::Put { collection: &SESSIONS, document };
        self.documents.write(vec![put]).await.map(drop)
    }

    /// Sessions of an account that go on, the newest first. One that nobody used for a while may be among them.
    pub(crate) async fn of(
        &self,
        id: AccountId,
        account: &Account,
    ) -> Result<Vec<ListedSession>, StorageError> {
        let mut listed = Vec::new();
        let page = self.documents.query(&SESSIONS, newest_of(id, SHOWN_MAX)).await?;
        for document in page.documents {
            let Ok(session) = serde_json::from_slice::<ListedSession>(&document.body) else {
                // It is not shown, and ends with all others.
                tracing::error!(session = %document.key, "a listed session cannot be read");
                continue;
            };
            let is_over = self.sessions.has_ended(&session.sid).await?
                || self.ids.now() >= Session::end_of(session.began);
            if account.admits(session.began) && !is_over {
                listed.push(session);
            }
        }
        Ok(listed)
    }

    /// Ends every session of an account by itself, however many there are: clients are told of the end of a session.
    pub(crate) async fn end_all(&self, id: AccountId) -> Result<(), StorageError> {
        let mut query = newest_of(id, ENDED_MAX);
        loop {
            let page = self.documents.query(&SESSIONS, query.clone()).await?;
            for document in page.documents {
                // The key is the public identifier.
                if !self.sessions.has_ended(&document.key).await? {
                    self.sessions.end_public(&document.key).await?;
                }
            }
            query.after = page.next;
            if query.after.is_none() {
                return Ok(());
            }
        }
    }

    /// Deletes entries of sessions that have ended in any case; how many.
    pub(crate) async fn delete_ended(&self) -> Result<usize, StorageError> {
        // The upper bound is exclusive.
        let until = Some(FieldValue::Integer(self.ids.now().as_second() + 1));
        let query = Query { until, ..Query::all("by_end", DELETED_MAX) };
        let page = self.documents.query(&SESSIONS, query).await?;
        let writes: Vec<_> =
            page.documents.into_iter().map(|document| delete(document.key)).collect();
        let count = writes.len();
        if count > 0 {
            drop(self.documents.write(writes).await?);
        }
        Ok(count)
    }
}

/// The writes that delete the entries of an account, the newest ones; older ones are deleted when their sessions have ended.
pub(crate) async fn deletions(
    documents: &dyn Documents,
    id: AccountId,
) -> Result<Vec<Write>, StorageError> {
    let page = documents.query(&SESSIONS, newest_of(id, DELETED_MAX)).await?;
    Ok(page.documents.into_iter().map(|document| delete(document.key)).collect())
}

fn newest_of(id: AccountId, limit: usize) -> Query {
    let equals = vec![FieldValue::Text(id.to_string())];
    Query { equals, direction: Direction::Descending, ..Query::all("by_account", limit) }
}

fn delete(key: String) -> Write {
    Write::Delete { collection: &SESSIONS, key }
}

/// Browser and system of a `User-Agent`, in two words; none of one that names neither.
pub(crate) fn browser_name(user_agent: &str) -> Option<String> {
    // The order matters: each of them claims to be those after it as well.
    const BROWSERS: &[(&str, &str)] = &[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: &[(&str, &str)] = &[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let found = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (found(BROWSERS), found(SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser}, {system}")),
        (browser, system) => browser.or(system).map(ToOwned::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_its_own_name_and_not_by_those_it_claims() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        assert_eq!(browser_name(chrome).as_deref(), Some("Chrome, Linux"));
        let edge = format!("{chrome} Edg/130.0")
            .replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64");
        assert_eq!(browser_name(&edge).as_deref(), Some("Edge, Windows"));
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(browser_name(phone).as_deref(), Some("Safari, iPhone"));
        let firefox =
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0";
        assert_eq!(browser_name(firefox).as_deref(), Some("Firefox, macOS"));
        assert_eq!((browser_name("curl/8.0"), browser_name("")), (None, None));
    }
}
