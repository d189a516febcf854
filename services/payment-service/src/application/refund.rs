//! Use case: refund a captured amount.

use super::{PaymentError, Payments};
use crate::domain::{Payment, RefundRequest};
use identifiers::PaymentId;
use std::sync::Arc;

impl Payments {
    /// Refunds once per refund id: everything that is left when no amount is given.
    pub(crate) async fn refund(
        &self,
        id: PaymentId,
        request: RefundRequest,
    ) -> Result<Arc<Payment>, PaymentError> {
        let processor = self.processor_of(id).await?;
        let execute_inline = |transfer: &_| processor.execute_inline(transfer);
        let refund = |payment: &Payment| payment.refund(request.clone(), &execute_inline);
        let payment = self.update(id, refund).await?;
        self.execute_transfers(id, payment, &*processor).await
    }
}
