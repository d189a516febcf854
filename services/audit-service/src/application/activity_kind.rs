//! Kind of an activity: it determines how long the activity is kept and how much room its kind may take in a day.

use serde::{Deserialize, Serialize};

/// Kind of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ActivityKind {
    /// Change by an operator: products, prices, stock, fulfilment, refunds.
    Operator,
    /// Change of an order or a payment.
    Order,
    /// Change of a cart, by anybody.
    Cart,
    /// Look at the catalogue, by anybody.
    Visit,
    /// Sign-in, change of what an account allowed, or registration of a client, by anybody.
    Account,
}

/// Value for each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByKind<T> {
    pub(crate) operator: T,
    pub(crate) order: T,
    pub(crate) cart: T,
    pub(crate) visit: T,
    pub(crate) account: T,
}

impl<T: Copy> ByKind<T> {
    pub(crate) fn of(&self, kind: ActivityKind) -> T {
        match kind {
            ActivityKind::Operator => self.operator,
            ActivityKind::Order => self.order,
            ActivityKind::Cart => self.cart,
            ActivityKind::Visit => self.visit,
            ActivityKind::Account => self.account,
        }
    }
}

impl ActivityKind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Operator, Self::Order, Self::Cart, Self::Visit, Self::Account];

    /// Kind of an action at an edge.
    pub(crate) fn of(action: &str, edge: &str) -> Self {
        const VISITS: [&str; 4] =
            ["product.viewed", "product.listed", "product.searched", "product.filtered"];
        let subject = action.split('.').next();
        match subject {
            _ if VISITS.contains(&action) => Self::Visit,
            _ if edge == "operator" => Self::Operator,
            Some("cart") => Self::Cart,
            Some("order" | "payment") => Self::Order,
            // Programs register themselves as clients.
            Some("sign_in" | "account" | "consent" | "grant" | "client") => Self::Account,
            // Nobody else changes the catalogue, the stock and keys.
            _ => Self::Operator,
        }
    }

    /// Name in metrics and in the stored chunks.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Order => "order",
            Self::Cart => "cart",
            Self::Visit => "visit",
            Self::Account => "account",
        }
    }

    /// Index among all kinds.
    pub(crate) fn index(self) -> i64 {
        match self {
            Self::Operator => 0,
            Self::Order => 1,
            Self::Cart => 2,
            Self::Visit => 3,
            Self::Account => 4,
        }
    }

    /// Kind with this index.
    pub(crate) fn at(index: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.index() == index)
    }
}
