//! Use case: claim a guest's order for an account, by a link to its e-mail address. The link proves the address; that the customer who asked
//! for it is signed in when it is followed proves that nobody else had it sent.

use super::{
    error::OrderError,
    failure_limit::{Attempt, FailureLimit},
    orders::Orders,
};
use crate::{
    domain::order_number::OrderNumbers,
    ports::{
        letters::{ClaimLetter, Letters},
        order_index::{NumberFilter, OrderFilter},
    },
};
use identifiers::{AccountId, OrderId};
use kernel::{Ids, Problem, Timestamp, codes};
use saga::Spawn;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{net::IpAddr, sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};
use tokio::sync::Semaphore;

/// Time within which a link is followed.
const LINK_MAX: Duration = Duration::from_hours(24);
/// Random bytes of a link.
const TOKEN_BYTES: usize = 32;
/// Limit of requests that were answered and are still looked into.
pub(crate) const REQUESTS_MAX: usize = 64;

/// Use case that claims orders.
#[derive(Clone)]
pub(crate) struct ClaimOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) numbers: OrderNumbers,
    /// Limit of requests, each of which may send a mail.
    pub(crate) limit: Arc<FailureLimit>,
    /// Links that were not followed yet.
    pub(crate) values: Arc<dyn KeyValue>,
    /// Who delivers; without it no order can be claimed.
    pub(crate) letters: Option<Arc<dyn Letters>>,
    pub(crate) ids: Ids,
    pub(crate) spawn: Spawn,
    /// Places for requests that are looked into.
    pub(crate) places: Arc<Semaphore>,
}

/// What a customer knows of an order.
#[derive(Clone, Copy)]
pub(crate) struct KnownOrder<'a> {
    pub(crate) number: &'a str,
    pub(crate) email: &'a str,
}

/// Request for a link that was answered.
struct LinkRequest {
    account: AccountId,
    number: NumberFilter,
    email: String,
    language: String,
}

/// Link that was sent, as it is stored under the digest of its secret.
#[derive(Serialize, Deserialize)]
struct SentLink {
    order: OrderId,
    account: AccountId,
}

impl ClaimOrder {
    /// Sends a link to the address of the order, if there is such an order of a guest. The answer comes before that is looked into, so that
    /// neither what it says nor how long it takes tells whether there is.
    pub(crate) fn request(
        &self,
        account: AccountId,
        known: KnownOrder<'_>,
        language: &str,
        client: Option<IpAddr>,
    ) -> Result<(), OrderError> {
        let title = "this shop sends no mail, so no order can be claimed";
        let closed = || OrderError::Refused(Problem::of(codes::UNAVAILABLE, title));
        let letters = Arc::clone(self.letters.as_ref().ok_or_else(closed)?);
        let email = known.email.trim().to_lowercase();
        let attempt = Attempt { email: Some(&email), client, account: Some(account) };
        self.limit.count(attempt, self.ids.now()).map_err(OrderError::Refused)?;
        let busy = || Problem::of(codes::OVERLOADED, "too many links are asked for").retry_after(1);
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| OrderError::Refused(busy()))?;
        let number = NumberFilter::parse(known.number, &self.numbers);
        let request = LinkRequest { account, number, email, language: language.to_owned() };
        let claims = self.clone();
        (self.spawn)(Box::pin(async move {
            if let Err(error) = claims.send(&*letters, request).await {
                tracing::warn!(%error, "the link to claim an order could not be sent");
            }
            drop(place);
        }));
        Ok(())
    }

    async fn send(&self, letters: &dyn Letters, request: LinkRequest) -> Result<(), OrderError> {
        let LinkRequest { account, number, email, language } = request;
        let filter = OrderFilter {
            customers: self.orders.customers.readable(&email),
            number: Some(number),
            ..OrderFilter::default()
        };
        let page = self.orders.order_index.page(filter).await.map_err(OrderError::Refused)?;
        let Some(summary) = page.orders.first() else { return Ok(()) };
        let Some(found) = self.orders.find(summary.id).await? else { return Ok(()) };
        if !self.orders.can_be_claimed(&found.order) {
            return Ok(());
        }
        let token = self.token();
        self.keep(&token, &SentLink { order: found.id, account }, self.ids.now()).await?;
        let letter = ClaimLetter {
            id: self.ids.next::<OrderId>().into(),
            to: found.order.placed.email.clone(),
            number: found.order.placed.number,
            token,
            language,
        };
        Ok(letters.send_claim(letter).await?)
    }

    /// Adds the order of a link to the account that asked for it, once. To follow it again leads to the order as long as the customer can
    /// see it anyway.
    pub(crate) async fn redeem(
        &self,
        account: AccountId,
        token: &str,
    ) -> Result<OrderId, OrderError> {
        let link = self.link(account, token).await?;
        self.orders.claim(link.order, account).await?;
        let _commit = self.values.remove(&key(token)).await?;
        Ok(link.order)
    }

    /// Whether a link can be used now by an account.
    pub(crate) async fn check(&self, account: AccountId, token: &str) -> Result<(), OrderError> {
        self.link(account, token).await.map(drop)
    }

    /// Link that can be used now by an account.
    async fn link(&self, account: AccountId, token: &str) -> Result<SentLink, OrderError> {
        let title = "the link has ended, was followed already, or is for another account";
        let ended = || OrderError::Refused(Problem::of(codes::NOT_FOUND, title));
        let stored = self.values.value(&key(token), self.ids.now()).await?.ok_or_else(ended)?;
        let link: SentLink = serde_json::from_slice(&stored)
            .map_err(|error| StorageError::Corrupt(error.to_string()))?;
        if link.account == account { Ok(link) } else { Err(ended()) }
    }

    fn token(&self) -> String {
        let mut bytes = [0; TOKEN_BYTES];
        self.ids.randomness().fill(&mut bytes);
        kernel::hex::encode(&bytes)
    }

    /// Keeps a link; it is durable before it is sent.
    async fn keep(&self, token: &str, link: &SentLink, now: Timestamp) -> Result<(), OrderError> {
        let body = serde_json::to_vec(link);
        let body = body.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        let expires = now.checked_add(LINK_MAX).unwrap_or(Timestamp::MAX);
        let commit = self.values.put(&key(token), body.into(), Some(expires)).await?;
        let flushed = commit.wait().await;
        flushed.map_err(|error| StorageError::Unavailable(error.to_string()).into())
    }
}

/// Key under which a link is stored: whoever reads the storage cannot follow it.
fn key(token: &str) -> String {
    ["claim-", &kernel::hex::encode(&Sha256::digest(token))].concat()
}
