//! What shoppers and operators do.

/// Something somebody does, from a moment on.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    /// Identity within the plan; stays when others are left out.
    pub(crate) id: usize,
    pub(crate) at_ms: u64,
    pub(crate) deed: Deed,
}

/// What it is.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// A shopper comes.
    Visit(Visit),
    /// An operator places a whole order.
    WholeOrder { lines: Vec<(usize, i64)>, token: Token, twice: bool },
    /// An operator sets a price.
    Price { article: usize, cents: i64 },
    /// An operator counts what is there.
    Count { article: usize, on_hand: i64 },
    /// Goods come in, or are written off.
    Move { article: usize, units: i64, twice: bool },
    /// An operator gives money back for the order of another act.
    Refund { of: usize, give: Give, restock: bool, twice: bool },
    /// An operator sends the goods of the order of another act.
    Fulfil { of: usize },
    /// An operator cancels the order of another act.
    Cancel { of: usize },
    /// An operator looks at an article, its stock and its movements.
    Look { article: usize },
}

/// How much is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Give {
    /// All that is left.
    Rest,
    /// So many cents.
    Cents(i64),
    /// One unit of the first line.
    Unit,
}

/// A shopper's way through the shop.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// What the cart begins with.
    pub(crate) lines: Vec<(usize, i64)>,
    pub(crate) steps: Vec<Step>,
    /// How often something without an answer is tried again.
    pub(crate) patience: u32,
}

/// A step of a visit.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Pause(u64),
    Add {
        article: usize,
        units: i64,
        keyed: bool,
    },
    Change {
        article: usize,
        units: i64,
    },
    Remove {
        article: usize,
    },
    Checkout(Checkout),
    /// The last checkout again, with the same key and the same words.
    SameAgain,
    /// The last checkout again, with the same key and other words.
    OtherWords,
    /// The key of the last checkout, for another cart of the same shopper.
    SameKeyOtherCart {
        article: usize,
    },
    Approve,
    Decline,
    /// The processor tells what became of the payment, again or late, and not always the same.
    Webhook {
        is_first_again: bool,
        declined: bool,
    },
    Cancel,
    Look,
}

/// How an order is placed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkout {
    pub(crate) token: Token,
    pub(crate) express: bool,
    /// Whether the shopper says what the total was when it was shown.
    pub(crate) expects_total: bool,
    /// Whether the button is pressed twice at the same time.
    pub(crate) twice: bool,
}

/// The means of the test processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Token {
    Success,
    Decline,
    InsufficientFunds,
    Slow,
    UnknownOutcome,
    RequiresAction,
    LateWebhook,
}

impl Token {
    pub(crate) const ALL: [Self; 7] = [
        Self::Success,
        Self::Decline,
        Self::InsufficientFunds,
        Self::Slow,
        Self::UnknownOutcome,
        Self::RequiresAction,
        Self::LateWebhook,
    ];

    /// As the processor knows it.
    pub(crate) fn word(self) -> &'static str {
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

impl Deed {
    /// Leaves out what depends on a moment.
    pub(crate) fn calm_down(&mut self) {
        let Self::Visit(visit) = self else { return };
        for step in &mut visit.steps {
            if let Step::Pause(millis) = step {
                *millis = (*millis).min(5_000);
            }
        }
        visit.steps.retain(|step| !matches!(step, Step::Cancel | Step::Webhook { .. }));
        visit.patience = 20;
    }

    /// Whether what comes of it does not depend on what others do at the same time.
    pub(crate) fn is_independent(&self) -> bool {
        matches!(self, Self::Visit(_) | Self::WholeOrder { .. })
    }
}
