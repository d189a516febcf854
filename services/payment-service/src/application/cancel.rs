//! Use case: cancel a payment, in whatever state it is.

use super::{PaymentError, Payments};
use crate::domain::{Payment, RefundRequest, Rejection};
use identifiers::{OrderId, PaymentId, RefundId};
use kernel::Ids;

impl Payments {
    /// Voids what is authorised and refunds what was captured. A payment that does not exist is barred, so that a late
    /// request cannot create it. Where the processor is gone, what it would have to do is recorded and stays pending: the
    /// order can be cancelled, and the money is left to a person.
    pub(crate) async fn cancel(
        &self,
        id: PaymentId,
        order_id: OrderId,
    ) -> Result<(), PaymentError> {
        let processor = match self.processor_of(id).await {
            Ok(processor) => Some(processor),
            Err(
                PaymentError::Rejected(Rejection::UnknownPayment) | PaymentError::MethodGone(_),
            ) => None,
            Err(error) => return Err(error),
        };
        let refund = RefundRequest {
            // Derived, so that a repeated cancellation is the same refund.
            id: Ids::derived::<RefundId>(id.0, "cancellation"),
            amount: None,
            reason: "cancelled".to_owned(),
            at: self.ids.now(),
        };
        let execute_inline = |transfer: &_| processor.as_ref()?.execute_inline(transfer);
        let cancel = |payment: Option<&Payment>| match payment {
            None => Ok(Payment::bar(order_id)),
            Some(payment) if payment.order_id != order_id => Err(Rejection::IdReused),
            Some(payment) => payment.cancel(refund.clone(), &execute_inline),
        };
        let payment = self.execute(id, cancel).await?;
        if let Some(processor) = processor {
            self.execute_transfers(id, payment, &*processor).await?;
        }
        Ok(())
    }
}
