//! Cart view: the lines of a cart at current prices, with all that stands in the way of its checkout.

use super::quote_calculator::VariantsBySku;
use crate::domain::{cart::Cart, events::Line, pricing::CartAmount};
use contracts::{
    cart::{CartLine, Notice, NoticeCode},
    product::VariantFacts,
};
use kernel::{Currency, Money, UnitPrice};
use std::collections::BTreeMap;

/// Lines of a cart at current prices.
#[derive(Debug)]
pub(crate) struct PricedLines {
    pub(crate) lines: Vec<CartLine>,
    pub(crate) notices: Vec<Notice>,
    /// Price and quantity of each line that can be bought, which the totals consist of.
    pub(crate) units: Vec<(UnitPrice, i64)>,
}

impl PricedLines {
    /// Prices the lines of a cart. It never fails: a line that cannot be priced or bought is shown with its problem, so that
    /// the shopper can see and remove it.
    pub(crate) fn new(cart: &Cart, facts: &VariantsBySku) -> Self {
        let size = cart.lines.len();
        let mut priced = Self {
            lines: Vec::with_capacity(size),
            notices: vec![],
            units: Vec::with_capacity(size),
        };
        let mut amount = CartAmount::zero(cart.currency);
        for line in &cart.lines {
            priced.add(line, facts.get(&line.sku), cart.currency, &mut amount);
        }
        priced
    }

    fn add(
        &mut self,
        line: &Line,
        facts: Option<&VariantFacts>,
        currency: Currency,
        amount: &mut CartAmount,
    ) {
        let today = facts.map(|facts| facts.price).filter(|price| price.currency() == currency);
        let price = today.or(line.price).unwrap_or_else(|| UnitPrice::zero(currency));
        let mut problem = problem(line, facts, currency);
        let mut total = None;
        if is_counted(problem) {
            total = amount.add(price, line.quantity);
            match total {
                Some(_) => self.units.push((price, line.quantity)),
                None => problem = Some(NoticeCode::AmountLimit),
            }
        }
        let total =
            total.or_else(|| price.extend(line.quantity).ok()).unwrap_or(Money::zero(currency));
        let previous = line.price.filter(|previous| today.is_some_and(|today| today != *previous));
        let view = cart_line(line, facts, price, total);
        let view = CartLine { problem, previous_unit_price: previous, ..view };
        self.notices.extend(problem.map(|code| problem_notice(code, &view)));
        if let (Some(previous), Some(today)) = (previous, today) {
            self.notices.push(price_notice(&view, previous, today));
        }
        self.lines.push(view);
    }
}

/// Whether the lines that can be bought cost more than a cart may.
pub(crate) fn exceeds_amount(cart: &Cart, facts: &VariantsBySku) -> bool {
    let mut amount = CartAmount::zero(cart.currency);
    cart.lines.iter().any(|line| {
        let facts = facts.get(&line.sku);
        is_counted(problem(line, facts, cart.currency))
            && facts.is_some_and(|facts| amount.add(facts.price, line.quantity).is_none())
    })
}

/// Whether a line with this problem is part of the totals.
fn is_counted(problem: Option<NoticeCode>) -> bool {
    matches!(problem, None | Some(NoticeCode::FewerLeft))
}

/// Why a line cannot be bought as it is, as far as the catalogue knows.
fn problem(line: &Line, facts: Option<&VariantFacts>, currency: Currency) -> Option<NoticeCode> {
    match facts {
        None => Some(NoticeCode::NotForSale),
        Some(facts) if !facts.for_sale => Some(NoticeCode::NotForSale),
        Some(facts) if facts.price.currency() != currency => Some(NoticeCode::NotSoldInCurrency),
        Some(facts) if !facts.in_stock => Some(NoticeCode::SoldOut),
        Some(facts) => {
            facts.only_left.filter(|left| *left < line.quantity).map(|_| NoticeCode::FewerLeft)
        }
    }
}

fn cart_line(
    line: &Line,
    facts: Option<&VariantFacts>,
    unit_price: UnitPrice,
    total: Money,
) -> CartLine {
    CartLine {
        sku: line.sku.clone(),
        product_id: facts.map(|facts| facts.product_id),
        slug: facts.map(|facts| facts.slug.clone()),
        name: facts.map_or_else(|| line.sku.to_string(), |facts| facts.name.clone()),
        options: facts.map_or_else(BTreeMap::new, |facts| facts.options.clone()),
        quantity: line.quantity,
        unit_price,
        previous_unit_price: None,
        total,
        image: facts.and_then(|facts| facts.image.clone()),
        in_stock: facts.is_some_and(|facts| facts.for_sale && facts.in_stock),
        only_left: facts.and_then(|facts| facts.only_left),
        problem: None,
    }
}

fn problem_notice(code: NoticeCode, line: &CartLine) -> Notice {
    let name = &line.name;
    let left = line.only_left.unwrap_or_default();
    let message = match code {
        NoticeCode::NotForSale => format!("{name} is no longer for sale."),
        NoticeCode::NotSoldInCurrency => {
            format!("{name} is no longer sold in {}.", line.unit_price.currency())
        }
        NoticeCode::SoldOut => format!("{name} is sold out."),
        NoticeCode::FewerLeft => format!("Only {left} of {name} are left."),
        NoticeCode::AmountLimit => format!("With {name}, the cart costs more than a cart may."),
        NoticeCode::PriceChanged => format!("The price of {name} has changed."),
    };
    let available = (code == NoticeCode::FewerLeft).then_some(left);
    Notice { available, ..notice(code, line, message) }
}

fn price_notice(line: &CartLine, previous: UnitPrice, today: UnitPrice) -> Notice {
    let message = format!("The price of {} changed from {previous} to {today}.", line.name);
    Notice {
        previous_unit_price: Some(previous),
        unit_price: Some(today),
        ..notice(NoticeCode::PriceChanged, line, message)
    }
}

fn notice(code: NoticeCode, line: &CartLine, message: String) -> Notice {
    Notice {
        code,
        sku: Some(line.sku.clone()),
        message,
        previous_unit_price: None,
        unit_price: None,
        available: None,
    }
}
