//! Line problems: lines of a cart that cannot be bought as they are, each with its remedy.

use crate::{locale::Locale, messages::interpolate};
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
    pub(super) fn text(&self, locale: Locale) -> String {
        let messages = &locale.messages.cart;
        let text = match self.code {
            NoticeCode::FewerLeft if self.available > 0 => messages.notice_fewer_left,
            NoticeCode::FewerLeft | NoticeCode::SoldOut => messages.notice_sold_out,
            NoticeCode::NotForSale => messages.notice_not_for_sale,
            NoticeCode::NotSoldInCurrency => messages.notice_other_currency,
            NoticeCode::AmountLimit => messages.notice_amount_limit,
            NoticeCode::PriceChanged => messages.notice_price_changed,
        };
        self.filled(locale, text)
    }

    /// What was done about it, in the checkout.
    pub(crate) fn correction(&self, locale: Locale) -> String {
        let messages = &locale.messages.checkout;
        let text = match self.code {
            NoticeCode::FewerLeft if self.available > 0 => messages.fewer_meanwhile,
            NoticeCode::FewerLeft | NoticeCode::SoldOut => messages.sold_out_meanwhile,
            NoticeCode::NotForSale
            | NoticeCode::NotSoldInCurrency
            | NoticeCode::AmountLimit
            | NoticeCode::PriceChanged => messages.not_for_sale_meanwhile,
        };
        self.filled(locale, text)
    }

    fn filled(&self, locale: Locale, text: &str) -> String {
        let available = locale.count(self.available.unsigned_abs());
        interpolate(text, &[("name", &self.name), ("n", &available)])
    }

    /// What is wrong with the line, and the button that puts it right.
    pub(super) fn with_remedy(&self, locale: Locale) -> Markup {
        let messages = &locale.messages.cart;
        html! {
            form.problem action="/cart/change" method="post" data-swap {
                input type="hidden" name="sku" value=(self.sku);
                span { (self.text(locale)) }
                @if self.available > 0 {
                    button.button.quiet-button type="submit" name="set" value=(self.available) {
                        (self.filled(locale, messages.set_to))
                    }
                } @else {
                    button.button.quiet-button type="submit" name="remove" value="1"
                        aria-label=(interpolate(messages.remove_what, &[("name", &self.name)])) { (messages.remove) }
                }
            }
        }
    }
}
