//! Stock: no overselling under contention.

use crate::{
    fixtures::{cart, checkout, create_product, stock, unique},
    shop::TestShop,
};
use futures_util::future::join_all;

pub(crate) async fn the_last_unit_is_sold_once(shop: &TestShop) {
    race(shop, 1, 20).await;
}

pub(crate) async fn fifty_units_make_fifty_orders_of_two_hundred_buyers(shop: &TestShop) {
    race(shop, 50, 200).await;
}

/// `buyers` buy one unit each at the same time; exactly `units` of them succeed, the others are rejected before any
/// payment.
async fn race(shop: &TestShop, units: i64, buyers: usize) {
    let sku = create_product(shop, 2_500, units).await;
    let line = [(sku.as_str(), 1)];
    let carts = join_all((0..buyers).map(|_| cart(shop, &line))).await;
    let answers = join_all(
        carts.iter().map(async |cart| checkout(shop, cart, "success", &unique("key")).await),
    )
    .await;
    let sold = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(i64::try_from(sold).unwrap(), units);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((answer.status, answer.code()), (409, "out_of_stock"), "{}", answer.json);
        assert_eq!(answer.json["subject"], sku);
    }
    assert_eq!(stock(shop, &sku).await, [0, 0, 0]);
}
