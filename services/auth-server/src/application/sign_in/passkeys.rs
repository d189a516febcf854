//! Passkeys: challenges, registration and sign-in. The account says which passkeys it has; their public keys and counters are records.

pub(crate) mod record;

use super::log::{SignIn, SignInLog};
use crate::{
    application::{
        accounts::{Accounts, records::unavailable},
        error::AuthError,
        keys::seal::digest,
    },
    domain::{Rejection, account::Account},
};
use identifiers::AccountId;
use jose::{base64url_decode, base64url_encode};
use kernel::{Ids, Timestamp, Uuid};
pub(crate) use record::deletions;
use record::{PasskeyRecord, corrupt, credential_digest, delete, put, records};
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use storage::{Commit, Documents, KeyValue, StorageError, Write};
use subtle::ConstantTimeEq;
use webauthn::{
    AuthenticationResponse, KnownCredential, RegistrationResponse, RelyingParty, WebauthnError,
};

/// Time within which a challenge must be answered.
const CHALLENGE_VALID: Duration = Duration::from_mins(5);
const CHALLENGE_BYTES: usize = 32;

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
    pub(crate) log: Arc<SignInLog>,
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

    /// Passkeys of an account. Which it has it says itself: a record alone is none.
    pub(crate) async fn of(&self, id: AccountId) -> Result<Vec<ListedPasskey>, StorageError> {
        let Some(account) = self.accounts.flushed(id).await? else { return Ok(Vec::new()) };
        let records = records(&*self.documents, "by_account", &id.to_string()).await?;
        let listed = records.into_iter().map(|record| ListedPasskey {
            id: credential_digest(&record.credential),
            credential: record.credential,
            added: record.added,
            is_synced: record.is_backup_eligible,
        });
        Ok(listed.filter(|passkey| account.has_passkey(&passkey.id)).collect())
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
        let add = |account: &Account| account.add_passkey(&passkey, now);
        let added = self.accounts.change(id, add, &writes).await?;
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
        let writes = [writes, vec![delete(id, passkey)]].concat();
        let remove = |account: &Account| Ok(account.remove_passkey(passkey, now));
        let removed = self.accounts.change(id, remove, &writes).await?;
        seen(removed.commit()).await
    }

    /// Removes all passkeys of an account, in one commit with these writes.
    pub(crate) async fn remove_all(
        &self,
        id: AccountId,
        writes: Vec<Write>,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let writes = [writes, deletions(&*self.documents, id).await?].concat();
        let remove = |account: &Account| Ok(account.remove_passkeys(now).collect());
        let removed = self.accounts.change(id, remove, &writes).await?;
        seen(removed.commit()).await
    }

    /// Account of the passkey that answered a challenge.
    pub(crate) async fn authenticate(
        &self,
        challenge: &Challenge,
        answer: &PasskeyAnswer<'_>,
    ) -> Result<UsedPasskey, AuthError> {
        let used = self.verified(challenge, answer).await;
        if matches!(used, Err(AuthError::Rejected(Rejection::PasskeyInvalid))) {
            // Of no account: whatever a refused answer names, a stranger may have written.
            self.log.record(SignIn::Failed(None)).await?;
        }
        used
    }

    async fn verified(
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
            let passkey = credential_digest(&record.credential);
            let record = PasskeyRecord { sign_count, is_backed_up, ..record };
            drop(self.documents.write(vec![put(&record)?]).await?);
            // If it was removed meanwhile, this has brought its record back.
            let holder = self.accounts.load(account).await?;
            if !holder.is_some_and(|holder| holder.has_passkey(&passkey)) {
                drop(self.documents.write(vec![delete(account, &passkey)]).await?);
                return Err(Rejection::PasskeyInvalid.into());
            }
        }
        Ok(UsedPasskey { account, is_synced })
    }

    /// Record of the credential that answered, if its account still has it. Two accounts may have credentials of one identifier, which
    /// authenticators choose; the user handle says whose it is.
    async fn known(&self, answer: &PasskeyAnswer<'_>) -> Result<Option<PasskeyRecord>, AuthError> {
        let passkey = credential_digest(answer.credential);
        for record in records(&*self.documents, "by_credential", &passkey).await? {
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

#[cfg(test)]
mod tests;
