//! Expiry of clients that registered themselves: one for which no token was issued for a month is removed, so that nobody keeps the place
//! of another for ever.

use super::{Clients, authentication::AuthenticatedClient};
use crate::{
    application::error::AuthError,
    domain::{client::Client, events::ClientId},
};
use kernel::{Ids, Timestamp};
use parking_lot::Mutex;
use std::{fmt, sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// Days without a token after which a client is removed.
const UNUSED_DAYS_MAX: i64 = 30;
/// Time for which the last use of a client is remembered: longer than it may go unused.
const USE_REMEMBERED: Duration = Duration::from_hours(24 * 60);
const DAY_SECONDS: i64 = 86_400;
/// Clients that are looked at in one round, at most.
const LOOKED_AT_MAX: usize = 100;

/// Clients that registered themselves, and when they were used.
pub(crate) struct UnusedClients {
    clients: Arc<Clients>,
    values: Arc<dyn KeyValue>,
    ids: Ids,
    /// Client that the last round ended with.
    last: Mutex<Option<ClientId>>,
}

impl UnusedClients {
    pub(crate) fn new(clients: &Arc<Clients>, values: Arc<dyn KeyValue>, ids: &Ids) -> Self {
        Self { clients: Arc::clone(clients), values, ids: ids.clone(), last: Mutex::default() }
    }

    /// Notes that a client is given a token.
    pub(crate) async fn note_use(&self, client: &AuthenticatedClient) -> Result<(), StorageError> {
        let is_its_own = client.registration().policy.registration_token_digest.is_some();
        let today = self.today();
        // Once a day is enough.
        if is_its_own && self.last_use(&client.id).await? != Some(today) {
            self.remember(&client.id, today).await?;
        }
        Ok(())
    }

    /// Removes those of the next clients that nobody used for a month.
    pub(crate) async fn remove_next(&self) -> Result<(), StorageError> {
        let last = self.last.lock().take();
        let page = self.clients.self_registered(last.as_ref(), LOOKED_AT_MAX).await?;
        for id in &page {
            let client = self.clients.find(id).await?;
            let registration = client.as_deref().and_then(Client::registration);
            // An operator may have chosen such an identifier.
            if registration.is_some_and(|it| it.policy.registration_token_digest.is_some()) {
                self.remove_unused(id).await?;
            }
        }
        *self.last.lock() = page.into_iter().last();
        Ok(())
    }

    async fn remove_unused(&self, id: &ClientId) -> Result<(), StorageError> {
        let today = self.today();
        let Some(used) = self.last_use(id).await? else {
            // It was not used yet: its month begins.
            return self.remember(id, today).await;
        };
        if today.saturating_sub(used) < UNUSED_DAYS_MAX {
            return Ok(());
        }
        // Another error says that it was removed at this moment.
        if let Err(AuthError::Storage(error)) = self.clients.remove(id).await {
            return Err(error);
        }
        tracing::info!(client = %id.as_str(), "a client that registered itself was not used, and is removed");
        self.values.remove(&key(id)).await.map(drop)
    }

    async fn last_use(&self, id: &ClientId) -> Result<Option<i64>, StorageError> {
        let stored = self.values.value(&key(id), self.ids.now()).await?;
        Ok(stored.and_then(|it| std::str::from_utf8(&it).ok().and_then(|day| day.parse().ok())))
    }

    async fn remember(&self, id: &ClientId, day: i64) -> Result<(), StorageError> {
        let until = self.ids.now().checked_add(USE_REMEMBERED).unwrap_or(Timestamp::MAX);
        self.values.put(&key(id), day.to_string().into(), Some(until)).await.map(drop)
    }

    fn today(&self) -> i64 {
        self.ids.now().as_second().div_euclid(DAY_SECONDS)
    }
}

fn key(id: &ClientId) -> String {
    ["client-use-", id.as_str()].concat()
}

impl fmt::Debug for UnusedClients {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("UnusedClients")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapters::settings::AuthSettings, application::clients::authentication::Credentials,
        domain::client::tests::registration, provider::Provider,
    };
    use engine_memory::MemoryEngine;
    use kernel::{ManualClock, SeededRandomness};

    #[tokio::test]
    async fn a_client_that_registered_itself_ends_a_month_after_its_last_token() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let storage = MemoryEngine::new().service("auth-server");
        let provider = Provider::open(&AuthSettings::default(), &storage, &ids).await.unwrap();
        let clients = &provider.clients;
        let id = |text: &str| ClientId::parse(text).unwrap();
        let mut own = registration();
        own.policy.registration_token_digest = Some("digest".to_owned());
        for name in ["dynamic-used", "dynamic-unused"] {
            clients.register(&id(name), own.clone()).await.unwrap();
        }
        for name in ["app", "dynamic-of-an-operator"] {
            clients.register(&id(name), registration()).await.unwrap();
        }
        let remaining = async || {
            provider.unused_clients.remove_next().await.unwrap();
            // The round after the last client begins anew.
            provider.unused_clients.remove_next().await.unwrap();
            provider.unused_clients.remove_next().await.unwrap();
            let listed = clients.list().await.unwrap();
            listed.iter().map(|(id, _)| id.as_str().to_owned()).collect::<Vec<_>>()
        };
        let all = ["app", "dynamic-of-an-operator", "dynamic-unused", "dynamic-used"];
        assert_eq!(remaining().await, all, "their month begins");
        clock.advance(Duration::from_hours(24 * 29));
        let credentials = Credentials::Public { id: "dynamic-used".to_owned() };
        let used = provider.authenticator.authenticate(&credentials, None).await.unwrap().unwrap();
        provider.unused_clients.note_use(&used).await.unwrap();
        assert_eq!(remaining().await, all, "a day is left");
        clock.advance(Duration::from_hours(24));
        assert_eq!(remaining().await, ["app", "dynamic-of-an-operator", "dynamic-used"]);
        clock.advance(Duration::from_hours(24 * 29));
        assert_eq!(remaining().await, ["app", "dynamic-of-an-operator"]);
    }
}
