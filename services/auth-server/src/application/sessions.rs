//! Sign-in sessions: a random identifier in a cookie, and the state on the server under its digest. A sign-in always gets a new
//! identifier, so that nobody can have prepared one (session fixation).

pub(crate) mod list;
pub(crate) mod logout_delivery;
pub(crate) mod logout_notices;

use super::{
    keys::seal::digest,
    sign_in::log::{SignIn, SignInLog},
    tokens::revision::Revision,
};
use contracts::auth::{SESSION_IDLE_MAX, SESSION_LIFETIME_MAX};
use identifiers::AccountId;
use jose::base64url_encode;
use kernel::{Ids, Timestamp};
use logout_notices::LogoutNotices;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// End of a session that nobody uses.
const IDLE: Duration = SESSION_IDLE_MAX;
/// End of every session.
const LIFETIME: Duration = SESSION_LIFETIME_MAX;
/// Time for which the use of a session is not written again.
const TOUCH: Duration = Duration::from_mins(5);
/// Time for which the end of a session is remembered: no token that it vouches for lives longer.
const ENDED_REMEMBERED: Duration = Duration::from_hours(24 * 31);
/// Bytes of an identifier.
const ID_BYTES: usize = 32;
/// Bytes of a public identifier.
const SID_BYTES: usize = 16;
/// Longest cookie value that is looked at, in bytes.
const COOKIE_BYTES_MAX: usize = 64;

/// Session of a person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) account: AccountId,
    /// Public identifier (`sid`), which tokens and clients may know.
    pub(crate) sid: String,
    pub(crate) authenticated_at: Timestamp,
    /// How the person proved who they are (`amr`, RFC 8176).
    #[serde(default)]
    pub(crate) methods: Vec<String>,
}

impl Session {
    /// End of the session, however much it is used.
    pub(crate) fn end(&self) -> Timestamp {
        Self::end_of(self.authenticated_at)
    }

    /// End of a session that began at this time.
    pub(crate) fn end_of(authenticated_at: Timestamp) -> Timestamp {
        authenticated_at.checked_add(LIFETIME).unwrap_or(Timestamp::MAX)
    }
}

/// Proof of who somebody is: of which account, when, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) account: AccountId,
    pub(crate) at: Timestamp,
    /// Authentication methods (`amr`).
    pub(crate) methods: Vec<String>,
}

impl Proof {
    /// Proof by these methods.
    pub(crate) fn by(methods: &[&str], account: AccountId, at: Timestamp) -> Self {
        let methods = methods.iter().map(ToString::to_string).collect();
        Self { account, at, methods }
    }
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

    /// Key of the value that stands as long as the session is in use.
    fn use_key(&self) -> String {
        ["session-use-", &digest(&self.0)].concat()
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
    /// Who is told when a session ends.
    pub(crate) notices: Arc<LogoutNotices>,
    pub(crate) log: Arc<SignInLog>,
    pub(crate) ids: Ids,
    pub(crate) revision: Arc<Revision>,
}

impl Sessions {
    /// Begins a session of somebody who has just proven who they are, in place of an earlier one of the same browser. It goes on with
    /// the public identifier of a session of the same account, so that a sign-out still ends what was granted in that; a session of
    /// another account ends.
    pub(crate) async fn begin(
        &self,
        proof: &Proof,
        earlier: Option<&SessionId>,
    ) -> Result<(SessionId, Session), StorageError> {
        let Proof { account, at: authenticated_at, methods } = proof.clone();
        let continued = match earlier {
            Some(earlier) => self.continued(account, earlier).await?,
            None => None,
        };
        let sid = continued.unwrap_or_else(|| self.random::<SID_BYTES>());
        let id = SessionId(self.random::<ID_BYTES>());
        let session = Session { account, sid, authenticated_at, methods };
        let body = serde_json::to_vec(&session);
        let body = body.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        drop(self.values.put(&id.key(), body.into(), Some(session.end())).await?);
        self.note_use(&id, &session).await?;
        self.log.record(SignIn::SignedIn(account)).await?;
        Ok((id, session))
    }

    /// Public identifier of an earlier session that goes on in a new one. The earlier one is over in any case.
    async fn continued(
        &self,
        account: AccountId,
        earlier: &SessionId,
    ) -> Result<Option<String>, StorageError> {
        let Some(session) = self.stored(earlier).await? else { return Ok(None) };
        if session.account != account {
            self.end(earlier, &session).await?;
            return Ok(None);
        }
        drop(self.values.remove(&earlier.key()).await?);
        Ok((!self.has_ended(&session.sid).await?).then_some(session.sid))
    }

    /// Session of this identifier, if it goes on.
    pub(crate) async fn find(&self, id: &SessionId) -> Result<Option<Session>, StorageError> {
        let Some(session) = self.stored(id).await? else { return Ok(None) };
        let now = self.ids.now();
        let Some(used_at) = self.values.value(&id.use_key(), now).await? else { return Ok(None) };
        if self.has_ended(&session.sid).await? {
            return Ok(None);
        }
        let used_at = std::str::from_utf8(&used_at).ok().and_then(|second| second.parse().ok());
        let used_at = used_at.and_then(|second| Timestamp::from_second(second).ok());
        let touched_until = used_at.and_then(|used_at| used_at.checked_add(TOUCH).ok());
        if touched_until.is_none_or(|until| now >= until) {
            self.note_use(id, &session).await?;
        }
        Ok(Some(session))
    }

    /// Ends a session, and whatever depends on it: grants without `offline_access` look here, and other sessions that go on with the
    /// same public identifier.
    pub(crate) async fn end(&self, id: &SessionId, session: &Session) -> Result<(), StorageError> {
        self.end_public(&session.sid).await?;
        drop(self.values.remove(&id.key()).await?);
        self.log.record(SignIn::SignedOut(session.account)).await
    }

    /// Ends the session of this public identifier, in whatever browser it is. Its clients are told first: after a crash in between the
    /// person ends it again, and nobody misses its end.
    pub(crate) async fn end_public(&self, sid: &str) -> Result<(), StorageError> {
        let until = self.ids.now().checked_add(ENDED_REMEMBERED).unwrap_or(Timestamp::MAX);
        self.notices.announce(sid).await?;
        drop(self.values.put(&ended_key(sid), "1".into(), Some(until)).await?);
        self.revision.advance();
        Ok(())
    }

    /// Whether somebody ended the session of this public identifier.
    pub(crate) async fn has_ended(&self, sid: &str) -> Result<bool, StorageError> {
        Ok(self.values.value(&ended_key(sid), self.ids.now()).await?.is_some())
    }

    async fn stored(&self, id: &SessionId) -> Result<Option<Session>, StorageError> {
        let Some(stored) = self.values.value(&id.key(), self.ids.now()).await? else {
            return Ok(None);
        };
        let session = serde_json::from_slice(&stored);
        session.map(Some).map_err(|_| StorageError::Corrupt("a session".to_owned()))
    }

    /// Notes the use of a session in a value of its own: to write the session again could bring back one that ended at this moment.
    async fn note_use(&self, id: &SessionId, session: &Session) -> Result<(), StorageError> {
        let now = self.ids.now();
        let idle = now.checked_add(IDLE + TOUCH).unwrap_or(Timestamp::MAX);
        let (second, until) = (now.as_second().to_string(), idle.min(session.end()));
        self.values.put(&id.use_key(), second.into(), Some(until)).await.map(drop)
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
mod tests;
