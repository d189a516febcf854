//! Cart use cases: changes, checkout, and views at current prices.

use super::{
    cart_view::{CartFacts, PricedLines, exceeds_amount},
    customer_carts::CustomerCarts,
    error::CartError,
    quote_calculator::{Delivery, QuoteCalculator, VariantsBySku, find_sellable},
};
use crate::domain::{
    cart::{Cart, CartAccess, CartState, Command, DecisionContext, merge_lines},
    events::{CartEvent, Line},
    merge_strategy::MergeStrategy,
    rejection::Rejection,
    wish_list::WishList,
};
use crate::ports::stock::Stock;
use contracts::{
    cart::{Cart as CartView, CartStatus, Quote},
    inventory::LOW_STOCK_UNITS,
    shared::{AccountId, CartId, OrderId, Quantity, Sku},
};
use journal::{LoadedAggregate, Repository};
use kernel::{Currency, Ids, Money, Uuid, prefixed_id};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Cart service: executes commands on carts and builds their views.
#[derive(Debug)]
pub(crate) struct CartService {
    pub(crate) repository: Repository<Cart>,
    pub(crate) wish_lists: Repository<WishList>,
    pub(crate) quotes: QuoteCalculator,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) ids: Ids,
    pub(crate) ttl: Duration,
    /// Carts of customers: which is the present one of each.
    pub(crate) customers: CustomerCarts,
    /// What becomes of a guest's cart when its shopper signs in.
    pub(crate) merge: MergeStrategy,
}

impl CartService {
    /// Creates a cart with these lines. A customer has one cart; if there is one, the lines are added to it.
    pub(crate) async fn create(
        &self,
        lines: &[Quantity],
        currency: Option<Currency>,
        customer: Option<AccountId>,
    ) -> Result<CartView, CartError> {
        if let Some(customer) = customer {
            return self.create_for(customer, lines, currency).await;
        }
        let currency = currency.unwrap_or(self.quotes.pricing().currency);
        let (merged, variants) = self.sellable(lines, currency, &[]).await?;
        let facts = self.with_stock(variants, &merged).await;
        let id: CartId = self.ids.next();
        let command = Command::Create { currency, lines: merged, owner: None };
        let decide = |cart: Option<&Cart>| self.decide(cart, &command, None, &facts);
        let loaded = self.repository.create(&stream(id), decide, |_| Vec::new()).await?;
        self.build_view(id, &loaded, &facts)
    }

    /// Requested lines, merged, each with the catalogue's spelling and price, and what is known about them and about those of the cart.
    pub(super) async fn sellable(
        &self,
        requested: &[Quantity],
        currency: Currency,
        present: &[Line],
    ) -> Result<(Vec<Line>, VariantsBySku), CartError> {
        let mut merged = merge(requested)?;
        let skus = merged.iter().chain(present).map(|line| &line.sku);
        let variants = self.quotes.variants(skus).await?;
        for (index, line) in requested.iter().enumerate() {
            find_sellable(&variants, &line.sku, currency, || format!("lines[{index}].sku"))?;
        }
        for line in &mut merged {
            adopt_catalogue(line, &variants);
        }
        Ok((merged, variants))
    }

    /// Cart view at current prices.
    pub(crate) async fn cart(&self, id: CartId, access: CartAccess) -> Result<CartView, CartError> {
        let loaded = self.load(id, access).await?;
        self.load_view(id, &loaded).await
    }

    /// Cart view at current prices, with the lines and quantities of this version. A version that the cart has not reached is
    /// its present one.
    pub(crate) async fn cart_at(
        &self,
        id: CartId,
        version: u64,
        access: CartAccess,
    ) -> Result<CartView, CartError> {
        let now = self.load(id, access).await?;
        if version >= now.version {
            return self.load_view(id, &now).await;
        }
        let loaded = self.repository.load_at(&stream(id), version).await?;
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
        access: CartAccess,
    ) -> Result<CartView, CartError> {
        let before = self.load(id, access).await?;
        let facts = self.facts(&before, Some(line)).await?;
        let currency = before.state.as_deref().ok_or(Rejection::Unknown)?.currency;
        let found = find_sellable(&facts.variants, &line.sku, currency, || "sku".to_owned())?;
        let (sku, price) = (found.sku.clone(), Some(found.price));
        let command = Command::AddLine { sku, quantity: line.quantity, operation, price };
        self.change(id, if_version, &command, &before, &facts).await
    }

