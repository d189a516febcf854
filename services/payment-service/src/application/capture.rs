//! Taking money that is set aside.

use super::{Payments, Refused};
use crate::{domain::Payment, ports::PaymentId};
use kernel::Money;
use std::sync::Arc;

impl Payments {
    /// Captures, once per reference: all that is left when no amount is given.
    pub(crate) async fn capture(
        &self,
        id: PaymentId,
        reference: &str,
        amount: Option<Money>,
    ) -> Result<Arc<Payment>, Refused> {
        let processor = self.processor_of(id).await?;
        let at_once = |instruction: &_| processor.at_once(instruction);
        let capture = |payment: &Payment| payment.capture(reference, amount, &at_once);
        let payment = self.change(id, capture).await?;
        self.carry_out(id, payment, &*processor).await
    }
}
