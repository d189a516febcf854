//! Cart view: the lines of a cart at current prices, with all that stands in the way of its checkout.

use super::quote_calculator::VariantsBySku;
use crate::domain::{cart::Cart, events::Line, pricing::CartAmount};
use contracts::{
    cart::{CartLine, Notice, NoticeCode},
    product::VariantFacts,
    shared::Sku,
};
use kernel::{Currency, Money, UnitPrice};
use std::collections::BTreeMap;

/// What is known about the variants in a cart.
#[derive(Debug)]
pub(crate) struct CartFacts {
    pub(crate) variants: VariantsBySku,
    /// Available units of those that a cart has more of than are always there, as far as they are known.
    pub(crate) available: BTreeMap<Sku, i64>,
}

impl CartFacts {
    /// Units left of a variant, if they are fewer than `quantity`.
    fn fewer_left(&self, facts: &VariantFacts, quantity: i64) -> Option<i64> {
        let available = self.available.get(&facts.sku).copied().or(facts.only_left);
        available.filter(|left| *left < quantity)
    }
}

/// Lines of a cart at current prices.
#[derive(Debug)]
pub(crate) struct PricedLines {
    pub(crate) lines: Vec<CartLine>,
    pub(crate) notices: Vec<Notice>,
    /// Price of each line that can be bought, and the number of units that can be: the totals consist of them.
    pub(crate) units: Vec<(UnitPrice, i64)>,
}

impl PricedLines {
    /// Prices the lines of a cart. It never fails: a line that cannot be priced or bought is shown with its problem, so that
    /// the shopper can see and remove it.
    pub(crate) fn new(cart: &Cart, facts: &CartFacts) -> Self {
        let size = cart.lines.len();
        let mut priced = Self {
            lines: Vec::with_capacity(size),
            notices: vec![],
            units: Vec::with_capacity(size),
        };
        let mut amount = CartAmount::zero(cart.currency);
        for line in &cart.lines {
            priced.add(line, facts, cart.currency, &mut amount);
        }
        priced
    }

    fn add(&mut self, line: &Line, all: &CartFacts, currency: Currency, amount: &mut CartAmount) {
        let facts = all.variants.get(&line.sku);
        let today = facts.map(|facts| facts.price).filter(|price| price.currency() == currency);
        let price = today.or(line.price).unwrap_or_else(|| UnitPrice::zero(currency));
        let left = facts.and_then(|facts| all.fewer_left(facts, line.quantity));
        let mut problem = problem(line, all, currency);
        if is_counted(problem) {
            let quantity = left.unwrap_or(line.quantity);
            match amount.add(price, quantity) {
                Some(_) => self.units.push((price, quantity)),
                None => problem = Some(NoticeCode::AmountLimit),
            }
        }
        let total = price.extend(line.quantity).unwrap_or(Money::zero(currency));
        let previous = line.price.filter(|previous| today.is_some_and(|today| today != *previous));
        let view = cart_line(line, facts, price, total);
        let view = CartLine { problem, previous_unit_price: previous, ..view };
        self.notices.extend(problem.map(|code| problem_notice(code, &view, left)));
        if let (Some(previous), Some(today)) = (previous, today) {
            self.notices.push(price_notice(&view, previous, today));
        }
        self.lines.push(view);
    }
}

/// Whether the lines that can be bought cost more than a cart may.
pub(crate) fn exceeds_amount(cart: &Cart, facts: &CartFacts) -> bool {
    let mut amount = CartAmount::zero(cart.currency);
    cart.lines.iter().any(|line| {
        let variant = facts.variants.get(&line.sku);
        is_counted(problem(line, facts, cart.currency))
            && variant.is_some_and(|variant| {
                let left = facts.fewer_left(variant, line.quantity);
                amount.add(variant.price, left.unwrap_or(line.quantity)).is_none()
            })
    })
}

/// Whether a line with this problem is part of the totals.
fn is_counted(problem: Option<NoticeCode>) -> bool {
    matches!(problem, None | Some(NoticeCode::FewerLeft))
}

/// Why a line cannot be bought as it is, as far as that is known.
fn problem(line: &Line, facts: &CartFacts, currency: Currency) -> Option<NoticeCode> {
    match facts.variants.get(&line.sku) {
        None => Some(NoticeCode::NotForSale),
        Some(variant) if !variant.for_sale => Some(NoticeCode::NotForSale),
        Some(variant) if variant.price.currency() != currency => {
            Some(NoticeCode::NotSoldInCurrency)
        }
        Some(variant) if !variant.in_stock => Some(NoticeCode::SoldOut),
        Some(variant) => match facts.fewer_left(variant, line.quantity)? {
            ..1 => Some(NoticeCode::SoldOut),
            1.. => Some(NoticeCode::FewerLeft),
        },
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

fn problem_notice(code: NoticeCode, line: &CartLine, left: Option<i64>) -> Notice {
    let (name, left) = (&line.name, left.unwrap_or_default());
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