    /// Sets the quantity of a SKU; 0 removes its line.
    pub(crate) async fn change_line(
        &self,
        id: CartId,
        sku: Sku,
        quantity: i64,
        if_version: Option<u64>,
        access: CartAccess,
    ) -> Result<CartView, CartError> {
        let before = self.load(id, access).await?;
        let changed = Quantity { sku: sku.clone(), quantity };
        let facts = self.facts(&before, Some(&changed)).await?;
        let currency = before.state.as_deref().ok_or(Rejection::Unknown)?.currency;
        let price = facts.variants.get(&sku).map(|facts| facts.price);
        let price = price.filter(|price| price.currency() == currency);
        let command = Command::ChangeLine { sku, quantity, price };
        self.change(id, if_version, &command, &before, &facts).await
    }

    /// Removes the line of a SKU.
    pub(crate) async fn remove_line(
        &self,
        id: CartId,
        sku: Sku,
        if_version: Option<u64>,
        access: CartAccess,
    ) -> Result<CartView, CartError> {
        let before = self.load(id, access).await?;
        let facts = self.facts(&before, None).await?;
        self.change(id, if_version, &Command::RemoveLine { sku }, &before, &facts).await
    }

    /// Executes a shopper's change and builds the response. All that the response needs is looked up before, so that a change
    /// which cannot be answered does not happen.
    pub(super) async fn change(
        &self,
        id: CartId,
        if_version: Option<u64>,
        command: &Command,
        before: &LoadedAggregate<Cart>,
        facts: &CartFacts,
    ) -> Result<CartView, CartError> {
        let decide = |cart: Option<&Cart>| self.decide(cart, command, if_version, facts);
        let loaded = self.repository.execute(&stream(id), decide, |_| Vec::new()).await?;
        if loaded.version > before.version + 1 {
            // Another request changed the cart in between, perhaps to lines that were not looked up.
            return self.load_view(id, &loaded).await;
        }
        self.build_view(id, &loaded, facts)
    }

