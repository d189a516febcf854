//! Records of passkeys: public keys and counters.

use crate::application::seal::digest;
use identifiers::AccountId;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use storage::{Collection, Document, FieldValue, Index, StorageError, Write};

/// Public keys of passkeys.
pub(super) static PASSKEYS: Collection = Collection {
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

pub(super) fn key(account: AccountId, passkey: &str) -> String {
    format!("{account}-{passkey}")
}

/// Digest of the identifier of a credential, as browsers write it, in base64url.
pub(super) fn credential_digest(credential: &str) -> String {
    digest(credential)
}

pub(super) fn corrupt() -> StorageError {
    StorageError::Corrupt("a passkey".to_owned())
}
