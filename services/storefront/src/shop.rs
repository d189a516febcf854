//! What all pages share: the ways to the services, the assets, and what little is remembered between requests.

use crate::{
    assets::Assets,
    http::{Compressed, Purpose, Visit},
    quiet,
    settings::StorefrontSettings,
    shelf::Shelf,
};
use contracts::{
    cart::CartClient,
    order::{OrderClient, OrderQuery},
    payment::{Payment, PaymentClient},
    product::ProductClient,
    shared::{OrderId, PaymentId},
};
use kernel::Ids;
use transport::{CallError, Channel};

/// The shop behind the pages.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) settings: StorefrontSettings,
    products: ProductClient,
    /// For what no shopper looked at.
    quiet_products: ProductClient,
    pub(crate) carts: CartClient,
    pub(crate) orders: OrderClient,
    pub(crate) payments: PaymentClient,
    pub(crate) ids: Ids,
    pub(crate) assets: Assets,
    pub(crate) compressed: Compressed,
    pub(crate) shelf: Shelf,
}

/// The ways to the services the pages call.
pub(crate) struct Ways {
    pub(crate) products: Channel,
    pub(crate) carts: Channel,
    pub(crate) orders: Channel,
    pub(crate) payments: Channel,
}

impl Shop {
    pub(crate) fn new(settings: StorefrontSettings, ways: Ways, ids: Ids) -> Self {
        Self {
            assets: Assets::new(settings.hue),
            settings,
            quiet_products: ProductClient::new(quiet::transport(ways.products.clone())),
            products: ProductClient::new(ways.products),
            carts: CartClient::new(ways.carts),
            payments: PaymentClient::new(ways.payments),
            orders: OrderClient::new(ways.orders),
            ids,
            compressed: Compressed::default(),
            shelf: Shelf::default(),
        }
    }

    /// The catalogue, for what the shopper of this visit asked for.
    pub(crate) fn products(&self, visit: &Visit) -> &ProductClient {
        match visit.purpose {
            Purpose::Look => &self.products,
            Purpose::Prefetch => &self.quiet_products,
        }
    }

    /// The catalogue, for what the page adds by itself: no view, no search.
    pub(crate) fn surroundings(&self) -> &ProductClient {
        &self.quiet_products
    }

    /// The order with this number, for somebody who knows the e-mail address it belongs to.
    pub(crate) async fn find_order(
        &self,
        number: &str,
        email: &str,
    ) -> Result<Option<OrderId>, CallError> {
        let query = OrderQuery {
            number: Some(number.to_owned()),
            email: Some(email.to_owned()),
            limit: Some("1".to_owned()),
            ..OrderQuery::default()
        };
        // Listing orders is no shopper's right. Here the shop asks, and tells no more than where one is.
        let found = quiet::as_the_shop(self.orders.orders(&query)).await?;
        Ok(found.items.first().map(|order| order.id))
    }

    /// A payment with the order it is for, which shoppers are not told.
    pub(crate) async fn payment(&self, id: PaymentId) -> Result<Payment, CallError> {
        quiet::as_the_shop(self.payments.payment(id)).await
    }
}
