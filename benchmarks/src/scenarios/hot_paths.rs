//! Hot paths through the shop, for the instruction counts.

use super::{
    browse::{GetRequests, products, uncached_lists, uncached_searches},
    catalogue::{self, PRODUCTS},
    checkout::{FourRequestCheckout, SkuDistribution},
};
use crate::{
    http_connection::{EdgeAddress, HttpConnection},
    load_generator::{Sample, Workload},
    process::Server,
};

/// Hot path, with the number of iterations that are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HotPath {
    pub(crate) name: &'static str,
    /// Iterations that are counted, over all clients.
    pub(crate) iterations: u64,
    /// Clients at the same time, each with a connection of its own. With many, flushes and pulls of feeds are shared.
    pub(crate) clients: u64,
    /// Whether consumers of its events have work to do afterwards.
    pub(crate) has_effects: bool,
    kind: PathKind,
}

#[derive(Clone, Copy, Debug)]
enum PathKind {
    Checkout,
    /// `GET` requests of these paths, for a number of products.
    Get(fn(usize) -> Vec<String>),
}

/// All hot paths.
pub(crate) const HOT_PATHS: &[HotPath] = &[
    HotPath {
        name: "order: cart, two lines, checkout",
        iterations: 40,
        clients: 1,
        has_effects: true,
        kind: PathKind::Checkout,
    },
    HotPath {
        name: "the same, 64 clients",
        iterations: 512,
        clients: 64,
        has_effects: true,
        kind: PathKind::Checkout,
    },
    read("list of 20 of 100 products", uncached_lists),
    read("product", products),
    read("search in 100 products", uncached_searches),
];

const fn read(name: &'static str, paths: fn(usize) -> Vec<String>) -> HotPath {
    HotPath { name, iterations: 400, clients: 1, has_effects: false, kind: PathKind::Get(paths) }
}

impl HotPath {
    /// Edge it runs through. Reads of shoppers are audited in batches by time; those of operators are not,
    /// so there each read costs the same.
    pub(crate) fn edge<'server>(&self, server: &'server Server) -> &'server EdgeAddress {
        match self.kind {
            PathKind::Checkout => &server.shop,
            PathKind::Get(_) => &server.operator,
        }
    }

    /// Opens a connection for each client.
    pub(crate) async fn connect(&self, server: &Server) -> Result<Vec<HttpConnection>, String> {
        let mut connections = Vec::new();
        for _ in 0..self.clients {
            connections.push(HttpConnection::connect(self.edge(server)).await?);
        }
        Ok(connections)
    }

    /// Runs the iterations of these numbers, shared out evenly between the clients.
    pub(crate) async fn run(
        &self,
        connections: &mut [HttpConnection],
        numbers: std::ops::Range<u64>,
    ) -> Result<(), String> {
        let each = (numbers.end - numbers.start).div_ceil(self.clients);
        let runs = (0..).zip(connections).map(|(client, connection)| {
            let start = numbers.start + client * each;
            self.run_client(connection, start..numbers.end.min(start + each))
        });
        futures_util::future::try_join_all(runs).await.map(drop)
    }

    async fn run_client(
        &self,
        connection: &mut HttpConnection,
        numbers: std::ops::Range<u64>,
    ) -> Result<(), String> {
        match self.kind {
            PathKind::Checkout => {
                run_iterations(
                    &FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS)),
                    connection,
                    numbers,
                )
                .await
            }
            PathKind::Get(paths) => {
                run_iterations(&GetRequests(paths(PRODUCTS)), connection, numbers).await
            }
        }
    }
}

/// Stocks the shop with the products of the paths.
pub(crate) async fn stock(shop: &Server) -> Result<(), String> {
    catalogue::stock(shop, PRODUCTS).await
}

async fn run_iterations(
    workload: &impl Workload,
    connection: &mut HttpConnection,
    numbers: std::ops::Range<u64>,
) -> Result<(), String> {
    for number in numbers {
        let Sample { .. } = workload.run(connection, 0, number).await?;
    }
    Ok(())
}
