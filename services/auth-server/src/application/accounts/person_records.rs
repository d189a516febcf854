//! Records of people: what is personal or secret, kept beside the journal to be replaced or erased.

use identifiers::{AccountId, Email};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use storage::{Collection, Document, Documents, QUERY_DOCUMENTS_MAX, StorageError, Write};

/// Records of people, by account.
static PEOPLE: Collection = Collection { name: "people", indexes: &[] };

/// Record of a person.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Person {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// Hash of the password, as a PHC string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    /// Standard claims beyond the address.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub(crate) claims: serde_json::Map<String, serde_json::Value>,
    /// Address that is to take the place of the first, once the mail to it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pending_email: Option<String>,
}

impl Person {
    /// Whether this is the person's address; capital letters make no difference.
    pub(crate) fn is_reached_at(&self, email: &Email) -> bool {
        let own = self.email.as_deref().map(str::to_lowercase);
        own == Some(email.as_str().to_lowercase())
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Person")
    }
}

/// Records of people.
#[derive(Clone, Debug)]
pub(crate) struct PersonRecords {
    pub(crate) documents: Arc<dyn Documents>,
}

impl PersonRecords {
    /// Record of an account's person.
    pub(crate) async fn find(&self, id: AccountId) -> Result<Option<Person>, StorageError> {
        let Some(stored) = self.documents.find(&PEOPLE, &id.to_string()).await? else {
            return Ok(None);
        };
        let person = serde_json::from_slice(&stored.body);
        person.map(Some).map_err(|_| corrupt(&id.to_string()))
    }

    /// All records, in the order of their accounts.
    pub(crate) async fn list(&self) -> Result<Vec<(AccountId, Person)>, StorageError> {
        let mut people = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.documents.scan(&PEOPLE, after.as_deref(), QUERY_DOCUMENTS_MAX).await?;
            let Some(last) = page.last() else { return Ok(people) };
            after = Some(last.key.clone());
            for document in page {
                let id = document.key.parse().map_err(|_| corrupt(&document.key))?;
                let person = serde_json::from_slice(&document.body);
                people.push((id, person.map_err(|_| corrupt(&document.key))?));
            }
        }
    }

    /// The write that replaces a record, to be committed with the events that say so.
    pub(crate) fn put(id: AccountId, person: &Person) -> Result<Write, StorageError> {
        let body = serde_json::to_vec(person);
        let body = body.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        let document = Document { key: id.to_string(), body: body.into(), fields: Vec::new() };
        Ok(Write::Put { collection: &PEOPLE, document })
    }

    /// The write that deletes a record.
    pub(crate) fn delete(id: AccountId) -> Write {
        Write::Delete { collection: &PEOPLE, key: id.to_string() }
    }
}

fn corrupt(account: &str) -> StorageError {
    StorageError::Corrupt(format!("the record of account {account}"))
}
