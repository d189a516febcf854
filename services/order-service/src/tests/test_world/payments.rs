//! Fake payment service: idempotent, and never refunds more than was captured.

use super::FakeClient;
use crate::ports::{
    PortError,
    payments::{AuthorisationRequest, AuthorisationStatus, MethodOffer, Payments},
};
use async_trait::async_trait;
use contracts::{
    codes,
    payment::{INVOICE, PREPAYMENT},
};
use identifiers::{OrderId, PaymentId, RefundId};
use kernel::{Currency, Money, Problem, Uuid};
use std::collections::{HashMap, HashSet};

/// Payments by their id.
#[derive(Default)]
pub(crate) struct FakePayments {
    payments: HashMap<PaymentId, FakePayment>,
    /// Whether the service does not respond.
    pub(crate) unavailable: bool,
    /// Whether payment by bank transfer is no longer offered.
    pub(crate) transfers_off: bool,
    /// Whether the bank refuses every capture.
    pub(crate) captures_fail: bool,
    /// What the bank does with refunds.
    pub(crate) refunds: FakeRefunds,
    /// Hook that runs during an authorisation, before its response is sent.
    pub(crate) on_authorise: Option<AuthoriseHook>,
}

/// What the bank does with refunds, whatever it does with payments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FakeRefunds {
    #[default]
    Made,
    Unavailable,
}

type AuthoriseHook = Box<dyn Fn(&mut FakePayment) + Send>;

#[derive(Debug)]
pub(crate) struct FakePayment {
    pub(crate) state: FakePaymentState,
    amount: i64,
    captures: u32,
    captured: i64,
    receipts: HashSet<Uuid>,
    refunds: HashSet<RefundId>,
    refunded: i64,
    attempts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FakePaymentState {
    Waiting,
    Authorised,
    Captured,
    Declined,
    Cancelled,
}

impl FakePayments {
    /// Delivers the outcome of all waiting payments.
    pub(crate) fn report_outcome(&mut self, outcome: FakePaymentState) {
        for payment in
            self.payments.values_mut().filter(|payment| payment.state == FakePaymentState::Waiting)
        {
            payment.state = outcome;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.payments.len()
    }

    pub(crate) fn owes_nothing(&self) -> Result<(), String> {
        let settled = |payment: &FakePayment| {
            !matches!(payment.state, FakePaymentState::Waiting | FakePaymentState::Authorised)
                && payment.captured == payment.refunded
        };
        self.check(settled)
    }

    pub(crate) fn captured_once(&self, amount: i64) -> Result<(), String> {
        self.check(|payment| {
            (payment.captures, payment.captured, payment.refunded) == (1, amount, 0)
                && payment.state == FakePaymentState::Captured
        })
    }

    pub(crate) fn authorised_only(&self, amount: i64) -> Result<(), String> {
        self.check(|payment| {
            (payment.captures, payment.amount) == (0, amount)
                && payment.state == FakePaymentState::Authorised
        })
    }

    /// Checks that this amount was received, and nothing refunded.
    pub(crate) fn received(&self, amount: i64) -> Result<(), String> {
        self.check(|payment| (payment.captured, payment.refunded) == (amount, 0))
    }

    pub(crate) fn refunded(&self) -> i64 {
        self.payments.values().map(|payment| payment.refunded).sum()
    }

    fn check(&self, is_valid: impl Fn(&FakePayment) -> bool) -> Result<(), String> {
        match self.payments.values().find(|payment| !is_valid(payment)) {
            None => Ok(()),
            Some(wrong) => Err(format!("a payment is {wrong:?}")),
        }
    }

    fn check_available(&self) -> Result<(), PortError> {
        if self.unavailable {
            let reason = "no answer".to_owned();
            return Err(PortError::Unavailable { service: "payment-service", reason });
        }
        Ok(())
    }
}

impl FakePayment {
    fn new(amount: i64, state: FakePaymentState) -> Self {
        let (receipts, refunds) = (HashSet::new(), HashSet::new());
        Self {
            state,
            amount,
            captures: 0,
            captured: 0,
            receipts,
            refunds,
            refunded: 0,
            attempts: 0,
        }
    }

    fn status(&self) -> AuthorisationStatus {
        match self.state {
            FakePaymentState::Waiting => AuthorisationStatus::Waiting {
                reason: "the customer has to act".to_owned(),
                action_url: Some("https://bank.example/3ds".to_owned()),
            },
            FakePaymentState::Authorised | FakePaymentState::Captured => {
                AuthorisationStatus::Authorised
            }
            FakePaymentState::Declined | FakePaymentState::Cancelled => {
                AuthorisationStatus::Declined { reason: "declined".to_owned() }
            }
        }
    }
}

fn refused(code: kernel::Code, title: &str) -> PortError {
    PortError::Refused(Box::new(Problem::new(409, code, title)))
}

#[async_trait]
impl Payments for FakeClient<FakePayments> {
    async fn methods(&self) -> Result<Vec<MethodOffer>, PortError> {
        self.interruption_point().await;
        let fake = self.fake.lock();
        fake.check_available()?;
        let offer = |method: &str| MethodOffer {
            method: method.to_owned(),
            needs_token: false,
            bank_details: Some("DE02 1203 0000 0000 2020 51".to_owned()),
            days_to_pay: (method == INVOICE).then_some(14),
        };
        let offered =
            if fake.transfers_off { vec![] } else { vec![offer(PREPAYMENT), offer(INVOICE)] };
        Ok(offered)
    }

