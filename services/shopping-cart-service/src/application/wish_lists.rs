//! Use cases of wish lists: what a customer remembers, at current prices.

use super::{cart_service::CartService, error::CartError, quote_calculator::find_sellable};
use crate::domain::wish_list::{WishList, WishedItem};
use contracts::{
    cart::{WishList as WishListView, WishListItem},
    shared::{AccountId, Sku},
};
use journal::LoadedAggregate;
use kernel::prefixed_id;

/// Prefix of the names of the streams of wish lists.
pub(crate) const STREAM_PREFIX: &str = "wish-list-";

fn stream(customer: AccountId) -> String {
    prefixed_id(STREAM_PREFIX, customer)
}

impl CartService {
    /// Wish list of a customer; an empty one if nothing was ever added.
    pub(crate) async fn wish_list(&self, customer: AccountId) -> Result<WishListView, CartError> {
        let loaded = self.wish_lists.load(&stream(customer)).await?;
        self.wish_list_view(&loaded).await
    }

    /// Adds an article that is for sale.
    pub(crate) async fn add_wish(
        &self,
        customer: AccountId,
        sku: &Sku,
    ) -> Result<WishListView, CartError> {
        let currency = self.quotes.pricing().currency;
        let facts = self.quotes.variants([sku]).await?;
        let sku = find_sellable(&facts, sku, currency, || "sku".to_owned())?.sku.clone();
        let now = self.ids.now();
        let decide = |list: Option<&WishList>| WishList::add(list, &sku, now);
        let loaded = self.wish_lists.execute(&stream(customer), decide, |_| Vec::new()).await?;
        self.wish_list_view(&loaded).await
    }

    /// Removes an article, if it is there.
    pub(crate) async fn remove_wish(
        &self,
        customer: AccountId,
        sku: &Sku,
    ) -> Result<WishListView, CartError> {
        let now = self.ids.now();
        let decide = |list: Option<&WishList>| Ok::<_, CartError>(WishList::remove(list, sku, now));
        let loaded = self.wish_lists.execute(&stream(customer), decide, |_| Vec::new()).await?;
        self.wish_list_view(&loaded).await
    }

    /// Empties the wish list of a customer, for good.
    pub(super) async fn erase_wish_list(&self, customer: AccountId) -> Result<(), CartError> {
        let now = self.ids.now();
        let decide = |list: Option<&WishList>| Ok::<_, CartError>(WishList::erase(list, now));
        self.wish_lists.execute(&stream(customer), decide, |_| Vec::new()).await?;
        Ok(())
    }

    async fn wish_list_view(
        &self,
        loaded: &LoadedAggregate<WishList>,
    ) -> Result<WishListView, CartError> {
        let Some(list) = loaded.state.as_deref() else { return Ok(WishListView::default()) };
        let facts = self.quotes.variants(list.items.iter().map(|item| &item.sku)).await?;
        let item = |WishedItem { sku, at }: &WishedItem| {
            let known = facts.get(sku).cloned();
            let for_sale = known.as_ref().filter(|facts| facts.for_sale);
            WishListItem {
                unit_price: for_sale.map(|facts| facts.price),
                in_stock: for_sale.is_some_and(|facts| facts.in_stock),
                product_id: known.as_ref().map(|facts| facts.product_id),
                slug: known.as_ref().map(|facts| facts.slug.clone()),
                name: known.as_ref().map_or_else(|| sku.to_string(), |facts| facts.name.clone()),
                options: known.as_ref().map(|facts| facts.options.clone()).unwrap_or_default(),
                image: known.and_then(|facts| facts.image),
                sku: sku.clone(),
                added_at: *at,
            }
        };
        Ok(WishListView { items: list.items.iter().rev().map(item).collect() })
    }
}
