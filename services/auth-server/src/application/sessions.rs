//! Sign-in sessions: a random identifier in a cookie, and the state on the server under its digest. A sign-in always gets a new
//! identifier, so that nobody can have prepared one (session fixation).

use super::seal::digest;
use identifiers::AccountId;
use jose::base64url_encode;
use kernel::{Ids, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// End of a session that nobody uses.
const IDLE: Duration = Duration::from_hours(2);
/// End of every session.
const LIFETIME: Duration = Duration::from_hours(24);
/// Time for which the use of a session is not written again.
const TOUCH: Duration = Duration::from_mins(5);
/// Time for which the end of a session is remembered: no token that it vouches for lives longer.
const ENDED_REMEMBERED: Duration = Duration::from_hours(24 * 31);
/// Bytes of an identifier.
const ID_BYTES: usize = 32;
/// Longest cookie value that is looked at, in bytes.
const COOKIE_BYTES_MAX: usize = 64;

/// Session of a person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) account: AccountId,
    /// Public identifier (`sid`), which tokens and clients may know.
    pub(crate) sid: String,
    pub(crate) authenticated_at: Timestamp,
    seen_at: Timestamp,
}

/// Secret identifier of a session: the value of its cookie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SessionId(String);

impl SessionId {
    /// Value for the cookie.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// From a cookie.
    pub(crate) fn of_cookie(value: &str) -> Option<Self> {
        (value.len() <= COOKIE_BYTES_MAX).then(|| Self(value.to_owned()))
    }

    fn key(&self) -> String {
        ["session-", &digest(&self.0)].concat()
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SessionId")
    }
}

/// Sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) ids: Ids,
}

impl Sessions {
    /// Begins a session of somebody who has just proven who they are, in place of an earlier one of the same browser.
    pub(crate) async fn begin(
        &self,
        account: AccountId,
        earlier: Option<&SessionId>,
    ) -> Result<(SessionId, Session), StorageError> {
        if let Some(earlier) = earlier {
            drop(self.values.remove(&earlier.key()).await?);
        }
        let now = self.ids.now();
        let (id, sid) = (SessionId(self.random::<ID_BYTES>()), self.random::<16>());
        let session = Session { account, sid, authenticated_at: now, seen_at: now };
        self.store(&id, &session).await?;
        Ok((id, session))
    }

    /// Session of this identifier, if it goes on.
    pub(crate) async fn find(&self, id: &SessionId) -> Result<Option<Session>, StorageError> {
        let now = self.ids.now();
        let Some(stored) = self.values.value(&id.key(), now).await? else { return Ok(None) };
        let stored = serde_json::from_slice::<Session>(&stored);
        let session = stored.map_err(|_| StorageError::Corrupt("a session".to_owned()))?;
        let touched_until = session.seen_at.checked_add(TOUCH).unwrap_or(Timestamp::MAX);
        if now >= touched_until {
            let session = Session { seen_at: now, ..session };
            self.store(id, &session).await?;
            return Ok(Some(session));
        }
        Ok(Some(session))
    }

    /// Ends a session, and whatever depends on it: grants without `offline_access` look here.
    pub(crate) async fn end(&self, id: &SessionId, session: &Session) -> Result<(), StorageError> {
        drop(self.values.remove(&id.key()).await?);
        let until = self.ids.now().checked_add(ENDED_REMEMBERED).unwrap_or(Timestamp::MAX);
        self.values.put(&ended_key(&session.sid), "1".into(), Some(until)).await.map(drop)
    }

    /// Whether somebody ended the session of this public identifier.
    pub(crate) async fn has_ended(&self, sid: &str) -> Result<bool, StorageError> {
        Ok(self.values.value(&ended_key(sid), self.ids.now()).await?.is_some())
    }

    /// Stored until it is idle for too long, and never beyond its lifetime.
    async fn store(&self, id: &SessionId, session: &Session) -> Result<(), StorageError> {
        let end = session.authenticated_at.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
        let idle = session.seen_at.checked_add(IDLE + TOUCH).unwrap_or(Timestamp::MAX);
        let body = serde_json::to_vec(session);
        let body = body.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        self.values.put(&id.key(), body.into(), Some(end.min(idle))).await.map(drop)
    }

    fn random<const BYTES: usize>(&self) -> String {
        let mut bytes = [0; BYTES];
        self.ids.randomness().fill(&mut bytes);
        base64url_encode(bytes)
    }
}

fn ended_key(sid: &str) -> String {
    ["ended-", sid].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_memory::MemoryEngine;
    use kernel::{ManualClock, SeededRandomness, Uuid};

    fn sessions() -> (Sessions, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let values = MemoryEngine::new().service("auth-server").key_value;
        (Sessions { values, ids }, clock)
    }

    const ADA: AccountId = AccountId(Uuid::from_u128(1));

    #[tokio::test]
    async fn a_session_ends_when_idle_or_after_a_day() {
        let (sessions, clock) = sessions();
        let (id, session) = sessions.begin(ADA, None).await.unwrap();
        assert_eq!(sessions.find(&id).await.unwrap(), Some(session.clone()));
        for _ in 0..23 {
            clock.advance(Duration::from_hours(1));
            let found = sessions.find(&id).await.unwrap().unwrap();
            assert_eq!(found.authenticated_at, session.authenticated_at);
        }
        clock.advance(Duration::from_hours(1));
        assert_eq!(sessions.find(&id).await.unwrap(), None, "a day");
        let (id, _) = sessions.begin(ADA, None).await.unwrap();
        clock.advance(IDLE + TOUCH);
        assert_eq!(sessions.find(&id).await.unwrap(), None, "idle");
    }

    #[tokio::test]
    async fn a_sign_in_gets_a_new_identifier_and_the_old_one_is_void() {
        let (sessions, _) = sessions();
        let (first, _) = sessions.begin(ADA, None).await.unwrap();
        let (second, _) = sessions.begin(ADA, Some(&first)).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(sessions.find(&first).await.unwrap(), None);
        assert!(sessions.find(&second).await.unwrap().is_some());
        assert!(!format!("{second:?}").contains(second.expose()));
    }

    #[tokio::test]
    async fn the_end_of_a_session_is_remembered() {
        let (sessions, _) = sessions();
        let (id, session) = sessions.begin(ADA, None).await.unwrap();
        assert!(!sessions.has_ended(&session.sid).await.unwrap());
        sessions.end(&id, &session).await.unwrap();
        assert_eq!(sessions.find(&id).await.unwrap(), None);
        assert!(sessions.has_ended(&session.sid).await.unwrap());
    }
}
