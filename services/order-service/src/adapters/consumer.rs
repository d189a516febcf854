//! Consumer of the payment service's events.

use crate::application::resume_checkout::ResumeCheckout;
use async_trait::async_trait;
use contracts::payment::PaymentEvent;
use messaging::{Handler, HandlerError, Message};
use storage::Write;

#[async_trait]
impl Handler<PaymentEvent> for ResumeCheckout {
    async fn handle(&self, message: &Message<PaymentEvent>) -> Result<Vec<Write>, HandlerError> {
        let PaymentEvent::PaymentChanged { order_id, .. } = message.event;
        self.execute(order_id);
        // Nothing to store: after a crash, an unfinished checkout is resumed anyway.
        Ok(vec![])
    }
}
