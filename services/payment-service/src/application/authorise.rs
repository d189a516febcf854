//! Setting money aside.

use super::{
    Payments, Refused,
    payments::{CALL_TIMEOUT, lost, stream_of},
};
use crate::{
    domain::{Intent, OrderId, Outcome, Payment, Rejection, State},
    ports::{Authorising, Means, PaymentId, Processor},
};
use kernel::Money;
use std::sync::Arc;
use storage::durability;

/// What somebody wants to pay.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) order_id: OrderId,
    pub(crate) amount: Money,
    pub(crate) method: String,
    pub(crate) token: String,
}

impl Payments {
    /// Authorises. The same wish again gives the same payment; a refusal by the bank is a payment that failed.
    pub(crate) async fn authorise(
        &self,
        id: PaymentId,
        wish: Wish,
    ) -> Result<Arc<Payment>, Refused> {
        let processor = self.processor(&wish.method)?;
        if let Means::Unusable(sentence) = processor.means(&wish.token) {
            return Err(Refused::UnusableMeans(sentence));
        }
        if !wish.amount.is_positive() {
            return Err(Rejection::NothingToMove.into());
        }
        let at = self.ids.now();
        let Wish { order_id, amount, method, token } = wish;
        let intent = Intent { amount, method, token, at };
        let begin = |payment: Option<&Payment>| Payment::begin(payment, order_id, intent.clone());

        let known = self.repository.load(&stream_of(id)).await?.state;
        if let Some(known) = known {
            begin(Some(&known))?;
            if known.state != State::Created {
                return Ok(known);
            }
        } else if processor.leaves_the_process() {
            // Whatever happens to this process: that the bank was asked must not be forgotten.
            self.decide(id, begin).await?;
            durability::wait().await.map_err(lost)?;
        }
        let outcome = ask(id, &intent, &*processor).await;
        let at_once = |instruction: &_| processor.at_once(instruction);
        let decide = |payment: Option<&Payment>| {
            let mut events = begin(payment)?;
            let created = Payment::after(payment, &events).ok_or(Rejection::UnknownPayment)?;
            match created.learn(&outcome, &at_once) {
                Ok(learnt) => events.extend(learnt),
                // Somebody else heard more meanwhile.
                Err(Rejection::Already(_)) => {}
                Err(other) => return Err(other),
            }
            Ok(events)
        };
        self.decide(id, decide).await
    }

    /// Asks the processor for a payment that has no outcome yet: to authorise when it may never have been asked,
    /// otherwise what became of it.
    pub(super) async fn ask_again(
        &self,
        id: PaymentId,
        payment: &Payment,
        processor: &dyn Processor,
    ) -> Option<Outcome> {
        let intent = payment.intent.as_ref()?;
        match payment.state {
            State::Created => Some(ask(id, intent, processor).await),
            State::Unknown => {
                let authorising = authorising(id, intent);
                Some(in_time(processor.look_up(&authorising)).await)
            }
            _ => None,
        }
    }
}

async fn ask(id: PaymentId, intent: &Intent, processor: &dyn Processor) -> Outcome {
    in_time(processor.authorise(&authorising(id, intent))).await
}

/// A processor that takes too long did not say.
async fn in_time(call: impl Future<Output = Outcome>) -> Outcome {
    tokio::time::timeout(CALL_TIMEOUT, call).await.unwrap_or(Outcome::Unknown)
}

fn authorising(payment: PaymentId, intent: &Intent) -> Authorising {
    let Intent { amount, token, at, .. } = intent.clone();
    Authorising { payment, amount, token, at }
}
