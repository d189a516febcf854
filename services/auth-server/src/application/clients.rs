//! Clients: registering, removing, finding.

pub(crate) mod authentication;
pub(crate) mod certificates;
pub(crate) mod keys;
pub(crate) mod metadata;
pub(crate) mod policy_request;
pub(crate) mod registration;
pub(crate) mod registration_request;
pub(crate) mod relying_parties;
pub(crate) mod remote_keys;
pub(crate) mod unused;

use super::{error::AuthError, tokens::revision::Revision};
use crate::domain::{
    client::Client,
    events::{ClientId, Registration},
};
use journal::Repository;
use kernel::Ids;
use std::{fmt, sync::Arc};
use storage::{Collection, Document, Documents, QUERY_DOCUMENTS_MAX, StorageError, Write};

/// Prefix of the streams of clients.
pub(crate) const CLIENT_PREFIX: &str = "client-";

/// Prefix of the identifiers of clients that registered themselves.
pub(crate) const SELF_REGISTERED_PREFIX: &str = "dynamic-";

/// Identifiers of the registered clients, for the list of them.
static CLIENTS: Collection = Collection { name: "clients", indexes: &[] };

/// Clients of the provider.
pub(crate) struct Clients {
    pub(crate) repository: Repository<Client>,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) ids: Ids,
    pub(crate) revision: Arc<Revision>,
}

impl Clients {
    /// Registers a client; it is in the list when this returns.
    pub(crate) async fn register(
        &self,
        id: &ClientId,
        registration: Registration,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let decide = |client: Option<&Client>| Client::register(client, registration.clone(), now);
        let document =
            Document { key: id.as_str().to_owned(), body: "{}".into(), fields: Vec::new() };
        let write = Write::Put { collection: &CLIENTS, document };
        let stream = stream(id);
        let registered = self.repository.execute(&stream, decide, |_| vec![write.clone()]).await?;
        let flushed = registered.commit().wait().await;
        flushed.map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(())
    }

    /// Replaces the registration of a client.
    pub(crate) async fn update(
        &self,
        id: &ClientId,
        registration: Registration,
    ) -> Result<(), AuthError> {
        let now = self.ids.now();
        let decide = |client: Option<&Client>| Client::update(client, registration.clone(), now);
        self.repository.execute(&stream(id), decide, |_| Vec::new()).await?;
        self.revision.advance();
        Ok(())
    }

    /// Removes a client.
    pub(crate) async fn remove(&self, id: &ClientId) -> Result<(), AuthError> {
        let now = self.ids.now();
        let decide = |client: Option<&Client>| Client::remove(client, now);
        let write = Write::Delete { collection: &CLIENTS, key: id.as_str().to_owned() };
        self.repository.execute(&stream(id), decide, |_| vec![write.clone()]).await?;
        self.revision.advance();
        Ok(())
    }

    /// Client that is registered.
    pub(crate) async fn find(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StorageError> {
        let client = self.repository.load(&stream(id)).await?.state;
        Ok(client.filter(|client| client.registration().is_some()))
    }

    /// Identifiers of clients that registered themselves, in their order: a page of those that come after one.
    pub(crate) async fn self_registered(
        &self,
        after: Option<&ClientId>,
        limit: usize,
    ) -> Result<Vec<ClientId>, StorageError> {
        let after = after.map_or(SELF_REGISTERED_PREFIX, ClientId::as_str);
        let page = self.documents.scan(&CLIENTS, Some(after), limit).await?;
        let keys = page.into_iter().map(|document| document.key);
        let own = keys.take_while(|key| key.starts_with(SELF_REGISTERED_PREFIX));
        Ok(own.filter_map(|key| ClientId::parse(&key)).collect())
    }

    /// All clients, in the order of their identifiers.
    pub(crate) async fn list(&self) -> Result<Vec<(ClientId, Arc<Client>)>, StorageError> {
        let mut clients = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.documents.scan(&CLIENTS, after.as_deref(), QUERY_DOCUMENTS_MAX).await?;
            let Some(last) = page.last() else { return Ok(clients) };
            after = Some(last.key.clone());
            for document in page {
                let Some(id) = ClientId::parse(&document.key) else { continue };
                if let Some(client) = self.find(&id).await? {
                    clients.push((id, client));
                }
            }
        }
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clients")
    }
}

fn stream(id: &ClientId) -> String {
    [CLIENT_PREFIX, id.as_str()].concat()
}
