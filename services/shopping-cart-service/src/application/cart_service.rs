//! Cart use cases: changes, checkout, and views at current prices.

use super::{
    error::CartError,
    quote_calculator::{Delivery, QuoteCalculator, VariantsBySku, find_sellable},
};
use crate::domain::{
    cart::{Cart, CartState, Command, DecisionContext, merge_lines},
    events::Line,
    rejection::Rejection,
};
use contracts::{
    cart::{Cart as CartView, CartLine, CartStatus, Notice, Quote},
    product::VariantFacts,
    shared::{CartId, OrderId, Quantity, Sku},
};
use journal::{LoadedAggregate, Repository};
use kernel::{Currency, Ids, Money, UnitPrice, Uuid};
use std::time::Duration;

/// Cart service: executes commands on carts and builds their views.
#[derive(Debug)]
pub(crate) struct CartService {
    pub(crate) repository: Repository<Cart>,
    pub(crate) quotes: QuoteCalculator,
    pub(crate) ids: Ids,
    pub(crate) ttl: Duration,
}

impl CartService {
    /// Creates a cart with these lines.
    pub(crate) async fn create(
        &self,
        lines: &[Quantity],
        currency: Option<Currency>,
    ) -> Result<CartView, CartError> {
        let currency = currency.unwrap_or(self.quotes.pricing().currency);
        let mut merged = merge(lines)?;
        let facts = self.quotes.variants(merged.iter().map(|line| &line.sku)).await?;
        for (index, line) in lines.iter().enumerate() {
            find_sellable(&facts, &line.sku, currency, || format!("lines[{index}].sku"))?;
        }
        for line in &mut merged {
            adopt_spelling(&mut line.sku, &facts);
        }
        let id: CartId = self.ids.next();
        let now = self.now();
        let command = Command::Create { currency, lines: merged };
        let decide = |cart: Option<&Cart>| Cart::decide(cart, &command, now);
        let loaded = self.repository.create(&stream(id), decide, |_| Vec::new()).await?;
        self.build_view(id, &loaded, &facts)
    }

    /// Cart view at current prices.
    pub(crate) async fn cart(&self, id: CartId) -> Result<CartView, CartError> {
        let loaded = self.repository.load(&stream(id)).await?;
        self.load_view(id, &loaded).await
    }

    /// Adds units of a SKU. With `operation`, a retry changes nothing; with `if_version`, a cart at another version
    /// rejects the change.
    pub(crate) async fn add_line(
        &self,
        id: CartId,
        line: &Quantity,
        operation: Option<Uuid>,
        if_version: Option<u64>,
    ) -> Result<CartView, CartError> {
        let before = self.repository.load(&stream(id)).await?;
        let cart = before.state.as_deref().ok_or(Rejection::Unknown)?;
        // One catalogue lookup serves both the check and the response.
        let skus = cart.lines.iter().map(|line| &line.sku).chain([&line.sku]);
        let facts = self.quotes.variants(skus).await?;
        let sku = find_sellable(&facts, &line.sku, cart.currency, || "sku".to_owned())?.sku.clone();
        let command = Command::AddLine { sku, quantity: line.quantity, operation };
        let loaded = self.execute_at(if_version, id, &command).await?;
        self.build_view(id, &loaded, &facts)
    }

    /// Sets the quantity of a SKU; 0 removes its line.
    pub(crate) async fn change_line(
        &self,
        id: CartId,
        sku: Sku,
        quantity: i64,
        if_version: Option<u64>,
    ) -> Result<CartView, CartError> {
        let loaded =
            self.execute_at(if_version, id, &Command::ChangeLine { sku, quantity }).await?;
        self.load_view(id, &loaded).await
    }

    /// Removes the line of a SKU.
    pub(crate) async fn remove_line(
        &self,
        id: CartId,
        sku: Sku,
        if_version: Option<u64>,
    ) -> Result<CartView, CartError> {
        let loaded = self.execute_at(if_version, id, &Command::RemoveLine { sku }).await?;
        self.load_view(id, &loaded).await
    }

    /// Quote of a cart for a delivery, which leaves the cart as it is.
    pub(crate) async fn quote_cart(
        &self,
        id: CartId,
        delivery: Delivery<'_>,
    ) -> Result<Quote, CartError> {
        let loaded = self.repository.load(&stream(id)).await?;
        let cart = loaded.state.as_deref().ok_or(Rejection::Unknown)?;
        if cart.lines.is_empty() {
            return Err(Rejection::Empty.into());
        }
        self.quotes.quote(&cart.lines, cart.currency, delivery).await
    }

    /// Quote of lines without a cart, merged and validated as a cart would do it.
    pub(crate) async fn quote_lines(
        &self,
        lines: &[Quantity],
        currency: Option<Currency>,
        delivery: Delivery<'_>,
    ) -> Result<Quote, CartError> {
        let lines = merge(lines)?;
        if lines.is_empty() {
            return Err(Rejection::Empty.into());
        }
        let currency = currency.unwrap_or(self.quotes.pricing().currency);
        self.quotes.quote(&lines, currency, delivery).await
    }

