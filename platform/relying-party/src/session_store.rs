//! Sessions of people who signed in, in the key-value store: under a digest of the cookie, and sealed under a key that only the cookie has.

use crate::seal::Seal;
use jose::{base64url_decode, base64url_encode};
use kernel::{Ids, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};
use transport::TokenResponse;

/// Random bytes of a cookie.
const COOKIE_BYTES: usize = 32;

/// Session of somebody who signed in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// Access token, for whoever says what the person may do.
    pub access_token: String,
    /// Until when it counts, in seconds since 1970.
    pub(crate) access_expires: i64,
    pub(crate) refresh_token: Option<String>,
    pub(crate) id_token: Option<String>,
    /// When the session ends in any case, in seconds since 1970.
    pub(crate) ends: i64,
}

impl fmt::Debug for Session {
    /// Without the tokens.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { access_expires, ends, .. } = self;
        let mut shown = out.debug_struct("Session");
        shown.field("access_expires", access_expires).field("ends", ends).finish_non_exhaustive()
    }
}

impl Session {
    /// Session that begins with these tokens.
    pub(crate) fn begin(tokens: TokenResponse, now: Timestamp, lifetime_max: Duration) -> Self {
        Self::with(tokens, now, after(now, lifetime_max).as_second())
    }

    fn with(tokens: TokenResponse, now: Timestamp, ends: i64) -> Self {
        Self {
            access_expires: after(now, Duration::from_secs(tokens.expires_in)).as_second(),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            id_token: tokens.id_token,
            ends,
        }
    }

    /// The same session with newer tokens.
    pub(crate) fn refreshed(self, tokens: TokenResponse, now: Timestamp) -> Self {
        let Self { refresh_token, id_token, ends, .. } = self;
        let session = Self::with(tokens, now, ends);
        Self {
            refresh_token: session.refresh_token.or(refresh_token),
            id_token: session.id_token.or(id_token),
            ..session
        }
    }
}

/// Secret of a session: the value of its cookie.
pub(crate) struct SessionSecret([u8; COOKIE_BYTES]);

impl SessionSecret {
    pub(crate) fn new(ids: &Ids) -> Self {
        let mut bytes = [0; COOKIE_BYTES];
        ids.randomness().fill(&mut bytes);
        Self(bytes)
    }

    /// Secret in a cookie; none for a text that cannot be one.
    pub(crate) fn of_cookie(text: &str) -> Option<Self> {
        base64url_decode(text).ok()?.try_into().ok().map(Self)
    }

    pub(crate) fn cookie(&self) -> String {
        base64url_encode(self.0)
    }

    fn key(&self) -> String {
        ["session-", &base64url_encode(Sha256::digest(self.0))].concat()
    }

    fn seal(&self) -> Seal {
        Seal::new(&self.0, "session of a relying party")
    }
}

/// Store of sessions.
#[derive(Clone, Debug)]
pub(crate) struct SessionStore {
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) ids: Ids,
    /// Time after which a session ends that nobody uses.
    pub(crate) idle_max: Duration,
}

impl SessionStore {
    pub(crate) async fn find(
        &self,
        secret: &SessionSecret,
    ) -> Result<Option<Session>, StorageError> {
        let now = self.ids.now();
        let sealed = self.values.value(&secret.key(), now).await?;
        let sealed = sealed.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        let session = sealed.and_then(|sealed| secret.seal().open::<Session>(&sealed));
        Ok(session.filter(|session| now.as_second() < session.ends))
    }

    pub(crate) async fn put(
        &self,
        secret: &SessionSecret,
        session: &Session,
    ) -> Result<(), StorageError> {
        let sealed = secret.seal().seal(session, &**self.ids.randomness());
        let ends = Timestamp::from_second(session.ends).unwrap_or(Timestamp::MAX);
        let expires = after(self.ids.now(), self.idle_max).min(ends);
        self.values.put(&secret.key(), sealed.into(), Some(expires)).await.map(drop)
    }

    pub(crate) async fn remove(&self, secret: &SessionSecret) -> Result<(), StorageError> {
        self.values.remove(&secret.key()).await.map(drop)
    }
}

fn after(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}
