//! Line problems: lines of a cart that cannot be bought as they are, each with its remedy.

use crate::messages::{CartMessages, CheckoutMessages, interpolate};
use contracts::{
    cart::{Cart, Notice, NoticeCode},
    shared::Sku,
};
use maud::{Markup, html};

/// Line that cannot be bought as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineProblem {
    pub(crate) sku: Sku,
    pub(crate) name: String,
    pub(crate) code: NoticeCode,
    /// Units that can be bought.
    pub(crate) available: i64,
}

/// Whether a notice keeps the cart from being checked out.
pub(super) fn is_problem(notice: &Notice) -> bool {
    notice.code != NoticeCode::PriceChanged
}

/// Whether a cart has lines that cannot be bought as they are.
pub(crate) fn has_problems(cart: &Cart) -> bool {
    cart.notices.iter().any(is_problem)
}

/// All lines of a cart that cannot be bought as they are.
pub(crate) fn problems(cart: &Cart) -> Vec<LineProblem> {
    let problem = |notice: &Notice| {
        let sku = notice.sku.clone().filter(|_| is_problem(notice))?;
        let line = cart.lines.iter().find(|line| line.sku == sku);
        Some(LineProblem {
            name: line.map_or_else(|| sku.to_string(), |line| line.name.clone()),
            code: notice.code,
            available: notice.available.unwrap_or(0).max(0),
            sku,
        })
    };
    cart.notices.iter().filter_map(problem).collect()
}

impl LineProblem {
    /// What is wrong with the line.
    pub(super) fn text(&self, messages: &CartMessages) -> String {
        let text = match self.code {
            NoticeCode::FewerLeft if self.available > 0 => messages.notice_fewer_left,
            NoticeCode::FewerLeft | NoticeCode::SoldOut => messages.notice_sold_out,
            NoticeCode::NotForSale => messages.notice_not_for_sale,
            NoticeCode::NotSoldInCurrency => messages.notice_other_currency,
            NoticeCode::AmountLimit => messages.notice_amount_limit,
            NoticeCode::PriceChanged => messages.notice_price_changed,
        };
        interpolate(text, &[("name", &self.name), ("n", &self.available.to_string())])
    }

    /// What was done about it, in the checkout.
    pub(crate) fn correction(&self, messages: &CheckoutMessages) -> String {
        let text = match self.code {
            NoticeCode::FewerLeft if self.available > 0 => messages.fewer_meanwhile,
            NoticeCode::FewerLeft | NoticeCode::SoldOut => messages.sold_out_meanwhile,
            NoticeCode::NotForSale
            | NoticeCode::NotSoldInCurrency
            | NoticeCode::AmountLimit
            | NoticeCode::PriceChanged => messages.not_for_sale_meanwhile,
        };
        interpolate(text, &[("name", &self.name), ("n", &self.available.to_string())])
    }

    /// What is wrong with the line, and the button that puts it right.
    pub(super) fn with_remedy(&self, messages: &CartMessages) -> Markup {
        let available = self.available.to_string();
        html! {
            form.problem action="/cart/change" method="post" data-swap {
                input type="hidden" name="sku" value=(self.sku);
                span { (self.text(messages)) }
                @if self.available > 0 {
                    button.button.quiet-button type="submit" name="set" value=(self.available) {
                        (interpolate(messages.set_to, &[("n", &available)]))
                    }
                } @else {
                    button.button.quiet-button type="submit" name="remove" value="1"
                        aria-label=(interpolate(messages.remove_what, &[("name", &self.name)])) { (messages.remove) }
                }
            }
        }
    }
}