    /// Freezes the cart for an order and quotes it for its destination.
    pub(crate) async fn begin_checkout(
        &self,
        id: CartId,
        order_id: OrderId,
        delivery: Delivery<'_>,
    ) -> Result<Quote, CartError> {
        let command = Command::BeginCheckout { order_id };
        let loaded = self.repository.load(&stream(id)).await?;
        let cart = loaded.state.as_deref().ok_or(Rejection::Unknown)?;
        // Quoted before it is frozen: a cart that cannot be quoted stays open. The frozen lines are compared with the
        // quoted ones below.
        Cart::decide(Some(cart), &command, self.now())?;
        let quote = self.quotes.quote(&cart.lines, cart.currency, delivery).await?;
        let frozen = self.execute(id, &command).await?;
        let frozen = frozen.state.as_deref().ok_or(Rejection::Unknown)?;
        if frozen.lines == cart.lines {
            return Ok(quote);
        }
        // The cart changed in between; now it is frozen.
        self.quotes.quote(&frozen.lines, frozen.currency, delivery).await
    }

    /// Marks the cart as ordered.
    pub(crate) async fn ordered(&self, id: CartId, order_id: OrderId) -> Result<(), CartError> {
        self.execute(id, &Command::Order { order_id }).await.map(drop)
    }

    /// Reopens the cart: the order was not placed.
    pub(crate) async fn reopen(&self, id: CartId, order_id: OrderId) -> Result<(), CartError> {
        match self.execute(id, &Command::AbandonCheckout { order_id }).await {
            // There is no cart to reopen; an undo must not fail on that.
            Err(CartError::Rejected(Rejection::Unknown)) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Items total of a cart, which decides on free delivery.
    pub(crate) async fn items(&self, id: CartId) -> Result<Money, CartError> {
        Ok(self.cart(id).await?.totals.items)
    }

    fn now(&self) -> DecisionContext {
        DecisionContext { at: self.ids.now(), ttl: self.ttl }
    }

    async fn execute(
        &self,
        id: CartId,
        command: &Command,
    ) -> Result<LoadedAggregate<Cart>, CartError> {
        self.execute_at(None, id, command).await
    }

    /// Executes a command under the condition that the cart is at this version (`If-Match`). A command that already took
    /// effect is no change (RFC 9110, section 13.1.1): the version advanced when it did.
    async fn execute_at(
        &self,
        if_version: Option<u64>,
        id: CartId,
        command: &Command,
    ) -> Result<LoadedAggregate<Cart>, CartError> {
        let now = self.now();
        let decide = |cart: Option<&Cart>| {
            let decided = Cart::decide(cart, command, now);
            if decided.as_ref().is_ok_and(Vec::is_empty) {
                return decided;
            }
            cart.map_or(Ok(()), |cart| cart.check_version(if_version))?;
            decided
        };
        Ok(self.repository.execute(&stream(id), decide, |_| Vec::new()).await?)
    }

    async fn load_view(
        &self,
        id: CartId,
        loaded: &LoadedAggregate<Cart>,
    ) -> Result<CartView, CartError> {
        let cart = loaded.state.as_deref().ok_or(Rejection::Unknown)?;
        let facts = self.quotes.variants(cart.lines.iter().map(|line| &line.sku)).await?;
        self.build_view(id, loaded, &facts)
    }

    fn build_view(
        &self,
        id: CartId,
        loaded: &LoadedAggregate<Cart>,
        facts: &VariantsBySku,
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
        let totals = self.quotes.estimate(cart.currency, &units)?;
        let (status, order_id) = match cart.state {
            CartState::Open if cart.is_expired(self.now()) => (CartStatus::Expired, None),
            CartState::Open => (CartStatus::Open, None),
            CartState::CheckingOut { .. } => (CartStatus::CheckingOut, None),
            CartState::Ordered { order_id } => (CartStatus::Ordered, Some(order_id)),
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
            expires_at: cart.expires_at(self.ttl),
        })
    }
}

/// Prefix of the names of the cart streams.
pub(crate) const STREAM_PREFIX: &str = "cart-";

/// Name of a cart's stream.
fn stream(id: CartId) -> String {
    format!("{STREAM_PREFIX}{id}")
}

/// Cart that a stream belongs to.
pub(crate) fn cart_of(stream: &str) -> Option<CartId> {
    stream.strip_prefix(STREAM_PREFIX)?.parse().ok()
}

/// Requested lines, merged and validated as a cart would do it.
fn merge(lines: &[Quantity]) -> Result<Vec<Line>, Rejection> {
    let line = |line: &Quantity| Line { sku: line.sku.clone(), quantity: line.quantity };
    merge_lines(&lines.iter().map(line).collect::<Vec<_>>())
}

/// Replaces the spelling of a SKU by that of the catalogue.
fn adopt_spelling(sku: &mut Sku, facts: &VariantsBySku) {
    if let Some(facts) = facts.get(sku) {
        sku.clone_from(&facts.sku);
    }
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

/// Notice for the shopper about a line.
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
