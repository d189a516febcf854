//! Undoing a payment, whatever became of it.

use super::{Payments, Refused};
use crate::{
    domain::{OrderId, Payment, RefundId, RefundOrder, Rejection},
    ports::PaymentId,
};
use kernel::Ids;

impl Payments {
    /// Sets free what is set aside and gives back what was taken. A payment that does not exist is barred, so that
    /// a request for it that comes late finds it ended.
    pub(crate) async fn cancel(&self, id: PaymentId, order_id: OrderId) -> Result<(), Refused> {
        let processor = match self.processor_of(id).await {
            Ok(processor) => Some(processor),
            Err(Refused::Rejected(Rejection::UnknownPayment)) => None,
            Err(error) => return Err(error),
        };
        let order = RefundOrder {
            // The same refund however often it is asked for.
            id: Ids::derived::<RefundId>(id.0, "cancellation"),
            amount: None,
            reason: "cancelled".to_owned(),
            at: self.ids.now(),
        };
        let at_once = |instruction: &_| processor.as_ref()?.at_once(instruction);
        let cancel = |payment: Option<&Payment>| match payment {
            None => Ok(Payment::bar(order_id)),
            Some(payment) if payment.order_id != order_id => Err(Rejection::OtherContent),
            Some(payment) => payment.cancel(order.clone(), &at_once),
        };
        let payment = self.decide(id, cancel).await?;
        if let Some(processor) = processor {
            self.carry_out(id, payment, &*processor).await?;
        }
        Ok(())
    }
}
