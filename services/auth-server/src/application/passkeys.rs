//! Passkeys: challenges, registration and sign-in. The account says which passkeys it has; their public keys and counters are records.

mod record;

use super::{
    account_changes::unavailable,
    accounts::{ACCOUNT_PREFIX, Accounts},
    error::AuthError,
    seal::digest,
};
use crate::domain::{Rejection, account::Account};
use identifiers::AccountId;
use jose::{base64url_decode, base64url_encode};
use kernel::{Ids, Timestamp, Uuid, prefixed_id};
use record::{PASSKEYS, PasskeyRecord, corrupt, credential_digest, key, put};
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use storage::{Commit, Documents, FieldValue, KeyValue, Query, StorageError, Write};
use subtle::ConstantTimeEq;
use webauthn::{
    AuthenticationResponse, KnownCredential, RegistrationResponse, RelyingParty, WebauthnError,
};

/// Time within which a challenge must be answered.
const CHALLENGE_VALID: Duration = Duration::from_mins(5);
const CHALLENGE_BYTES: usize = 32;
/// Most passkeys that are read at once: those of one account, or those with one identifier.
const READ_MAX: usize = 50;

/// Challenge that a page carries, sealed for its browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Challenge {
    bytes: String,
    expires: Timestamp,
}

impl Challenge {
    /// As the browser is given it, in base64url.
    pub(crate) fn as_str(&self) -> &str {
        &self.bytes
    }
}

/// Passkey, as its owner sees it.
#[derive(Clone, Debug)]
pub(crate) struct ListedPasskey {
    /// Digest of the credential's identifier.
    pub(crate) id: String,
    /// Identifier of the credential, in base64url.
    pub(crate) credential: String,
    pub(crate) added: Timestamp,
    /// Whether it may be copied to other devices.
    pub(crate) is_synced: bool,
}

/// Account of a passkey that was used, and whether its key is bound to one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsedPasskey {
    pub(crate) account: AccountId,
    pub(crate) is_synced: bool,
}

/// Answer of a browser to a request for a passkey, each part in base64url.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PasskeyAnswer<'a> {
    pub(crate) credential: &'a str,
    pub(crate) user_handle: &'a str,
    pub(crate) client_data: &'a str,
    pub(crate) authenticator_data: &'a str,
    pub(crate) signature: &'a str,
}

/// Passkeys.
pub(crate) struct Passkeys {
    /// None where the issuer is an address on the network, to which no passkey belongs.
    pub(crate) party: Option<RelyingParty>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) values: Arc<dyn KeyValue>,
    /// Key of the user handles.
    pub(crate) handles: hmac::Key,
    pub(crate) ids: Ids,
}

impl Passkeys {
    /// A new challenge.
    pub(crate) fn challenge(&self) -> Challenge {
        let mut bytes = [0; CHALLENGE_BYTES];
        self.ids.randomness().fill(&mut bytes);
        let expires = self.ids.now().checked_add(CHALLENGE_VALID).unwrap_or(Timestamp::MAX);
        Challenge { bytes: base64url_encode(bytes), expires }
    }

    /// User handle of an account (`user.id`): 64 bytes that tell nothing about it, in base64url.
    pub(crate) fn user_handle(&self, id: AccountId) -> String {
        base64url_encode(hmac::sign(&self.handles, Uuid::from(id).as_bytes()).as_ref())
    }

    /// Passkeys of an account.
    pub(crate) async fn of(&self, id: AccountId) -> Result<Vec<ListedPasskey>, StorageError> {
        let records = self.records("by_account", &id.to_string()).await?;
        let listed = records.into_iter().map(|record| ListedPasskey {
            id: credential_digest(&record.credential),
            credential: record.credential,
            added: record.added,
            is_synced: record.is_backup_eligible,
        });
        Ok(listed.collect())
    }

    /// Registers a passkey of an account, in one commit with these writes.
    pub(crate) async fn register(
        &self,
        id: AccountId,
        challenge: &Challenge,
        client_data: &str,
        attestation: &str,
        writes: Vec<Write>,
    ) -> Result<(), AuthError> {
        let party = self.party.as_ref().ok_or(Rejection::PasskeyInvalid)?;
        let bytes = self.redeemed(challenge).await?;
        let (client_data, attestation) = (decoded(client_data)?, decoded(attestation)?);
        let response =
            RegistrationResponse { client_data: &client_data, attestation_object: &attestation };
        let new = party.verify_registration(&bytes, &response).map_err(invalid)?;
        let now = self.ids.now();
        let record = PasskeyRecord {
            account: id,
            credential: base64url_encode(&new.id),
            public_key: base64url_encode(&new.public_key),
            sign_count: new.sign_count,
            is_backup_eligible: new.is_backup_eligible,
            is_backed_up: new.is_backed_up,
            added: now,
        };
        let passkey = credential_digest(&record.credential);
        let writes = [writes, vec![put(&record)?]].concat();
        let add = |account: Option<&Account>| {
            account.ok_or(Rejection::UnknownAccount)?.add_passkey(&passkey, now)
        };
        let stream = prefixed_id(ACCOUNT_PREFIX, id);
        let added = self.accounts.repository.execute(&stream, add, |_| writes.clone()).await?;
        seen(added.commit()).await
    }

