//! Keeps carts, and shows them at today's prices.

use super::{
    quotes::{Quotes, check_currency},
    refusal::CartError,
};
use crate::domain::{
    cart::{Cart, Command, Now, Status},
    events::Line,
    rejection::Rejection,
};
use contracts::{
    cart::{Cart as CartView, CartLine, CartStatus, Notice, Quote, QuoteRequest},
    product::VariantFacts,
    shared::{CartId, OrderId, Quantity},
};
use journal::{LoadedAggregate, Repository};
use kernel::{Currency, Ids, Money, UnitPrice, Uuid};
use std::{collections::BTreeMap, time::Duration};

/// Keeps carts.
#[derive(Debug)]
pub(crate) struct Carts {
    pub(crate) repository: Repository<Cart>,
    pub(crate) quotes: Quotes,
    pub(crate) ids: Ids,
    pub(crate) keep: Duration,
}

type Facts = BTreeMap<String, VariantFacts>;

impl Carts {
    /// Makes a cart with these lines.
    pub(crate) async fn create(
        &self,
        lines: &[Quantity],
        currency: Option<Currency>,
    ) -> Result<CartView, CartError> {
        let currency = currency.unwrap_or(self.quotes.terms().currency);
        let facts = self.quotes.facts(lines.iter().map(|line| line.sku.as_str())).await?;
        for (index, line) in lines.iter().enumerate() {
            check_sellable(&facts, &line.sku, currency, &format!("lines[{index}].sku"))?;
        }
        let id: CartId = self.ids.next();
        let lines = lines
            .iter()
            .map(|line| Line { sku: line.sku.clone(), quantity: line.quantity })
            .collect();
        let loaded = self.execute(id, &Command::Create { currency, lines }).await?;
        self.view(id, &loaded, &facts)
    }

    /// A cart at today's prices.
    pub(crate) async fn cart(&self, id: CartId) -> Result<CartView, CartError> {
        let loaded = self.repository.load(&stream(id)).await?;
        self.viewed(id, &loaded).await
    }

    /// Puts units of a SKU in. With `operation`, repeating it changes nothing; with `seen`, a cart that is no longer at
    /// this version refuses.
    pub(crate) async fn add_line(
        &self,
        id: CartId,
        line: &Quantity,
        operation: Option<Uuid>,
        seen: Option<u64>,
    ) -> Result<CartView, CartError> {
        let before = self.repository.load(&stream(id)).await?;
        let cart = before.state.as_deref().ok_or(Rejection::Unknown)?;
        // One look at the goods serves the check and the answer.
        let skus = cart.lines.iter().map(|line| line.sku.as_str()).chain([line.sku.as_str()]);
        let facts = self.quotes.facts(skus).await?;
        check_sellable(&facts, &line.sku, cart.currency, "sku")?;
        let command =
            Command::AddLine { sku: line.sku.clone(), quantity: line.quantity, operation };
        let loaded = self.execute_at(seen, id, &command).await?;
        self.view(id, &loaded, &facts)
    }

    /// Sets the units of a SKU; 0 takes it out.
    pub(crate) async fn change_line(
        &self,
        id: CartId,
        sku: String,
        quantity: i64,
        seen: Option<u64>,
    ) -> Result<CartView, CartError> {
        let loaded = self.execute_at(seen, id, &Command::ChangeLine { sku, quantity }).await?;
        self.viewed(id, &loaded).await
    }

    /// Takes a SKU out.
    pub(crate) async fn remove_line(
        &self,
        id: CartId,
        sku: String,
        seen: Option<u64>,
    ) -> Result<CartView, CartError> {
        let loaded = self.execute_at(seen, id, &Command::RemoveLine { sku }).await?;
        self.viewed(id, &loaded).await
    }

    /// Freezes the cart for an order and says what it comes to at its destination.
    pub(crate) async fn begin_checkout(
        &self,
        id: CartId,
        order_id: OrderId,
        request: &QuoteRequest,
    ) -> Result<Quote, CartError> {
        let loaded = self.repository.load(&stream(id)).await?;
        let cart = loaded.state.as_deref().ok_or(Rejection::Unknown)?;
        // Priced before it is frozen: a cart that cannot be priced stays open. What is frozen is checked to be what
        // was priced, below.
        Cart::decide(Some(cart), &Command::BeginCheckout { order_id: order_id.0 }, self.now())?;
        let priced = cart.lines.clone();
        let quantities = quantities(&priced);
        let quote = self.quotes.quote(&quantities, cart.currency, request).await?;
        let frozen = self.execute(id, &Command::BeginCheckout { order_id: order_id.0 }).await?;
        let frozen = frozen.state.as_deref().ok_or(Rejection::Unknown)?;
        if frozen.lines == priced {
            return Ok(quote);
        }
        // Somebody put something in meanwhile; now nobody can any more.
        self.quotes.quote(&self::quantities(&frozen.lines), frozen.currency, request).await
    }

    /// The order was placed.
    pub(crate) async fn ordered(&self, id: CartId, order_id: OrderId) -> Result<(), CartError> {
        self.execute(id, &Command::Order { order_id: order_id.0 }).await.map(drop)
    }

    /// The order was not placed: the cart is open again.
    pub(crate) async fn reopen(&self, id: CartId, order_id: OrderId) -> Result<(), CartError> {
        match self.execute(id, &Command::AbandonCheckout { order_id: order_id.0 }).await {
            // There is nothing to give back to; an undo must not get stuck on that.
            Err(CartError::Rejected(Rejection::Unknown)) => Ok(()),
            other => other.map(drop),
        }
    }

