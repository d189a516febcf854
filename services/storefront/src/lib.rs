//! The shopper's pages, rendered on the server: a client of the public API like anybody else.
//!
//! Links and forms do everything; scripts only remove waiting. The address is the state.

mod assets;
mod fresh;
mod http;
mod locale;
mod pages;
mod parts;
mod pictures;
mod quiet;
mod routes;
mod settings;
mod shelf;
mod shop;
mod slug;
mod words;

use ::settings::Section;
use contracts::{
    cart::CartClient, order::OrderClient, payment::PaymentClient, product::ProductClient,
};
use settings::StorefrontSettings;
use shop::{Shop, Ways};

/// The storefront as a line of the module table.
pub const MODULE: runtime::Module = runtime::Module {
    name: "storefront",
    summary: "the shopper's pages: list, product, cart, checkout, order",
    calls: &[
        ProductClient::SERVICE,
        CartClient::SERVICE,
        OrderClient::SERVICE,
        PaymentClient::SERVICE,
    ],
    follows: &[],
    settings: Some(Section::of::<StorefrontSettings>("storefront")),
    maintenance: runtime::Maintenance::none,
    build: |context| Box::pin(std::future::ready(build(&context))),
};

fn build(context: &runtime::BuildContext) -> Result<runtime::BuiltService, runtime::BuildError> {
    let settings: StorefrontSettings = context.settings()?;
    let ways = Ways {
        products: context.channel(ProductClient::SERVICE)?,
        carts: context.channel(CartClient::SERVICE)?,
        orders: context.channel(OrderClient::SERVICE)?,
        payments: context.channel(PaymentClient::SERVICE)?,
    };
    let shop = Shop::new(settings, ways, context.ids.clone());
    // Pages are not remembered by key: the services behind them remember what they did.
    let parts = web::ServiceParts { idempotency: None, ..context.service_parts() };
    // Pages are described nowhere: whatever has no other address may be one.
    Ok(runtime::BuiltService {
        routes: routes::routes(shop, parts),
        paths: runtime::RouteMatch::Fallback,
    })
}
