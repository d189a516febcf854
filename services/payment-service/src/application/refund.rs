//! Giving back money that was taken.

use super::{Payments, Refused};
use crate::{
    domain::{Payment, RefundOrder},
    ports::PaymentId,
};
use std::sync::Arc;

impl Payments {
    /// Gives money back, once per refund id: all that is left when no amount is given.
    pub(crate) async fn refund(
        &self,
        id: PaymentId,
        order: RefundOrder,
    ) -> Result<Arc<Payment>, Refused> {
        let processor = self.processor_of(id).await?;
        let at_once = |instruction: &_| processor.at_once(instruction);
        let refund = |payment: &Payment| payment.refund(order.clone(), &at_once);
        let payment = self.change(id, refund).await?;
        self.carry_out(id, payment, &*processor).await
    }
}
