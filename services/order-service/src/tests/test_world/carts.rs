//! Fake cart service.

use super::{FakeClient, UNITS, sku};
use crate::{
    domain::{
        events::{Shipping, Totals},
        quote::{Quote, QuotedLine},
    },
    ports::{
        PortError,
        carts::{Carts, Delivery},
    },
};
use async_trait::async_trait;
use contracts::codes;
use identifiers::{AccountId, CartId, OrderId, ProductId, Sku};
use kernel::{Currency, Money, Problem, UnitPrice, Uuid};
use std::collections::{BTreeMap, HashMap};

/// Carts with the order that froze them.
#[derive(Debug, Default)]
pub(crate) struct FakeCarts {
    carts: HashMap<CartId, CartState>,
    /// Price of a mug, in minor units.
    pub(crate) price: i64,
    /// Whether the service does not respond.
    pub(crate) is_down: bool,
    /// Customer whose carts they are; guests' carts without one.
    pub(crate) owner: Option<AccountId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CartState {
    Open,
    CheckingOut(OrderId),
    Ordered(OrderId),
}

impl FakeCarts {
    pub(crate) fn with(cart: CartId) -> Self {
        Self { carts: [(cart, CartState::Open)].into(), price: 1_800, ..Self::default() }
    }

    pub(crate) fn is_open(&self, cart: CartId) -> Result<(), String> {
        self.is(cart, CartState::Open)
    }

    pub(crate) fn is_ordered(&self, cart: CartId, order: OrderId) -> Result<(), String> {
        self.is(cart, CartState::Ordered(order))
    }

    fn is(&self, cart: CartId, expected: CartState) -> Result<(), String> {
        match self.carts.get(&cart) {
            Some(found) if *found == expected => Ok(()),
            found => Err(format!("the cart is {found:?}")),
        }
    }

    fn freeze(
        &mut self,
        cart: CartId,
        order: OrderId,
        account: Option<AccountId>,
    ) -> Result<(), PortError> {
        if self.is_down {
            let reason = "it does not respond".to_owned();
            return Err(PortError::Unavailable { service: "shopping-cart-service", reason });
        }
        if self.owner.is_some() && self.owner != account {
            return Err(refused(Problem::not_found("cart", cart)));
        }
        let Some(cart) = self.carts.get_mut(&cart) else {
            return Err(refused(Problem::not_found("cart", cart)));
        };
        match *cart {
            CartState::Open => *cart = CartState::CheckingOut(order),
            CartState::CheckingOut(same) | CartState::Ordered(same) if same == order => {}
            CartState::CheckingOut(_) => {
                return Err(refused(Problem::of(codes::CHECKING_OUT, "being checked out")));
            }
            CartState::Ordered(order) => {
                let problem = Problem::of(codes::ALREADY_ORDERED, "has become an order");
                return Err(refused(problem.subject(order.to_string())));
            }
        }
        Ok(())
    }
}

fn refused(problem: Problem) -> PortError {
    PortError::Refused(Box::new(problem))
}

fn priced(lines: &[(Sku, i64)], price: i64) -> Quote {
    let euro = |amount| Money::new(amount, Currency::EUR);
    let tax = |gross: i64| euro(gross * 19 / 119);
    let quoted: Vec<QuotedLine> = lines
        .iter()
        .map(|(sku, quantity)| QuotedLine {
            sku: sku.clone(),
            product_id: ProductId(Uuid::from_u128(7)),
            name: sku.key(),
            options: BTreeMap::new(),
            quantity: *quantity,
            unit_price: UnitPrice::from_money(euro(price)).unwrap(),
            total: euro(price * quantity),
            tax: tax(price * quantity),
            tax_rate: "0.19".to_owned(),
        })
        .collect();
    let items: i64 = quoted.iter().map(|line| line.total.amount).sum();
    let taxes: i64 = quoted.iter().map(|line| line.tax.amount).sum();
    let shipping = if items == 0 { 0 } else { 490 };
    Quote {
        currency: Currency::EUR,
        lines: quoted,
        shipping: Shipping {
            method: "standard".to_owned(),
            label: "Standard".to_owned(),
            price: euro(shipping),
            tax: tax(shipping),
        },
        totals: Totals {
            items: euro(items),
            discount: euro(0),
            shipping: euro(shipping),
            tax: euro(taxes + tax(shipping).amount),
            total: euro(items + shipping),
            tax_included: true,
        },
    }
}

#[async_trait]
impl Carts for FakeClient<FakeCarts> {
    async fn freeze(
        &self,
        cart: CartId,
        order: OrderId,
        account: Option<AccountId>,
        _: Delivery<'_>,
    ) -> Result<Quote, PortError> {
        self.interruption_point().await;
        let price = {
            let mut fake = self.fake.lock();
            fake.freeze(cart, order, account)?;
            fake.price
        };
        self.interruption_point().await;
        Ok(priced(&[(sku("MUG"), UNITS)], price))
    }

    async fn quote(
        &self,
        lines: &[(Sku, i64)],
        _: Option<Currency>,
        _: Delivery<'_>,
    ) -> Result<Quote, PortError> {
        let mug = sku("MUG");
        if let Some((sku, _)) = lines.iter().find(|(sku, _)| *sku != mug) {
            let problem = Problem::of(codes::UNKNOWN_SKU, "not for sale").subject(sku.as_str());
            return Err(refused(problem));
        }
        let price = self.fake.lock().price;
        Ok(priced(lines, price))
    }

    async fn ordered(&self, cart: CartId, order: OrderId) -> Result<(), PortError> {
        self.interruption_point().await;
        let mut fake = self.fake.lock();
        match fake.carts.get_mut(&cart) {
            Some(cart) if matches!(*cart, CartState::CheckingOut(same) | CartState::Ordered(same) if same == order) =>
            {
                *cart = CartState::Ordered(order);
                Ok(())
            }
            other => Err(refused(Problem::of(codes::CHECKING_OUT, format!("{other:?}")))),
        }
    }

    async fn reopen(&self, cart: CartId, order: OrderId) -> Result<(), PortError> {
        self.interruption_point().await;
        if let Some(cart) = self.fake.lock().carts.get_mut(&cart)
            && *cart == CartState::CheckingOut(order)
        {
            *cart = CartState::Open;
        }
        Ok(())
    }
}
