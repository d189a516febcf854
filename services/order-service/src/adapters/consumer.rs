//! Consumer of the payment service's events.

use crate::application::resume_checkout::ResumeCheckout;
use async_trait::async_trait;
use contracts::payment::PaymentEvent;
use messaging::{Handler, HandlerError, Message};
use storage::Write;

#[async_trait]
impl Handler for ResumeCheckout {
    async fn handle(&self, message: &Message) -> Result<Vec<Write>, HandlerError> {
        let event: PaymentEvent =
            message.data.read().map_err(|error| HandlerError::Poison(error.to_string()))?;
        let PaymentEvent::PaymentChanged { order_id, .. } = event;
        self.execute(order_id.into());
        // Nothing to store: after a crash, an unfinished checkout is resumed anyway.
        Ok(vec![])
    }
}
