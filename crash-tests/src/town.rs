//! The customers of a shop and its goods: the load, and the books that are kept beside it.

use crate::{
    client::{Doors, Edge, Request},
    customer::{Circumstance, Customer, Goods, Tally},
    violation::{Checked, ensure},
    wish::Lines,
};
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream::FuturesUnordered};
use serde_json::json;
use std::sync::atomic::AtomicBool;

/// Articles there is plenty of, and of those, and how many units there are at first.
const PLENTY: usize = 12;
const PLENTY_UNITS: i64 = 50_000_000;
/// Articles there is little of: they sell out, and come in again.
const SCARCE: usize = 4;
const SCARCE_UNITS: i64 = 40;
/// How many customers look at the same time.
const LOOKING_MAX: usize = 32;

/// Customers, goods and books.
#[derive(Debug)]
pub struct Town {
    pub(crate) goods: Goods,
    pub(crate) customers: Vec<Customer>,
    /// What orders took out of stock that were settled before.
    pub(crate) gone: Lines,
}

impl Town {
    /// Lays out the goods and names the customers.
    pub async fn build(
        doors: &Doors,
        run: &str,
        customers: u64,
        seed: u64,
        circumstance: Circumstance,
    ) -> Checked<Self> {
        let skus = |kind: &str, count: usize| -> Vec<String> {
            (0..count).map(|number| format!("{kind}-{run}-{number}")).collect()
        };
        let goods = Goods { plenty: skus("plenty", PLENTY), scarce: skus("scarce", SCARCE) };
        let shelves = [(&goods.plenty, PLENTY_UNITS), (&goods.scarce, SCARCE_UNITS)];
        for (shelf, units) in shelves {
            for (number, sku) in (1..).zip(shelf) {
                let price = json!({"amount": 300 + 170 * number, "currency": "EUR"});
                let body = json!({
                    "name": format!("Article {sku}"), "categories": ["Kitchen"], "brand": "Halden",
                    "variants": [{"sku": sku, "price": price, "stock": units}], "status": "active",
                });
                let (path, key) = ("/api/v1/products".to_owned(), format!("product-{sku}"));
                let request = Request { edge: Edge::Operator, method: "POST", path, key, body };
                let answer = doors.send(&request).await;
                let made = answer.as_ref().is_some_and(crate::client::Answer::is_good);
                ensure(made, || format!("no product {sku}: {answer:?}"))?;
            }
        }
        let customers =
            (0..customers).map(|number| Customer::new(run, number, seed, circumstance)).collect();
        Ok(Self { goods, customers, gone: Lines::new() })
    }

    /// Many orders of one article each, so that the shop has a past.
    pub async fn fill(&mut self, doors: &Doors, orders: u64) -> Checked {
        let (goods, count) = (&self.goods, self.customers.len().max(1) as u64);
        let fills = (0..).zip(&mut self.customers).map(|(number, customer)| {
            let share = orders / count + u64::from(number < orders % count);
            customer.buy_many(doors, goods, share)
        });
        for gone in try_join_all(fills).await? {
            add(&mut self.gone, &gone);
        }
        Ok(())
    }

    /// All customers at once, until nobody answers them or it is over.
    pub async fn live(&mut self, doors: &Doors, over: &AtomicBool) -> Checked {
        let goods = &self.goods;
        let mut lives: FuturesUnordered<_> =
            self.customers.iter_mut().map(|customer| customer.live(doors, goods, over)).collect();
        while let Some(life) = lives.next().await {
            life?;
        }
        Ok(())
    }

    /// Looks, with nothing else going on, whether the shop knows what it has acknowledged.
    pub async fn look(&mut self, doors: &Doors) -> Checked {
        let looks = self.customers.iter_mut().map(|customer| customer.look(doors));
        futures_util::stream::iter(looks)
            .buffer_unordered(LOOKING_MAX)
            .try_collect::<Vec<()>>()
            .await
            .map(drop)
    }

    /// Everybody gets an answer, and what waits for a customer is approved.
    pub(crate) async fn finish(&mut self, doors: &Doors) -> Checked {
        try_join_all(self.customers.iter_mut().map(|customer| customer.finish(doors)))
            .await
            .map(drop)
    }

    /// What was counted so far.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.customers.iter().for_each(|customer| tally.add(customer.tally()));
        tally
    }

    /// How many units of an article there were at first.
    pub(crate) fn units_at_first(&self, sku: &str) -> i64 {
        if self.goods.scarce.iter().any(|it| it == sku) { SCARCE_UNITS } else { PLENTY_UNITS }
    }

    /// Orders settled so far.
    pub fn orders(&self) -> usize {
        self.customers.iter().map(|customer| customer.retired().len()).sum()
    }

    /// The articles.
    pub(crate) fn skus(&self) -> impl Iterator<Item = &String> {
        self.goods.plenty.iter().chain(&self.goods.scarce)
    }
}

/// Adds units to units.
pub(crate) fn add(sum: &mut Lines, lines: &Lines) {
    for (sku, quantity) in lines {
        *sum.entry(sku.clone()).or_default() += quantity;
    }
}