    /// Quote of a cart for a delivery, which leaves the cart as it is.
    pub(crate) async fn quote_cart(
        &self,
        id: CartId,
        delivery: Delivery<'_>,
        access: CartAccess,
    ) -> Result<Quote, CartError> {
        let loaded = self.load(id, access).await?;
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
        access: CartAccess,
    ) -> Result<Quote, CartError> {
        let command = Command::BeginCheckout { order_id };
        let loaded = self.load(id, access).await?;
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
    pub(crate) async fn items(&self, id: CartId, access: CartAccess) -> Result<Money, CartError> {
        Ok(self.cart(id, access).await?.totals.items)
    }

    /// Cart that a request may use; none for one that it may not.
    async fn load(
        &self,
        id: CartId,
        access: CartAccess,
    ) -> Result<LoadedAggregate<Cart>, CartError> {
        let loaded = self.repository.load(&stream(id)).await?;
        match &loaded.state {
            Some(cart) if !cart.is_open_to(access) => Err(Rejection::Unknown.into()),
            _ => Ok(loaded),
        }
    }

    fn now(&self) -> DecisionContext {
        DecisionContext { at: self.ids.now(), ttl: self.ttl }
    }

    /// Executes a step of a checkout or a merge.
    pub(super) async fn execute(
        &self,
        id: CartId,
        command: &Command,
    ) -> Result<LoadedAggregate<Cart>, CartError> {
        let now = self.now();
        let decide = |cart: Option<&Cart>| Cart::decide(cart, command, now);
        Ok(self.repository.execute(&stream(id), decide, |_| Vec::new()).await?)
    }

    /// Decides a shopper's change under the condition that the cart is at this version (`If-Match`). A command that already
    /// took effect is no change (RFC 9110, section 13.1.1): the version advanced when it did.
    fn decide(
        &self,
        cart: Option<&Cart>,
        command: &Command,
        if_version: Option<u64>,
        facts: &CartFacts,
    ) -> Result<Vec<CartEvent>, CartError> {
        let decided = Cart::decide(cart, command, self.now());
        if decided.as_ref().is_ok_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        if let Some(cart) = cart {
            cart.check_version(if_version)?;
        }
        let events = decided?;
        let changed =
            events.iter().fold(cart.cloned(), |cart, event| Some(Cart::apply(cart, event)));
        let is_over_limit = |cart: &Cart| exceeds_amount(cart, facts);
        // A cart that is over the limit because prices rose may still be changed towards it.
        if changed.as_ref().is_some_and(is_over_limit) && !cart.is_some_and(is_over_limit) {
            return Err(CartError::AmountLimit);
        }
        Ok(events)
    }

    /// What is known about the variants in a cart, and about the one that it is to have more of.
    async fn facts(
        &self,
        loaded: &LoadedAggregate<Cart>,
        changed: Option<&Quantity>,
    ) -> Result<CartFacts, CartError> {
        let cart = loaded.state.as_deref().ok_or(Rejection::Unknown)?;
        let skus = cart.lines.iter().map(|line| &line.sku);
        let variants = self.quotes.variants(skus.chain(changed.map(|line| &line.sku))).await?;
        let mut lines = cart.lines.clone();
        if let Some(Quantity { sku, quantity }) = changed {
            let known = cart.lines.iter().find(|line| line.sku == *sku);
            let quantity = quantity.saturating_add(known.map_or(0, |line| line.quantity));
            lines.push(Line { sku: sku.clone(), quantity, price: None });
        }
        Ok(self.with_stock(variants, &lines).await)
    }

    /// Adds the stock of the lines that might have more units than there are. The catalogue knows only low stock, which is
    /// enough for most lines.
    pub(super) async fn with_stock(&self, variants: VariantsBySku, lines: &[Line]) -> CartFacts {
        let is_unsure = |line: &&Line| {
            line.quantity > LOW_STOCK_UNITS
                && variants.get(&line.sku).is_some_and(|it| it.in_stock && it.only_left.is_none())
        };
        let unsure: BTreeSet<&Sku> = lines.iter().filter(is_unsure).map(|it| &it.sku).collect();
        let available = if unsure.is_empty() {
            BTreeMap::new()
        } else {
            self.stock.available(unsure.into_iter().cloned().collect()).await
        };
        CartFacts { variants, available }
    }

    pub(super) async fn load_view(
        &self,
        id: CartId,
        loaded: &LoadedAggregate<Cart>,
    ) -> Result<CartView, CartError> {
        let facts = self.facts(loaded, None).await?;
        self.build_view(id, loaded, &facts)
    }

    fn build_view(
        &self,
        id: CartId,
        loaded: &LoadedAggregate<Cart>,
        facts: &CartFacts,
    ) -> Result<CartView, CartError> {
        let cart = loaded.state.as_deref().ok_or(Rejection::Unknown)?;
        let PricedLines { lines, notices, units } = PricedLines::new(cart, facts);
        let status = match cart.state {
            CartState::Open if cart.is_expired(self.now()) => CartStatus::Expired,
            CartState::Open => CartStatus::Open,
            CartState::CheckingOut { .. } => CartStatus::CheckingOut,
            CartState::Ordered { .. } => CartStatus::Ordered,
            CartState::Merged { .. } => return Err(Rejection::Merged.into()),
        };
        Ok(CartView {
            id,
            status,
            currency: cart.currency,
            item_count: lines.iter().map(|line| line.quantity).sum(),
            lines,
            totals: self.quotes.estimate(cart.currency, &units)?,
            notices,
            version: loaded.version,
            expires_at: cart.expires_at(self.ttl),
        })
    }
}

/// Prefix of the names of the cart streams.
pub(crate) const STREAM_PREFIX: &str = "cart-";

/// Name of a cart's stream.
pub(super) fn stream(id: CartId) -> String {
    prefixed_id(STREAM_PREFIX, id)
}

/// Cart that a stream belongs to.
pub(crate) fn cart_of(stream: &str) -> Option<CartId> {
    stream.strip_prefix(STREAM_PREFIX)?.parse().ok()
}

/// Requested lines, merged and validated as a cart would do it.
fn merge(lines: &[Quantity]) -> Result<Vec<Line>, Rejection> {
    let line =
        |line: &Quantity| Line { sku: line.sku.clone(), quantity: line.quantity, price: None };
    merge_lines(&lines.iter().map(line).collect::<Vec<_>>())
}

/// Gives a line the catalogue's spelling of its SKU, and its price.
fn adopt_catalogue(line: &mut Line, facts: &VariantsBySku) {
    if let Some(facts) = facts.get(&line.sku) {
        line.sku.clone_from(&facts.sku);
        line.price = Some(facts.price);
    }
}
