//! Records of passkeys: public keys and counters.

use crate::application::keys::seal::digest;
use identifiers::AccountId;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use storage::{
    Collection, Document, Documents, FieldValue, Index, Query, StorageError, StoredDocument, Write,
};

/// Most passkeys that are read at once: those of one account, or those with one identifier.
const READ_MAX: usize = 50;

/// Public keys of passkeys.
pub(crate) static PASSKEYS: Collection = Collection {
    name: "passkeys",
    indexes: &[
        Index { name: "by_account", fields: &["account"] },
        Index { name: "by_credential", fields: &["credential"] },
    ],
};

/// Record of a passkey.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct PasskeyRecord {
    pub(super) account: AccountId,
    pub(super) credential: String,
    pub(super) public_key: String,
    pub(super) sign_count: u32,
    pub(super) is_backup_eligible: bool,
    pub(super) is_backed_up: bool,
    pub(super) added: Timestamp,
}

pub(super) fn put(record: &PasskeyRecord) -> Result<Write, StorageError> {
    let passkey = credential_digest(&record.credential);
    let body = serde_json::to_vec(record).map_err(|_| corrupt())?;
    let fields = vec![
        ("account", FieldValue::Text(record.account.to_string())),
        ("credential", FieldValue::Text(passkey.clone())),
    ];
    let document = Document { key: key(record.account, &passkey), body: body.into(), fields };
    Ok(Write::Put { collection: &PASSKEYS, document })
}

pub(super) fn delete(account: AccountId, passkey: &str) -> Write {
    Write::Delete { collection: &PASSKEYS, key: key(account, passkey) }
}

fn key(account: AccountId, passkey: &str) -> String {
    format!("{account}-{passkey}")
}

/// Records that an index has under this value.
pub(super) async fn records(
    documents: &dyn Documents,
    index: &'static str,
    value: &str,
) -> Result<Vec<PasskeyRecord>, StorageError> {
    let page = documents.query(&PASSKEYS, query(index, value)).await?;
    let records = page.documents.iter().map(|document| serde_json::from_slice(&document.body));
    records.collect::<Result<_, _>>().map_err(|_| corrupt())
}

/// The writes that delete the records of an account.
pub(crate) async fn deletions(
    documents: &dyn Documents,
    account: AccountId,
) -> Result<Vec<Write>, StorageError> {
    let page = documents.query(&PASSKEYS, query("by_account", &account.to_string())).await?;
    let delete =
        |document: StoredDocument| Write::Delete { collection: &PASSKEYS, key: document.key };
    Ok(page.documents.into_iter().map(delete).collect())
}

fn query(index: &'static str, value: &str) -> Query {
    let equals = vec![FieldValue::Text(value.to_owned())];
    Query { equals, ..Query::all(index, READ_MAX) }
}

/// Digest of the identifier of a credential, as browsers write it, in base64url.
pub(super) fn credential_digest(credential: &str) -> String {
    digest(credential)
}

pub(super) fn corrupt() -> StorageError {
    StorageError::Corrupt("a passkey".to_owned())
}
