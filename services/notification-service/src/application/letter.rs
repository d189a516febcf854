//! Letters: what a customer reads about an order, as text and as HTML, in the languages of the shop's pages. A letter is a function of
//! the order and the language, and of nothing else.

mod colour;
mod format;
mod html;
mod text;
mod words;

#[cfg(test)]
mod tests;

use crate::domain::decision::Kind;
use contracts::{
    notification::Letter,
    order::{Order, PaymentStatus, RefundStatus},
};
use kernel::Money;
use words::{KindWords, Words};

/// Code of the shipping method by which the customer comes for the goods.
const PICKUP: &str = "pickup";
/// Longest first name in a heading, in characters.
const NAME_CHARACTERS_MAX: usize = 40;

/// Language of letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    En,
    De,
}

impl Language {
    /// Language with this tag, or the one of which it is a variant: `de-AT`.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        [Self::En, Self::De].into_iter().find(|it| it.words().tag.eq_ignore_ascii_case(primary))
    }

    fn words(self) -> &'static Words {
        match self {
            Self::En => &words::EN,
            Self::De => &words::DE,
        }
    }
}

/// What letters say about the shop.
#[derive(Clone, Debug)]
pub(crate) struct ShopLook {
    pub(crate) name: String,
    /// Address of the shop as browsers know it, without a slash at the end.
    pub(crate) url: String,
    /// Hue of the brand, in degrees.
    pub(crate) hue: u16,
    pub(crate) language: Language,
}

/// Templates of all letters of a shop.
#[derive(Clone, Debug)]
pub(crate) struct Templates(pub(crate) ShopLook);

/// A letter before it is laid out.
struct Draft<'a> {
    words: &'static Words,
    shop: &'a ShopLook,
    order: &'a Order,
    subject: String,
    heading: String,
    lead: String,
    /// Link to the page of the order.
    url: String,
}

impl Templates {
    pub(crate) fn shop_name(&self) -> &str {
        &self.0.name
    }

    /// Address of the page of an order.
    pub(crate) fn order_url(&self, order: &Order) -> String {
        format!("{}/orders/{}", self.0.url, order.id)
    }

    /// Letter of a kind about an order, in a language; without one in that of the order, if there are letters in it, or else of the shop.
    pub(crate) fn write(&self, kind: Kind, order: &Order, language: Option<Language>) -> Letter {
        let of_order = order.language.as_deref().and_then(Language::from_tag);
        let words = language.or(of_order).unwrap_or(self.0.language).words();
        let KindWords { subject, heading, lead } = words.of(kind, order.shipping.method == PICKUP);
        let amount = words.money(named_amount(kind, order));
        let values = [
            ("{name}", first_name(order)),
            ("{number}", order.number.clone()),
            ("{shop}", self.0.name.clone()),
            ("{amount}", amount),
        ];
        let filled = |text: &str| one_line(&filled(text, &values));
        let lead = match kind {
            Kind::OrderCancelled | Kind::PaymentFailed if order.payment.refunded.is_positive() => {
                format!("{} {}", filled(lead), filled(words.money_back))
            }
            Kind::OrderCancelled | Kind::PaymentFailed if !order.payment.captured.is_positive() => {
                format!("{} {}", filled(lead), words.nothing_charged)
            }
            _ => filled(lead),
        };
        let draft = Draft {
            words,
            shop: &self.0,
            order,
            subject: filled(subject),
            heading: filled(heading),
            lead,
            url: self.order_url(order),
        };
        Letter { subject: draft.subject.clone(), text: draft.text(), html: draft.html() }
    }
}

impl Draft<'_> {
    /// Money that the customer is to transfer, with the account; none where nothing is due.
    fn transfer_due(&self) -> Option<(Money, &str)> {
        let order = self.order;
        let bank_details = order.payment.bank_details.as_deref()?;
        let is_open = matches!(
            order.payment_status,
            PaymentStatus::Pending | PaymentStatus::Waiting | PaymentStatus::PartiallyPaid
        );
        let is_cancelled = order.status == contracts::order::OrderStatus::Cancelled;
        let due = order.totals.total.checked_sub(order.payment.captured).ok()?;
        (is_open && !is_cancelled && due.is_positive()).then_some((due, bank_details))
    }
}

/// Amount that a letter names: of a refund, what was given back last; otherwise, what was given back in all.
fn named_amount(kind: Kind, order: &Order) -> Money {
    let done = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Done);
    let last = done.max_by_key(|refund| refund.at).map(|refund| refund.amount);
    match kind {
        Kind::OrderRefunded => last.unwrap_or(order.payment.refunded),
        _ => order.payment.refunded,
    }
}

/// First word of the recipient's name.
fn first_name(order: &Order) -> String {
    let name = order.shipping_address.name.split_whitespace().next().unwrap_or_default();
    name.chars().take(NAME_CHARACTERS_MAX).collect()
}

/// Text with values in place of their names. What a value has in it stays as it is.
fn filled(text: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from_brace) = rest.split_at(at);
        filled.push_str(before);
        let known = values.iter().find(|(name, _)| from_brace.starts_with(name));
        let (value, length) = known.map_or(("{", 1), |(name, value)| (value.as_str(), name.len()));
        filled.push_str(value);
        rest = &from_brace[length..];
    }
    filled + rest
}

/// Text without line breaks and other control characters.
fn one_line(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}