    /// The sum of the lines of a cart, as free delivery looks at it.
    pub(crate) async fn items(&self, id: CartId) -> Result<Money, CartError> {
        Ok(self.cart(id).await?.totals.items)
    }

    fn now(&self) -> Now {
        Now { at: self.ids.now(), keep: self.keep }
    }

    async fn execute(
        &self,
        id: CartId,
        command: &Command,
    ) -> Result<LoadedAggregate<Cart>, CartError> {
        self.execute_at(None, id, command).await
    }

    /// The same for whoever has seen the cart at this version and wants to change no other. What has come about already
    /// is no change (RFC 9110, section 13.1.1): the version moved when it came about.
    async fn execute_at(
        &self,
        seen: Option<u64>,
        id: CartId,
        command: &Command,
    ) -> Result<LoadedAggregate<Cart>, CartError> {
        let now = self.now();
        let decide = |cart: Option<&Cart>| {
            let decided = Cart::decide(cart, command, now);
            if decided.as_ref().is_ok_and(Vec::is_empty) {
                return decided;
            }
            cart.map_or(Ok(()), |cart| cart.is_at(seen))?;
            decided
        };
        Ok(self.repository.execute(&stream(id), decide, |_| Vec::new()).await?)
    }

    async fn viewed(
        &self,
        id: CartId,
        loaded: &LoadedAggregate<Cart>,
    ) -> Result<CartView, CartError> {
        let cart = loaded.state.as_deref().ok_or(Rejection::Unknown)?;
        let facts = self.quotes.facts(cart.lines.iter().map(|line| line.sku.as_str())).await?;
        self.view(id, loaded, &facts)
    }

    fn view(
        &self,
        id: CartId,
        loaded: &LoadedAggregate<Cart>,
        facts: &Facts,
    ) -> Result<CartView, CartError> {
        let cart = loaded.state.as_deref().ok_or(Rejection::Unknown)?;
        let mut notices = Vec::new();
        let mut lines = Vec::with_capacity(cart.lines.len());
        let mut units = Vec::with_capacity(cart.lines.len());
        for line in &cart.lines {
            let facts = facts.get(&line.sku);
            notices.extend(notice(line, facts));
            let Some(facts) = facts.filter(|facts| facts.price.currency() == cart.currency) else {
                continue;
            };
            if facts.for_sale {
                units.push((facts.price, line.quantity));
            }
            lines.push(self::line(line, facts)?);
        }
        let (_, totals) = self.quotes.estimate(cart.currency, &units)?;
        let (status, order_id) = match cart.status {
            Status::Open if cart.is_expired(self.now()) => (CartStatus::Expired, None),
            Status::Open => (CartStatus::Open, None),
            Status::CheckingOut { .. } => (CartStatus::CheckingOut, None),
            Status::Ordered { order_id } => (CartStatus::Ordered, Some(OrderId(order_id))),
        };
        Ok(CartView {
            id,
            status,
            currency: cart.currency,
            item_count: lines.iter().map(|line| line.quantity).sum(),
            lines,
            totals,
            notices,
            order_id,
            version: loaded.version,
            expires_at: cart.expires_at(self.keep),
        })
    }
}

fn check_sellable(
    facts: &Facts,
    sku: &str,
    currency: Currency,
    field: &str,
) -> Result<(), CartError> {
    let known = facts.get(sku).filter(|facts| facts.for_sale);
    let known = known
        .ok_or_else(|| CartError::UnknownSku { sku: sku.to_owned(), field: field.to_owned() })?;
    check_currency(known, currency)
}

/// The stream a cart's events are in.
pub(crate) fn stream(id: CartId) -> String {
    format!("cart-{id}")
}

fn quantities(lines: &[Line]) -> Vec<Quantity> {
    lines.iter().map(|line| Quantity { sku: line.sku.clone(), quantity: line.quantity }).collect()
}

fn line(line: &Line, facts: &VariantFacts) -> Result<CartLine, CartError> {
    let price: UnitPrice = facts.price;
    Ok(CartLine {
        sku: line.sku.clone(),
        product_id: facts.product_id,
        slug: facts.slug.clone(),
        name: facts.name.clone(),
        options: facts.options.clone(),
        quantity: line.quantity,
        unit_price: price,
        total: price.extend(line.quantity)?,
        image: facts.image.clone(),
        in_stock: facts.for_sale && facts.in_stock,
        only_left: facts.only_left,
    })
}

/// What the shopper should know of a line.
fn notice(line: &Line, facts: Option<&VariantFacts>) -> Option<Notice> {
    let notice = |code: &str, message: String| {
        Some(Notice { code: code.to_owned(), sku: Some(line.sku.clone()), message })
    };
    match facts {
        None => notice("not_for_sale", format!("{} is no longer for sale.", line.sku)),
        Some(facts) if !facts.for_sale => {
            notice("not_for_sale", format!("{} is no longer for sale.", facts.name))
        }
        Some(facts) if !facts.in_stock => {
            notice("sold_out", format!("{} is sold out.", facts.name))
        }
        Some(facts) => {
            let left = facts.only_left.filter(|left| *left < line.quantity)?;
            notice("fewer_left", format!("Only {left} of {} are left.", facts.name))
        }
    }
}
