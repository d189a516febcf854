//! Second factor at work: setting up an app, and checking codes. The secret of the app is sealed, of the recovery codes there are digests;
//! both are a record beside the account, which decides what counts.

use super::{
    log::{SignIn, SignInLog},
    one_time_password::TotpSecret,
    recovery_codes,
};
use crate::{
    application::{
        accounts::Accounts,
        attempt_limit::{AttemptLimit, LimitDecision},
        error::AuthError,
        keys::seal::SealingKey,
        mail::{AccountNotice, MailQueue},
    },
    domain::{Rejection, account::Account},
};
use identifiers::AccountId;
use jose::{base64url_decode, base64url_encode};
use kernel::{Ids, prefixed_id};
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use storage::{Collection, Document, Documents, StorageError, Write};

/// Records of second factors, by account.
static SECOND_FACTORS: Collection = Collection { name: "second_factors", indexes: &[] };

/// Most wrong codes of an account within a quarter of an hour.
pub(crate) const WRONG_CODES_MAX: u32 = 5;

/// Record of a second factor.
#[derive(Serialize, Deserialize)]
struct SecondFactorRecord {
    /// Sealed secret of the app.
    secret: String,
    /// Digests of the recovery codes, by their numbers.
    recovery_codes: Vec<String>,
}

/// Result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeCheck {
    OneTimePassword,
    RecoveryCode,
    Wrong,
    TooMany,
}

/// Second factors.
pub(crate) struct SecondFactors {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) sealing: SealingKey,
    /// Key of the digests of recovery codes.
    pub(crate) digests: hmac::Key,
    pub(crate) attempts: AttemptLimit,
    pub(crate) log: Arc<SignInLog>,
    pub(crate) mails: Arc<MailQueue>,
    pub(crate) ids: Ids,
}

impl SecondFactors {
    /// Turns the second factor of an account on, if the code shows that the app has the secret; the recovery codes. The writes are in the
    /// same commit.
    pub(crate) async fn enable(
        &self,
        id: AccountId,
        secret: &TotpSecret,
        code: &str,
        writes: Vec<Write>,
    ) -> Result<Vec<String>, AuthError> {
        let now = self.ids.now();
        let step = secret.step_of(code, now).ok_or(Rejection::CodeInvalid)?;
        let codes = recovery_codes::generate(&**self.ids.randomness());
        let record = SecondFactorRecord {
            secret: self.sealed(id, secret),
            recovery_codes: self.digests(id, &codes),
        };
        let writes = [writes, vec![put(id, &record)?]].concat();
        let enable = |account: &Account| account.enable_second_factor(step, now);
        self.accounts.change(id, enable, &writes).await?;
        Ok(codes)
    }

    /// Checks a code of the app, or a recovery code, and uses it up: of concurrent checks of one code one succeeds. It is counted before it
    /// is looked at. Of a recovery code the owner is told, in this language.
    pub(crate) async fn check(
        &self,
        id: AccountId,
        code: &str,
        language: &str,
    ) -> Result<CodeCheck, AuthError> {
        let subject = id.to_string();
        match self.attempts.count(&subject).await? {
            LimitDecision::Allowed => {}
            LimitDecision::LockedOut => {
                self.log.record(SignIn::LockedOut(Some(id))).await?;
                return Ok(CodeCheck::TooMany);
            }
            LimitDecision::Refused => return Ok(CodeCheck::TooMany),
        }
        let check = match self.used(id, code, language).await {
            Err(AuthError::Rejected(Rejection::CodeInvalid)) => {
                self.log.record(SignIn::Failed(Some(id))).await?;
                return Ok(CodeCheck::Wrong);
            }
            check => check?,
        };
        self.attempts.succeed(&subject).await?;
        Ok(check)
    }

