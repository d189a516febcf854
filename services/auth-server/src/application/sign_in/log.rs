//! Log of sign-ins, for the audit trail: who signed in and out, and who tried to in vain. It has a stream for each part of a day, which is
//! kept for eight days more, whether the trail has read it by then or not.

use crate::domain::{Rejection, events::SignInEvent, sign_in_trail::SignInTrail};
use identifiers::AccountId;
use journal::{Aggregate, ExecuteError, READ_EVENTS_MAX, Repository};
use kernel::{Ids, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use storage::{Collection, Document, Documents, StorageError, Write};

/// Prefix of the streams of sign-ins.
pub(crate) const SIGN_INS_PREFIX: &str = "sign-ins-";
/// Streams of a day: sign-ins at the same time seldom meet in one of them.
const PARTS: u8 = 16;
/// Days for which a stream is kept after its own.
const KEPT_DAYS: i64 = 8;
const DAY_SECONDS: i64 = 86_400;
/// Most streams that are deleted in one round.
const DELETED_MAX: usize = 50;

/// Streams that there are, for their deletion: the keys are in the order of the days.
static STREAMS: Collection = Collection { name: "sign-in-streams", indexes: &[] };

/// Log of sign-ins.
pub(crate) struct SignInLog {
    pub(crate) repository: Repository<SignInTrail>,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) ids: Ids,
}

/// Position in the log: the stream that was read last, and how many events of the next one were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogPosition(String, u64);

/// Sign-in of which the log has no stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignIn {
    SignedIn(AccountId),
    Failed(Option<AccountId>),
    LockedOut(Option<AccountId>),
    SignedOut(AccountId),
}

impl SignInLog {
    /// Records what happened now, as far as there is room on this day.
    pub(crate) async fn record(&self, sign_in: SignIn) -> Result<(), StorageError> {
        let at = self.ids.now();
        let event = match sign_in {
            SignIn::SignedIn(account) => SignInEvent::SignedIn { account, at },
            SignIn::Failed(account) => SignInEvent::SignInFailed { account, at },
            SignIn::LockedOut(account) => SignInEvent::LockedOut { account, at },
            SignIn::SignedOut(account) => SignInEvent::SignedOut { account, at },
        };
        let mut part = [0];
        self.ids.randomness().fill(&mut part);
        let key = format!("{:08}-{:02}", day(at), part[0] % PARTS);
        let stream = [SIGN_INS_PREFIX, &key].concat();
        let decide =
            |trail: Option<&SignInTrail>| Ok::<_, Rejection>(SignInTrail::record(trail, &event));
        let document = Document { key, body: "{}".into(), fields: Vec::new() };
        let write = Write::Put { collection: &STREAMS, document };
        match self.repository.execute(&stream, decide, |_| vec![write.clone()]).await {
            Ok(_) | Err(ExecuteError::Rejected(_)) => Ok(()),
            Err(ExecuteError::Storage(error)) => Err(error),
        }
    }

    /// Sign-ins of an account among the next events after this position, and the position after which it goes on.
    pub(crate) async fn of_account(
        &self,
        account: AccountId,
        after: &LogPosition,
    ) -> Result<(Vec<SignInEvent>, Option<LogPosition>), StorageError> {
        let LogPosition(earlier, version) = after;
        let earlier = Some(earlier.as_str()).filter(|key| !key.is_empty());
        let Some(document) = self.documents.scan(&STREAMS, earlier, 1).await?.pop() else {
            return Ok((Vec::new(), None));
        };
        let stream = [SIGN_INS_PREFIX, &document.key].concat();
        let events = self.repository.journal().read(&stream, *version, READ_EVENTS_MAX).await?;
        let next = match events.last().filter(|_| events.len() == READ_EVENTS_MAX) {
            Some(last) => LogPosition(after.0.clone(), last.version),
            None => LogPosition(document.key, 0),
        };
        let mut own = Vec::new();
        for recorded in &events {
            let event = SignInTrail::decode(recorded);
            let event = event.map_err(|error| StorageError::Corrupt(error.to_string()))?;
            if event.account() == Some(account) {
                own.push(SignInEvent::clone(&event));
            }
        }
        Ok((own, Some(next)))
    }

    /// Deletes streams that have been kept long enough; how many.
    pub(crate) async fn delete_old(&self) -> Result<usize, StorageError> {
        let first_kept = format!("{:08}", day(self.ids.now()) - KEPT_DAYS);
        let mut deleted = 0;
        for document in self.documents.scan(&STREAMS, None, DELETED_MAX).await? {
            if document.key >= first_kept {
                break;
            }
            let stream = [SIGN_INS_PREFIX, &document.key].concat();
            if !self.repository.delete_unless_last(&stream).await? {
                continue;
            }
            let delete = Write::Delete { collection: &STREAMS, key: document.key };
            drop(self.documents.write(vec![delete]).await?);
            deleted += 1;
        }
        Ok(deleted)
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(DAY_SECONDS)
}

impl fmt::Debug for SignInLog {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SignInLog")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_memory::MemoryEngine;
    use kernel::{ManualClock, SeededRandomness, Uuid};
    use std::{num::NonZeroUsize, time::Duration};

    #[tokio::test]
    async fn a_stream_is_kept_for_eight_days_after_its_own() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let storage = MemoryEngine::new().service("auth-server");
        let cached_max = NonZeroUsize::new(100).unwrap();
        let log = SignInLog {
            repository: Repository::new(Arc::clone(&storage.journal), ids.clone(), cached_max),
            documents: Arc::clone(&storage.documents),
            ids,
        };
        let count = async || storage.journal.follow(0, 1_000).await.unwrap().len();
        for _ in 0..100 {
            log.record(SignIn::Failed(None)).await.unwrap();
        }
        clock.advance(Duration::from_hours(24 * 9) - Duration::from_secs(1));
        log.record(SignIn::SignedIn(AccountId(Uuid::from_u128(1)))).await.unwrap();
        assert_eq!((log.delete_old().await.unwrap(), count().await), (0, 101), "the ninth day");
        clock.advance(Duration::from_secs(1));
        let deleted = log.delete_old().await.unwrap();
        assert!((2..=usize::from(PARTS)).contains(&deleted), "{deleted}");
        assert_eq!((log.delete_old().await.unwrap(), count().await), (0, 1));
    }
}
