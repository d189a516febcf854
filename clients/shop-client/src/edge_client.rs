//! Client of one edge of a shop: base address, retry policy and idempotency keys.

use crate::{
    RetryPolicy, TokenSource, authenticating_client::AuthenticatingClient,
    http_transport::HttpTransport, retrying_client::RetryingClient,
};
use http::{Uri, uri::Scheme};
use kernel::{Ids, Uuid};
use std::ops::Deref;
use tls_files::{ClientTls, TlsFiles};
use transport::{Channel, Client};

/// The name of the shop in error messages.
const NAME: &str = "the shop";

/// Client of one edge of a running shop. It dereferences to [`transport::Client`], which builds the requests.
#[derive(Clone, Debug)]
pub struct EdgeClient {
    client: Client,
    channel: Channel,
}

/// Error: the text is not the base address of a shop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address:?} is not the address of a shop, such as http://127.0.0.1:8080")]
pub struct InvalidAddress {
    /// The text as it was given.
    pub address: String,
}

impl EdgeClient {
    /// A client for a base address such as `http://127.0.0.1:8081`.
    ///
    /// A `POST` or `PATCH` without an `Idempotency-Key` gets a new one from `ids`, so that it can be retried when its
    /// answer was lost.
    ///
    /// # Errors
    ///
    /// [`InvalidAddress`] unless the address is `http://` or `https://`, a host and perhaps a port, and nothing else. Over `https` the
    /// public authorities are trusted.
    pub fn new(address: &str, policy: RetryPolicy, ids: Ids) -> Result<Self, InvalidAddress> {
        Self::with_tokens(address, policy, ids, None)
    }

    /// The same, whose requests carry a token of this source: for an operator edge that asks for one.
    ///
    /// # Errors
    ///
    /// As for [`EdgeClient::new`].
    pub fn with_tokens(
        address: &str,
        policy: RetryPolicy,
        ids: Ids,
        tokens: Option<TokenSource>,
    ) -> Result<Self, InvalidAddress> {
        let invalid = |_| InvalidAddress { address: address.to_owned() };
        let tls = ClientTls::open(TlsFiles::default()).map_err(invalid)?;
        Self::with_tls(address, policy, ids, tokens, tls)
    }

    /// The same, which speaks TLS of this kind with an edge at `https://`.
    ///
    /// # Errors
    ///
    /// As for [`EdgeClient::new`].
    pub fn with_tls(
        address: &str,
        policy: RetryPolicy,
        ids: Ids,
        tokens: Option<TokenSource>,
        tls: ClientTls,
    ) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress { address: address.to_owned() };
        let base: Uri = address.trim_end_matches('/').parse().map_err(|_| invalid())?;
        let schemes = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)];
        let is_http = schemes.contains(&base.scheme()) && base.authority().is_some();
        if !is_http || base.path() != "/" || base.query().is_some() {
            return Err(invalid());
        }
        let http = HttpTransport::new(NAME, base, Some(tls));
        let authenticating = AuthenticatingClient::new(http, NAME, tokens);
        let retrying =
            RetryingClient::new(authenticating, policy, move || new_idempotency_key(&ids));
        let channel = Channel::new(retrying);
        Ok(Self { client: Client::new(NAME, channel.clone()), channel })
    }

    /// The channel to this edge, for the typed clients of `contracts`.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }
}

impl Deref for EdgeClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

fn new_idempotency_key(ids: &Ids) -> String {
    ids.next::<IdempotencyKey>().0.to_string()
}

#[derive(Clone, Copy)]
struct IdempotencyKey(Uuid);

impl kernel::TypedId for IdempotencyKey {}

impl From<Uuid> for IdempotencyKey {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<IdempotencyKey> for Uuid {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}
