//! Words of letters, in each language.

mod de;
mod en;

pub(super) use de::DE;
pub(super) use en::EN;

use crate::domain::decision::Kind;

/// Words of one language.
#[derive(Debug)]
pub(super) struct Words {
    /// Language tag, as in the attribute `lang`.
    pub(super) tag: &'static str,
    pub(super) decimal_separator: char,
    pub(super) group_separator: char,
    pub(super) currency_position: CurrencyPosition,
    /// Suffix of the number of a day.
    pub(super) day_suffix: &'static str,
    pub(super) months: [&'static str; 12],
    /// Names of the default shipping methods, by their English names.
    pub(super) shipping_methods: &'static [(&'static str, &'static str)],
    pub(super) order_confirmed: KindWords,
    pub(super) payment_due: KindWords,
    pub(super) payment_failed: KindWords,
    pub(super) order_shipped: KindWords,
    /// In place of `order_shipped`, where the customer comes for the goods.
    pub(super) order_collectable: KindWords,
    pub(super) order_refunded: KindWords,
    pub(super) order_cancelled: KindWords,
    pub(super) nothing_charged: &'static str,
    pub(super) money_back: &'static str,
    pub(super) order: &'static str,
    pub(super) items: &'static str,
    pub(super) discount: &'static str,
    pub(super) delivery: &'static str,
    pub(super) free: &'static str,
    pub(super) tax_included: &'static str,
    pub(super) tax_added: &'static str,
    pub(super) total: &'static str,
    pub(super) delivery_address: &'static str,
    pub(super) billing_address: &'static str,
    pub(super) how_to_pay: &'static str,
    pub(super) amount_due: &'static str,
    pub(super) account: &'static str,
    pub(super) reference: &'static str,
    pub(super) pay_by: &'static str,
    pub(super) see_order: &'static str,
    pub(super) why: &'static str,
}

/// Words of one kind of letter.
#[derive(Clone, Copy, Debug)]
pub(super) struct KindWords {
    pub(super) subject: &'static str,
    pub(super) heading: &'static str,
    pub(super) lead: &'static str,
}

/// Position of the currency relative to the amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CurrencyPosition {
    Before,
    After,
}

impl Words {
    /// Words of a kind, of an order that is collected or delivered.
    pub(super) fn of(&self, kind: Kind, is_collected: bool) -> KindWords {
        match kind {
            Kind::OrderConfirmed => self.order_confirmed,
            Kind::PaymentDue => self.payment_due,
            Kind::PaymentFailed => self.payment_failed,
            Kind::OrderShipped if is_collected => self.order_collectable,
            Kind::OrderShipped => self.order_shipped,
            Kind::OrderRefunded => self.order_refunded,
            Kind::OrderCancelled => self.order_cancelled,
        }
    }
}
