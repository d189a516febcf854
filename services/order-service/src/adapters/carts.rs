//! Client of the cart service.

use super::call_errors::port_error;
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
use contracts::{
    cart::{self, Destination, QuoteRequest},
    shared::Quantity,
};
use identifiers::{AccountId, CartId, OrderId, Sku};
use kernel::Currency;
use rpc::CallError;
use std::sync::Arc;

/// Adapter of the port to carts, over the contract of the cart service.
#[derive(Debug)]
pub(crate) struct CartService(pub(crate) Arc<dyn cart::Carts>);

#[async_trait]
impl Carts for CartService {
    async fn freeze(
        &self,
        cart: CartId,
        order: OrderId,
        account: Option<AccountId>,
        delivery: Delivery<'_>,
    ) -> Result<Quote, PortError> {
        let request = QuoteRequest { account, ..request(vec![], None, delivery) };
        let frozen = self.0.begin_checkout(cart, order, request).await;
        Ok(quote(frozen.map_err(quote_error)?))
    }

    async fn quote(
        &self,
        lines: &[(Sku, i64)],
        currency: Option<Currency>,
        delivery: Delivery<'_>,
    ) -> Result<Quote, PortError> {
        let lines =
            lines.iter().map(|(sku, quantity)| Quantity { sku: sku.clone(), quantity: *quantity });
        let request = request(lines.collect(), currency, delivery);
        let quoted = self.0.quote(request).await;
        Ok(quote(quoted.map_err(quote_error)?))
    }

    async fn ordered(&self, cart: CartId, order: OrderId) -> Result<(), PortError> {
        match self.0.ordered(cart, order).await.map_err(service_error) {
            // The cart no longer exists, so no other order can take it.
            Err(PortError::Refused(problem)) if problem.status == 404 => Ok(()),
            other => other,
        }
    }

    async fn reopen(&self, cart: CartId, order: OrderId) -> Result<(), PortError> {
        match self.0.reopen(cart, order).await.map_err(service_error) {
            // The cart was not frozen for this order: nothing to reopen.
            Err(PortError::Refused(_)) => Ok(()),
            other => other,
        }
    }
}

fn request(
    lines: Vec<Quantity>,
    currency: Option<Currency>,
    delivery: Delivery<'_>,
) -> QuoteRequest {
    let address = delivery.address;
    QuoteRequest {
        account: None,
        lines,
        currency,
        destination: Destination {
            country: address.country.clone(),
            region: address.region.clone(),
            postal_code: address.postal_code.clone(),
        },
        shipping_method: delivery.method.map(str::to_owned),
    }
}

fn service_error(error: CallError) -> PortError {
    port_error(cart::SERVICE, error)
}

/// Port error whose fields are named as in the order's request: a destination there is a shipping address here.
fn quote_error(error: CallError) -> PortError {
    let mut error = service_error(error);
    if let PortError::Refused(problem) = &mut error {
        for field in &mut problem.errors {
            if let Some(part) = field.field.strip_prefix("destination.") {
                field.field = format!("shipping_address.{part}");
            }
        }
    }
    error
}

fn quote(quote: cart::Quote) -> Quote {
    let lines = quote.lines.into_iter().map(|line| QuotedLine {
        sku: line.sku,
        product_id: line.product_id,
        name: line.name,
        options: line.options,
        quantity: line.quantity,
        unit_price: line.unit_price,
        total: line.total,
        tax: line.tax,
        tax_rate: line.tax_rate,
    });
    Quote {
        currency: quote.currency,
        lines: lines.collect(),
        shipping: Shipping {
            method: quote.shipping.method,
            label: quote.shipping.label,
            price: quote.shipping.price,
            tax: quote.shipping.tax,
        },
        totals: Totals {
            items: quote.totals.items,
            discount: quote.totals.discount,
            shipping: quote.totals.shipping,
            tax: quote.totals.tax,
            total: quote.totals.total,
            tax_included: quote.totals.tax_included,
        },
    }
}
