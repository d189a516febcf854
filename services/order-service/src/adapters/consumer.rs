//! News from the payment service.

use crate::application::record_payment::RecordPayment;
use async_trait::async_trait;
use contracts::payment::PaymentEvent;
use messaging::{Handler, HandlerError, Message};
use storage::Write;

#[async_trait]
impl Handler for RecordPayment {
    async fn handle(&self, message: &Message) -> Result<Vec<Write>, HandlerError> {
        let event: PaymentEvent =
            message.data.read().map_err(|error| HandlerError::Poison(error.to_string()))?;
        let PaymentEvent::PaymentChanged { order_id, .. } = event;
        self.run(order_id.into());
        // Nothing to keep: a checkout that is unfinished after a crash looks again by itself.
        Ok(vec![])
    }
}
