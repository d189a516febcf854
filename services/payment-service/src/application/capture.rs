//! Use case: capture an authorised amount.

use super::{PaymentError, Payments};
use crate::domain::Payment;
use identifiers::PaymentId;
use kernel::Money;
use std::sync::Arc;

impl Payments {
    /// Captures once per reference: everything that is left when no amount is given.
    pub(crate) async fn capture(
        &self,
        id: PaymentId,
        reference: &str,
        amount: Option<Money>,
    ) -> Result<Arc<Payment>, PaymentError> {
        let processor = self.processor_of(id).await?;
        let execute_inline = |transfer: &_| processor.execute_inline(transfer);
        let capture = |payment: &Payment| payment.capture(reference, amount, &execute_inline);
        let payment = self.update(id, capture).await?;
        self.execute_transfers(id, payment, &*processor).await
    }
}
