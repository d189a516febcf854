//! Operations of a plan: what shoppers and operators do.

/// Operation, and the moment at which it starts.
#[derive(Clone, Debug)]
pub(crate) struct ScheduledOperation {
    /// Identity within the plan; it stays when other operations are left out.
    pub(crate) id: usize,
    pub(crate) at_ms: u64,
    pub(crate) operation: Operation,
}

/// Operation of a shopper or an operator. Products are named by their number in the plan.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// A shopper visits the shop.
    ShopperSession(ShopperSession),
    /// An operator places an order without a cart.
    OperatorOrder { lines: Vec<(usize, i64)>, token: PaymentToken, duplicate: bool },
    /// An operator sets a price.
    SetPrice { product: usize, cents: i64 },
    /// An operator counts the stock on hand.
    CountStock { product: usize, on_hand: i64 },
    /// Stock is received, or written off.
    MoveStock { product: usize, units: i64, duplicate: bool },
    /// An operator refunds the order of another operation.
    Refund { order_of: usize, amount: RefundAmount, restock: bool, duplicate: bool },
    /// An operator fulfils the order of another operation.
    Fulfil { order_of: usize },
    /// An operator cancels the order of another operation.
    Cancel { order_of: usize },
    /// An operator erases the customer of the order of another operation.
    EraseCustomer { order_of: usize },
    /// An operator reads a product, its stock and its movements.
    Inspect { product: usize },
}

/// Amount of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundAmount {
    /// All that is left to refund.
    Remainder,
    /// An amount in cents.
    Fixed(i64),
    /// One unit of the first line.
    Unit,
}

/// Session of a shopper: a cart, and what the shopper does with it.
#[derive(Clone, Debug)]
pub(crate) struct ShopperSession {
    /// Lines that the cart is created with.
    pub(crate) lines: Vec<(usize, i64)>,
    pub(crate) steps: Vec<SessionStep>,
    /// How often a request without a response is retried.
    pub(crate) retries_max: u32,
}

/// Step of a session.
#[derive(Clone, Debug)]
pub(crate) enum SessionStep {
    Pause(u64),
    Add {
        product: usize,
        units: i64,
        has_key: bool,
    },
    Change {
        product: usize,
        units: i64,
    },
    Remove {
        product: usize,
    },
    Checkout(Checkout),
    /// Repeats the last checkout with the same idempotency key and body.
    RepeatCheckout,
    /// Repeats the last checkout with the same idempotency key and another body.
    ReuseKeyForOtherBody,
    /// Uses the idempotency key of the last checkout for another cart of the same shopper.
    ReuseKeyForOtherCart {
        product: usize,
    },
    Approve,
    Decline,
    /// The processor sends a webhook about the payment, again or late, and not always with the same outcome.
    Webhook {
        is_redelivery: bool,
        declined: bool,
    },
    Cancel,
    ViewOrder,
}

/// Options of a checkout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkout {
    pub(crate) token: PaymentToken,
    pub(crate) express: bool,
    /// Whether the request names the total that the shopper was shown.
    pub(crate) expects_total: bool,
    /// Whether the request is sent twice at the same time.
    pub(crate) duplicate: bool,
}

/// Payment token of the test processor; it selects the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PaymentToken {
    Success,
    Decline,
    InsufficientFunds,
    Slow,
    UnknownOutcome,
    RequiresAction,
    LateWebhook,
}

impl PaymentToken {
    pub(crate) const ALL: [Self; 7] = [
        Self::Success,
        Self::Decline,
        Self::InsufficientFunds,
        Self::Slow,
        Self::UnknownOutcome,
        Self::RequiresAction,
        Self::LateWebhook,
    ];

    /// Name that the processor knows it by.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Decline => "decline",
            Self::InsufficientFunds => "insufficient_funds",
            Self::Slow => "slow",
            Self::UnknownOutcome => "unknown_outcome",
            Self::RequiresAction => "requires_action",
            Self::LateWebhook => "late_webhook",
        }
    }
}

impl Operation {
    /// Leaves out the steps whose outcome depends on when they happen.
    pub(crate) fn remove_timing_dependence(&mut self) {
        let Self::ShopperSession(session) = self else { return };
        for step in &mut session.steps {
            if let SessionStep::Pause(millis) = step {
                *millis = (*millis).min(5_000);
            }
        }
        session
            .steps
            .retain(|step| !matches!(step, SessionStep::Cancel | SessionStep::Webhook { .. }));
        session.retries_max = 20;
    }

    /// Whether its outcome does not depend on what others do at the same time.
    pub(crate) fn is_independent(&self) -> bool {
        matches!(self, Self::ShopperSession(_) | Self::OperatorOrder { .. })
    }
}
