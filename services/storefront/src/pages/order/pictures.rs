//! Pictures of the lines of an order: those that the products have today, as far as they can be had.

use crate::app_state::AppState;
use contracts::{
    order::Order,
    product::Product,
    shared::{Image, ProductId, Sku},
};
use futures_util::future::join_all;
use std::collections::BTreeMap;

/// Limit of the products whose pictures an order page asks for.
const PRODUCTS_MAX: usize = 24;

/// Picture of each line, by SKU.
#[derive(Debug, Default)]
pub(super) struct LinePictures(BTreeMap<Sku, Image>);

impl LinePictures {
    /// Pictures of the lines. A product that is gone, or a service that does not answer, leaves a placeholder.
    pub(super) async fn load(state: &AppState, order: &Order) -> Self {
        let mut products: Vec<_> = order.lines.iter().map(|line| line.quoted.product_id).collect();
        products.sort_unstable();
        products.dedup();
        products.truncate(PRODUCTS_MAX);
        let mut pictures = BTreeMap::new();
        let ask = async |id: ProductId| state.prefetch_products().product(&id.to_string()).await;
        for product in join_all(products.into_iter().map(ask)).await.into_iter().flatten() {
            for line in &order.lines {
                if let Some(image) = picture_of(&product, &line.quoted.sku) {
                    pictures.insert(line.quoted.sku.clone(), image.clone());
                }
            }
        }
        Self(pictures)
    }

    pub(super) fn of(&self, sku: &Sku) -> Option<&Image> {
        self.0.get(sku)
    }
}

/// Picture of a variant: the first that shows it, else the first that shows all variants.
fn picture_of<'a>(product: &'a Product, sku: &Sku) -> Option<&'a Image> {
    product.variants.iter().find(|variant| variant.sku == *sku)?;
    let own = product.media.iter().find(|media| media.skus.contains(sku));
    let common = || product.media.iter().find(|media| media.skus.is_empty());
    own.or_else(common).map(|media| &media.image)
}