    /// Removes a passkey of an account, in one commit with these writes.
    pub(crate) async fn remove(
        &self,
        id: AccountId,
        passkey: &str,
        writes: Vec<Write>,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let delete = Write::Delete { collection: &PASSKEYS, key: key(id, passkey) };
        let writes = [writes, vec![delete]].concat();
        let remove = |account: Option<&Account>| {
            let account = account.ok_or(Rejection::UnknownAccount)?;
            Ok::<_, Rejection>(account.remove_passkey(passkey, now))
        };
        let stream = prefixed_id(ACCOUNT_PREFIX, id);
        let removed = self.accounts.repository.execute(&stream, remove, |_| writes.clone()).await?;
        seen(removed.commit()).await
    }

    /// Account of the passkey that answered a challenge.
    pub(crate) async fn authenticate(
        &self,
        challenge: &Challenge,
        answer: &PasskeyAnswer<'_>,
    ) -> Result<UsedPasskey, AuthError> {
        let party = self.party.as_ref().ok_or(Rejection::PasskeyInvalid)?;
        let bytes = self.redeemed(challenge).await?;
        let record = self.known(answer).await?.ok_or(Rejection::PasskeyInvalid)?;
        let public_key = base64url_decode(&record.public_key).map_err(|_| corrupt())?;
        let (client_data, authenticator_data, signature) = (
            decoded(answer.client_data)?,
            decoded(answer.authenticator_data)?,
            decoded(answer.signature)?,
        );
        let response = AuthenticationResponse {
            client_data: &client_data,
            authenticator_data: &authenticator_data,
            signature: &signature,
        };
        let known = KnownCredential {
            public_key: &public_key,
            sign_count: record.sign_count,
            is_backup_eligible: record.is_backup_eligible,
        };
        let used = party.verify_authentication(&bytes, &known, &response);
        let used = used.map_err(invalid)?;
        if used.is_counter_regressed {
            tracing::warn!(account = %record.account, "the counter of a passkey did not grow: it may have been copied");
            return Err(Rejection::PasskeyInvalid.into());
        }
        let (account, is_synced) = (record.account, record.is_backup_eligible);
        let (sign_count, is_backed_up) = (used.sign_count, used.is_backed_up);
        if (sign_count, is_backed_up) != (record.sign_count, record.is_backed_up) {
            let record = PasskeyRecord { sign_count, is_backed_up, ..record };
            drop(self.documents.write(vec![put(&record)?]).await?);
        }
        Ok(UsedPasskey { account, is_synced })
    }

    /// Record of the credential that answered, if its account still has it. Two accounts may have credentials of one identifier, which
    /// authenticators choose; the user handle says whose it is.
    async fn known(&self, answer: &PasskeyAnswer<'_>) -> Result<Option<PasskeyRecord>, AuthError> {
        let passkey = credential_digest(answer.credential);
        for record in self.records("by_credential", &passkey).await? {
            let handle = self.user_handle(record.account);
            let is_its_owner = handle.as_bytes().ct_eq(answer.user_handle.as_bytes());
            let account = self.accounts.load(record.account).await?;
            if bool::from(is_its_owner) && account.is_some_and(|it| it.has_passkey(&passkey)) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Bytes of a challenge that is answered for the first time, and in time.
    async fn redeemed(&self, challenge: &Challenge) -> Result<Vec<u8>, AuthError> {
        let now = self.ids.now();
        let key = ["challenge-", &digest(&challenge.bytes)].concat();
        let uses = self.values.add(&key, 1, now, Some(challenge.expires)).await?;
        if now >= challenge.expires || uses > 1 {
            return Err(Rejection::PasskeyInvalid.into());
        }
        decoded(&challenge.bytes).map_err(Into::into)
    }

    async fn records(
        &self,
        index: &'static str,
        value: &str,
    ) -> Result<Vec<PasskeyRecord>, StorageError> {
        let equals = vec![FieldValue::Text(value.to_owned())];
        let query = Query { equals, ..Query::all(index, READ_MAX) };
        let page = self.documents.query(&PASSKEYS, query).await?;
        let records = page.documents.iter().map(|document| serde_json::from_slice(&document.body));
        records.collect::<Result<_, _>>().map_err(|_| corrupt())
    }
}

impl fmt::Debug for Passkeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Passkeys")
    }
}

/// Waits until what was written is seen by whoever reads the records, such as the page that lists them.
async fn seen(commit: &Commit) -> Result<(), AuthError> {
    Ok(commit.wait().await.map_err(unavailable)?)
}

fn decoded(text: &str) -> Result<Vec<u8>, Rejection> {
    base64url_decode(text).map_err(|_| Rejection::PasskeyInvalid)
}

fn invalid(error: WebauthnError) -> AuthError {
    tracing::info!(%error, "a passkey was refused");
    Rejection::PasskeyInvalid.into()
}
