//! One edge of a shop, by its address.

use crate::{Patience, connection::Connection, patience::Patient};
use http::{Uri, uri::Scheme};
use kernel::{Ids, Uuid};
use std::ops::Deref;
use transport::{Channel, Client};

/// What an edge is called in sentences about it.
const NAME: &str = "the shop";

/// An edge of a running shop. Its requests are those of [`transport::Client`].
#[derive(Clone, Debug)]
pub struct Edge {
    address: String,
    client: Client,
    transport: Channel,
}

/// The address is not one that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address:?} is not the address of a shop, such as http://127.0.0.1:8080")]
pub struct BadAddress {
    /// What was given.
    pub address: String,
}

impl Edge {
    /// The edge at a base address such as `http://127.0.0.1:8081`.
    ///
    /// A request that changes something and has no `Idempotency-Key` gets a new one from `ids`, so that it can be
    /// sent again whenever its answer was lost.
    pub fn at(address: &str, patience: Patience, ids: Ids) -> Result<Self, BadAddress> {
        let bad = || BadAddress { address: address.to_owned() };
        let base: Uri = address.trim_end_matches('/').parse().map_err(|_| bad())?;
        let is_http = base.scheme() == Some(&Scheme::HTTP) && base.authority().is_some();
        if !is_http || base.path() != "/" || base.query().is_some() {
            return Err(bad());
        }
        let connection = Connection::to(NAME, base);
        let patient = Patient::new(connection, patience, move || key(&ids));
        Ok(Self::over(address.trim_end_matches('/'), Channel::new(patient)))
    }

    /// The edge that this transport leads to; `address` is only for people to read.
    pub fn over(address: &str, transport: Channel) -> Self {
        let client = Client::new(NAME, transport.clone());
        Self { address: address.to_owned(), client, transport }
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The way to it, for the typed clients of `contracts`.
    pub fn transport(&self) -> Channel {
        self.transport.clone()
    }
}

impl Deref for Edge {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

fn key(ids: &Ids) -> String {
    ids.next::<Key>().0.to_string()
}

#[derive(Clone, Copy)]
struct Key(Uuid);

impl kernel::TypedId for Key {}

impl From<Uuid> for Key {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<Key> for Uuid {
    fn from(key: Key) -> Self {
        key.0
    }
}
