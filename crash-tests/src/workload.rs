//! Workload: concurrent customers over a small catalogue, with a model of what the shop must contain.

use crate::{
    client::{Edge, EdgeClient, Request, Response},
    counters::Counters,
    customer::{Catalogue, Customer},
    operation::{Lines, add_lines},
    order_document::text_field,
    outage::Outage,
    storage_fault::StorageFault,
    violation::{CheckResult, ensure},
};
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream::FuturesUnordered};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

/// SKUs that never sell out.
const PLENTIFUL_SKUS: usize = 12;
const PLENTIFUL_UNITS: i64 = 50_000_000;
/// SKUs that sell out and are received again.
const SCARCE_SKUS: usize = 4;
const SCARCE_UNITS: i64 = 40;
/// Number of customers that read back at the same time.
const READ_BACK_CONCURRENCY_MAX: usize = 32;

/// Customers, catalogue and the model of its stock.
#[derive(Debug)]
pub struct Workload {
    pub(crate) catalogue: Catalogue,
    pub(crate) customers: Vec<Customer>,
    /// Units sold by settled orders.
    pub(crate) units_sold: Lines,
    /// Outages, in which customers count their sales.
    pub(crate) outage: Arc<Outage>,
    /// Identifier of each product, by its SKU.
    pub(crate) products: BTreeMap<String, String>,
}

impl Workload {
    /// Creates the products in the shop, and the customers.
    pub async fn create(
        client: &EdgeClient,
        run: &str,
        customers: u64,
        seed: u64,
        storage_fault: StorageFault,
    ) -> CheckResult<Self> {
        let skus = |kind: &str, count: usize| -> Vec<String> {
            (0..count).map(|number| format!("{kind}-{run}-{number}")).collect()
        };
        let catalogue = Catalogue {
            plentiful: skus("plentiful", PLENTIFUL_SKUS),
            scarce: skus("scarce", SCARCE_SKUS),
        };
        let mut products = BTreeMap::new();
        let stock = [(&catalogue.plentiful, PLENTIFUL_UNITS), (&catalogue.scarce, SCARCE_UNITS)];
        for (skus, units) in stock {
            for (number, sku) in (1..).zip(skus) {
                let price = json!({"amount": 300 + 170 * number, "currency": "EUR"});
                let body = json!({
                    "name": format!("Product {sku}"), "categories": ["Kitchen"], "brand": "Halden",
                    "variants": [{"sku": sku, "price": price, "stock": units}], "status": "active",
                });
                let (path, key) = ("/api/v1/products".to_owned(), format!("product-{sku}"));
                let request = Request { edge: Edge::Operator, method: "POST", path, key, body };
                let response = client.send(&request).await;
                let is_created = response.as_ref().is_some_and(Response::is_success);
                ensure(is_created, || format!("no product {sku}: {response:?}"))?;
                let created = response.map(|it| it.json).unwrap_or_default();
                products.insert(sku.clone(), text_field(&created, "id")?);
            }
        }
        let outage = Arc::<Outage>::default();
        let customer =
            |number| Customer::new((run, number), seed, storage_fault, Arc::clone(&outage));
        let customers = (0..customers).map(customer).collect();
        Ok(Self { catalogue, customers, units_sold: Lines::new(), outage, products })
    }

    /// Places orders of one unit each, so that the shop has a history.
    pub async fn seed_orders(&mut self, client: &EdgeClient, orders: u64) -> CheckResult {
        let (catalogue, count) = (&self.catalogue, self.customers.len().max(1) as u64);
        let seeding = (0..).zip(&mut self.customers).map(|(number, customer)| {
            let share = orders / count + u64::from(number < orders % count);
            customer.seed_orders(client, catalogue, share)
        });
        for sold in try_join_all(seeding).await? {
            add_lines(&mut self.units_sold, &sold);
        }
        Ok(())
    }

    /// Runs all customers concurrently until the shop no longer answers or `stop` is set.
    pub async fn run(&mut self, client: &EdgeClient, stop: &AtomicBool) -> CheckResult {
        let catalogue = &self.catalogue;
        let mut running: FuturesUnordered<_> = self
            .customers
            .iter_mut()
            .map(|customer| customer.run(client, catalogue, stop))
            .collect();
        while let Some(result) = running.next().await {
            result?;
        }
        Ok(())
    }

    /// Reads back, without any load, all facts that the shop has acknowledged.
    pub async fn read_back(&mut self, client: &EdgeClient) -> CheckResult {
        let reads = self.customers.iter_mut().map(|customer| customer.read_back(client));
        futures_util::stream::iter(reads)
            .buffer_unordered(READ_BACK_CONCURRENCY_MAX)
            .try_collect::<Vec<()>>()
            .await
            .map(drop)
    }

    /// Resolves every request in doubt and approves every payment that waits for its shopper.
    pub(crate) async fn complete_pending(&mut self, client: &EdgeClient) -> CheckResult {
        try_join_all(self.customers.iter_mut().map(|customer| customer.complete_pending(client)))
            .await
            .map(drop)
    }

    /// The sum of all customers' counters.
    pub fn counters(&self) -> Counters {
        let mut counters = Counters::default();
        self.customers.iter().for_each(|customer| counters.add(customer.counters()));
        counters
    }

    /// The initial stock of a SKU.
    pub(crate) fn initial_units(&self, sku: &str) -> i64 {
        let is_scarce = self.catalogue.scarce.iter().any(|it| it == sku);
        if is_scarce { SCARCE_UNITS } else { PLENTIFUL_UNITS }
    }

    /// The number of settled orders.
    pub fn orders(&self) -> usize {
        self.customers.iter().map(|customer| customer.settled().len()).sum()
    }

    pub(crate) fn skus(&self) -> impl Iterator<Item = &String> {
        self.catalogue.plentiful.iter().chain(&self.catalogue.scarce)
    }
}