    async fn receive(
        &self,
        payment: PaymentId,
        operation: Uuid,
        amount: Money,
    ) -> Result<Money, PortError> {
        self.interruption_point().await;
        let captured = {
            let mut fake = self.fake.lock();
            fake.check_available()?;
            let payment = fake.payments.get_mut(&payment).expect("what is paid was authorised");
            if payment.receipts.contains(&operation) {
                return Ok(Money::new(payment.captured, Currency::EUR));
            }
            if payment.state == FakePaymentState::Cancelled {
                return Err(refused(codes::PAYMENT_ENDED, "the payment has ended"));
            }
            if amount.currency != Currency::EUR {
                return Err(refused(codes::CURRENCY_MISMATCH, "the payment is in EUR"));
            }
            let left = payment.amount - payment.captured;
            if amount.amount > left {
                let problem = Problem::of(codes::EXCEEDS_AUTHORISED, "more than is left");
                let problem = problem.fact("left", Money::new(left, Currency::EUR));
                return Err(PortError::Refused(Box::new(problem)));
            }
            payment.receipts.insert(operation);
            payment.captures += 1;
            payment.captured += amount.amount;
            if payment.captured == payment.amount {
                payment.state = FakePaymentState::Captured;
            }
            payment.captured
        };
        self.interruption_point().await;
        Ok(Money::new(captured, Currency::EUR))
    }

    async fn authorise(
        &self,
        request: AuthorisationRequest<'_>,
    ) -> Result<AuthorisationStatus, PortError> {
        self.interruption_point().await;
        let answer = {
            let mut fake = self.fake.lock();
            fake.check_available()?;
            let hook = fake.on_authorise.take();
            let state = match request.token {
                "" if request.method == PREPAYMENT => FakePaymentState::Waiting,
                "" | "success" => FakePaymentState::Authorised,
                "decline" => FakePaymentState::Declined,
                _ => FakePaymentState::Waiting,
            };
            let new = || FakePayment::new(request.amount.amount, state);
            let payment = fake.payments.entry(request.payment).or_insert_with(new);
            payment.attempts += 1;
            // A slow bank has an outcome at the second attempt.
            if request.token == "slow"
                && payment.attempts > 1
                && payment.state == FakePaymentState::Waiting
            {
                payment.state = FakePaymentState::Authorised;
            }
            let answer = payment.status();
            if let Some(hook) = &hook {
                hook(payment);
            }
            answer
        };
        self.interruption_point().await;
        Ok(answer)
    }

    async fn capture(&self, payment: PaymentId) -> Result<Money, PortError> {
        self.interruption_point().await;
        let captured = {
            let mut fake = self.fake.lock();
            fake.check_available()?;
            let captures_fail = fake.captures_fail;
            let payment = fake.payments.get_mut(&payment).expect("what is captured was authorised");
            match payment.state {
                FakePaymentState::Authorised if captures_fail => {
                    return Err(refused(codes::PAYMENT_ENDED, "the bank has voided it"));
                }
                FakePaymentState::Authorised => {
                    payment.state = FakePaymentState::Captured;
                    payment.captures += 1;
                    payment.captured = payment.amount;
                }
                FakePaymentState::Captured => {}
                _ => return Err(refused(codes::PAYMENT_ENDED, "the payment has ended")),
            }
            payment.captured
        };
        self.interruption_point().await;
        Ok(Money::new(captured, Currency::EUR))
    }

    async fn cancel(&self, payment: PaymentId, _: OrderId) -> Result<(), PortError> {
        self.interruption_point().await;
        {
            let mut fake = self.fake.lock();
            fake.check_available()?;
            let ended = || FakePayment::new(0, FakePaymentState::Cancelled);
            let payment = fake.payments.entry(payment).or_insert_with(ended);
            payment.refunded = payment.captured;
            if payment.state != FakePaymentState::Declined {
                payment.state = FakePaymentState::Cancelled;
            }
        }
        self.interruption_point().await;
        Ok(())
    }

    async fn refund(
        &self,
        payment: PaymentId,
        refund: RefundId,
        amount: Money,
        _: &str,
    ) -> Result<(), PortError> {
        self.interruption_point().await;
        {
            let mut fake = self.fake.lock();
            fake.check_available()?;
            if fake.refunds == FakeRefunds::Unavailable {
                let reason = "the bank makes no refunds at the moment".to_owned();
                return Err(PortError::Unavailable { service: "payment-service", reason });
            }
            let payment = fake.payments.get_mut(&payment).expect("what is refunded was captured");
            if !payment.refunds.contains(&refund) {
                if payment.refunded + amount.amount > payment.captured {
                    return Err(refused(codes::EXCEEDS_REFUNDABLE, "more than was captured"));
                }
                payment.refunds.insert(refund);
                payment.refunded += amount.amount;
            }
        }
        self.interruption_point().await;
        Ok(())
    }
}