    async fn used(
        &self,
        id: AccountId,
        code: &str,
        language: &str,
    ) -> Result<CodeCheck, AuthError> {
        let now = self.ids.now();
        let (version, record) = self.read(id).await?;
        // A code of an app or of a list that was replaced meanwhile is a wrong one, whatever its number.
        let check =
            |account: &Account| account.check_record(version).map_err(|_| Rejection::CodeInvalid);
        if let Some(step) = self.opened(id, &record)?.step_of(code, now) {
            let accept = |account: &Account| {
                check(account)?;
                account.use_one_time_password(step, now)
            };
            self.accounts.change(id, accept, &[]).await?;
            return Ok(CodeCheck::OneTimePassword);
        }
        let digest = recovery_codes::digest(&self.digests, id, code);
        let number = recovery_codes::number_of(&record.recovery_codes, &digest);
        let number = number.ok_or(Rejection::CodeInvalid)?;
        let email = self.accounts.person(id).await?.and_then(|person| person.email);
        let notice =
            self.mails.notice(email.as_deref(), AccountNotice::RecoveryCodeUsed, language)?;
        let accept = |account: &Account| {
            check(account)?;
            account.use_recovery_code(number, now)
        };
        self.accounts.change(id, accept, &notice).await?;
        Ok(CodeCheck::RecoveryCode)
    }

    /// New recovery codes in place of all that there are, in one commit with these writes.
    pub(crate) async fn replace_codes(
        &self,
        id: AccountId,
        writes: Vec<Write>,
    ) -> Result<Vec<String>, AuthError> {
        let (version, record) = self.read(id).await?;
        let codes = recovery_codes::generate(&**self.ids.randomness());
        let record = SecondFactorRecord { recovery_codes: self.digests(id, &codes), ..record };
        let now = self.ids.now();
        let replace = |account: &Account| {
            account.check_record(version)?;
            account.replace_recovery_codes(now)
        };
        let writes = [writes, vec![put(id, &record)?]].concat();
        self.accounts.change(id, replace, &writes).await?;
        Ok(codes)
    }

    /// Turns the second factor of an account off, in one commit with these writes.
    pub(crate) async fn disable(&self, id: AccountId, writes: Vec<Write>) -> Result<(), AuthError> {
        let now = self.ids.now();
        let writes = [writes, vec![deletion(id)]].concat();
        let disable = |account: &Account| Ok(account.disable_second_factor(now));
        self.accounts.change(id, disable, &writes).await.map(drop)
    }

    /// Record of a second factor, with the version of the account that it belongs to.
    async fn read(&self, id: AccountId) -> Result<(u32, SecondFactorRecord), AuthError> {
        let account = self.accounts.flushed(id).await?.ok_or(Rejection::UnknownAccount)?;
        let stored = self.documents.find(&SECOND_FACTORS, &id.to_string()).await?;
        let stored = stored.ok_or(Rejection::CodeInvalid)?;
        let record = serde_json::from_slice(&stored.body).map_err(|_| corrupt(id))?;
        Ok((account.record_version, record))
    }

    fn sealed(&self, id: AccountId, secret: &TotpSecret) -> String {
        let randomness = &**self.ids.randomness();
        base64url_encode(self.sealing.seal(&purpose(id), secret.expose(), randomness))
    }

    fn opened(
        &self,
        id: AccountId,
        record: &SecondFactorRecord,
    ) -> Result<TotpSecret, StorageError> {
        let sealed = base64url_decode(&record.secret).ok();
        let secret = sealed.and_then(|sealed| self.sealing.open(&purpose(id), &sealed));
        secret.and_then(|secret| TotpSecret::of_bytes(&secret)).ok_or_else(|| corrupt(id))
    }

    fn digests(&self, id: AccountId, codes: &[String]) -> Vec<String> {
        codes.iter().map(|code| recovery_codes::digest(&self.digests, id, code)).collect()
    }
}

impl fmt::Debug for SecondFactors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecondFactors")
    }
}

/// A secret is sealed for its account: that of another opens nothing.
fn purpose(id: AccountId) -> String {
    prefixed_id("totp-", id)
}

fn put(id: AccountId, record: &SecondFactorRecord) -> Result<Write, StorageError> {
    let body = serde_json::to_vec(record).map_err(|_| corrupt(id))?;
    let document = Document { key: id.to_string(), body: body.into(), fields: Vec::new() };
    Ok(Write::Put { collection: &SECOND_FACTORS, document })
}

/// The write that deletes the record of an account.
pub(crate) fn deletion(id: AccountId) -> Write {
    Write::Delete { collection: &SECOND_FACTORS, key: id.to_string() }
}

fn corrupt(id: AccountId) -> StorageError {
    StorageError::Corrupt(format!("the second factor of account {id}"))
}
