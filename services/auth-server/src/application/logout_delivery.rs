//! Delivery of logout notices: each is attempted until the client took it, with pauses that grow, and given up after some hours.

use super::{
    clients::Clients,
    error::AuthError,
    logout_notices::{LogoutNotices, Notice, Participant},
    tokens::Tokens,
};
use bytes::Bytes;
use kernel::Ids;
use outbound::{FetchError, Fetcher};
use std::{sync::Arc, time::Duration};
use storage::StorageError;
use tokio::task::JoinSet;

/// Most attempts to deliver a notice; the last is some nine hours after the first.
const ATTEMPTS_MAX: u32 = 13;
/// Seconds before the second attempt; each further pause is twice as long.
const FIRST_PAUSE_SECONDS: i64 = 8;
/// Notices that are delivered at the same time.
const DELIVERIES_MAX: usize = 8;
/// Pause when nothing is to be done.
const PAUSE: Duration = Duration::from_secs(5);
/// Media type of the message.
const FORM: &str = "application/x-www-form-urlencoded";

/// Delivery of logout notices.
#[derive(Debug)]
pub(crate) struct LogoutDelivery {
    pub(crate) notices: Arc<LogoutNotices>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) fetcher: Fetcher,
    pub(crate) ids: Ids,
}

/// Reason why a client was not told.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error("the client's address {0}")]
    Client(#[from] FetchError),
}

impl From<StorageError> for DeliveryError {
    fn from(error: StorageError) -> Self {
        Self::Auth(error.into())
    }
}

impl LogoutDelivery {
    /// Delivers for ever what is due. After an error it goes on.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            match self.round().await {
                Ok(0) => self.notices.wait(PAUSE).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "notices of ended sessions are delivered later");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Attempts what is due; how many notices.
    pub(crate) async fn round(self: &Arc<Self>) -> Result<usize, StorageError> {
        self.notices.forget_participants().await?;
        let due = self.notices.due(DELIVERIES_MAX).await?;
        let count = due.len();
        let mut deliveries = JoinSet::new();
        for (key, notice) in due {
            let delivery = Arc::clone(self);
            deliveries.spawn(async move { delivery.attempt(&key, notice).await });
        }
        while let Some(attempted) = deliveries.join_next().await {
            attempted.unwrap_or_else(|error| Err(StorageError::Unavailable(error.to_string())))?;
        }
        Ok(count)
    }

    async fn attempt(&self, key: &str, notice: Notice) -> Result<(), StorageError> {
        let attempts = notice.attempts + 1;
        match self.deliver(&notice.participant).await {
            Ok(()) => self.notices.settle(key).await,
            Err(DeliveryError::Auth(AuthError::Storage(error))) => Err(error),
            Err(error) if attempts >= ATTEMPTS_MAX => {
                let client = notice.participant.client.as_str();
                tracing::warn!(%client, %error, "a client was not told that a session ended");
                self.notices.settle(key).await
            }
            Err(_) => {
                let pause = FIRST_PAUSE_SECONDS << (attempts - 1);
                let due = self.ids.now().as_second().saturating_add(pause);
                self.notices.postpone(key, &Notice { attempts, ..notice }, due).await
            }
        }
    }

    /// Tells a client; success also if it wants to be told no longer.
    async fn deliver(&self, participant: &Participant) -> Result<(), DeliveryError> {
        let client = self.clients.find(&participant.client).await?;
        let registration = client.as_deref().and_then(|client| client.registration());
        let Some(registration) = registration else { return Ok(()) };
        let Some(uri) = &registration.policy.back_channel_logout_uri else { return Ok(()) };
        let token = self.tokens.logout_token(participant, registration)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("logout_token", &token)
            .finish();
        Ok(self.fetcher.post(uri, FORM, Bytes::from(form)).await?)
    }
}

// The pauses must not overflow.
const _: () = assert!(ATTEMPTS_MAX < 32);
