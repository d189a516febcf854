//! Delivery of logout notices: each is attempted until the client took it, with pauses that grow, and given up after some hours, or at
//! once where no other attempt can succeed.

use super::logout_notices::{LogoutNotices, Notice, Participant};
use crate::application::{clients::Clients, error::AuthError, tokens::Tokens};
use bytes::Bytes;
use kernel::Ids;
use outbound::{FetchError, Fetcher};
use std::{collections::HashMap, sync::Arc, time::Duration};
use storage::StorageError;
use tokio::task::{Id, JoinError, JoinSet};

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

impl DeliveryError {
    /// Whether another attempt may succeed.
    fn is_temporary(&self) -> bool {
        match self {
            Self::Auth(_) => true,
            Self::Client(error) => error.is_temporary(),
        }
    }
}

impl From<StorageError> for DeliveryError {
    fn from(error: StorageError) -> Self {
        Self::Auth(error.into())
    }
}

/// Deliveries in flight.
#[derive(Debug, Default)]
struct InFlight {
    tasks: JoinSet<Result<(), StorageError>>,
    /// Keys of their notices.
    keys: HashMap<Id, String>,
}

impl InFlight {
    fn has_room(&self) -> bool {
        self.keys.len() < DELIVERIES_MAX
    }

    fn has(&self, key: &str) -> bool {
        self.keys.values().any(|it| it == key)
    }

    fn end(
        &mut self,
        ended: Result<(Id, Result<(), StorageError>), JoinError>,
    ) -> Result<(), StorageError> {
        let (id, attempted) = ended.unwrap_or_else(|error| {
            (error.id(), Err(StorageError::Unavailable(error.to_string())))
        });
        self.keys.remove(&id);
        attempted
    }
}

impl LogoutDelivery {
    /// Delivers for ever what is due. After an error it goes on.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut in_flight = InFlight::default();
        loop {
            if let Err(error) = self.advance(&mut in_flight).await {
                tracing::warn!(%error, "notices of ended sessions are delivered later");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Begins what is due while there is room, and waits until a delivery ends or another one may be due: a client that is slow holds up
    /// no other.
    async fn advance(self: &Arc<Self>, in_flight: &mut InFlight) -> Result<(), StorageError> {
        self.notices.forget_participants().await?;
        // Those in flight are still due.
        for (key, notice) in self.notices.due(2 * DELIVERIES_MAX).await? {
            if in_flight.has_room() && !in_flight.has(&key) {
                let (delivery, of_notice) = (Arc::clone(self), key.clone());
                let task = async move { delivery.attempt(&of_notice, notice).await };
                let task = in_flight.tasks.spawn(task);
                in_flight.keys.insert(task.id(), key);
            }
        }
        let has_room = in_flight.has_room();
        tokio::select! {
            Some(ended) = in_flight.tasks.join_next_with_id() => in_flight.end(ended),
            () = self.notices.wait(PAUSE), if has_room => Ok(()),
        }
    }

    async fn attempt(&self, key: &str, notice: Notice) -> Result<(), StorageError> {
        let attempts = notice.attempts + 1;
        match self.deliver(&notice.participant).await {
            Ok(()) => self.notices.settle(key).await,
            Err(DeliveryError::Auth(AuthError::Storage(error))) => Err(error),
            Err(error) if attempts >= ATTEMPTS_MAX || !error.is_temporary() => {
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
