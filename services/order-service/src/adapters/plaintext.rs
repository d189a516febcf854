//! Plaintext records of orders: what releases stored that did not encrypt contact details yet.

use super::{customer_keys::first_customer, order_index::DocumentOrderIndex};
use crate::{
    application::{checkout_input::CheckoutInput, checkout_saga, orders::order_id_of},
    domain::{events::OrderEvent, order::Order},
    ports::customers::key_of,
};
use bytes::Bytes;
use journal::{Aggregate, DecodeError, Personal, PlaintextRecords, RecordedEvent, encode};
use saga::personal_input;
use serde::Deserialize;
use std::sync::Arc;
use subject_keys::SubjectKeys;
use web::Idempotency;

/// Name of the event with the contact details.
const PLACED: &str = "placed";

/// Reader of the plaintext records of orders.
#[derive(Debug)]
pub(crate) struct PlaintextOrders;

/// Contact details of a document of the order index, which had them of old.
#[derive(Deserialize)]
struct FormerContact {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
}

impl PlaintextRecords for PlaintextOrders {
    fn event(
        &self,
        keys: &SubjectKeys,
        event: &RecordedEvent,
    ) -> Result<Option<Personal<Bytes>>, DecodeError> {
        if event.name == PLACED && order_id_of(&event.stream).is_some() {
            return placed(keys, event);
        }
        personal_input(event, checkout_saga::NAME, |input: CheckoutInput| {
            if input.is_erased() {
                return None;
            }
            let customer = input.customer.unwrap_or_else(|| first_customer(keys, &input.email));
            Some(Personal { key: key_of(customer), erased: input.without_contact() })
        })
    }

    fn is_document_personal(&self, collection: &str, body: &[u8]) -> bool {
        collection == DocumentOrderIndex::collection().name
            && serde_json::from_slice::<FormerContact>(body)
                .map_or(true, |contact| !contact.email.is_empty() || !contact.name.is_empty())
    }

    fn is_value_personal(&self, _key: &str, value: &[u8]) -> bool {
        Idempotency::is_copy(value)
    }
}

/// Personal data of an order that was placed: whose it is follows from the e-mail address. The event does not say so when the address is
/// gone, just as after an erasure before it was encrypted: the index of orders has no pseudonym of such an order either way.
fn placed(
    keys: &SubjectKeys,
    event: &RecordedEvent,
) -> Result<Option<Personal<Bytes>>, DecodeError> {
    let OrderEvent::Placed(placed) = Order::decode(event)? else { return Ok(None) };
    if placed.is_erased() {
        return Ok(None);
    }
    let customer = placed.customer.unwrap_or_else(|| first_customer(keys, &placed.email));
    let erased = encode(&OrderEvent::Placed(Arc::new(placed.without_contact())));
    let erased = erased.map_err(|error| DecodeError::new(event, error.to_string()))?;
    Ok(Some(Personal { key: key_of(customer), erased }))
}
