//! The paths through the shop that must stay short, for whoever counts their instructions.

use super::{
    browse::{Asked, other_lists, other_searches, products},
    buy::{FourRequests, Wish},
    catalogue::{self, ARTICLES},
};
use crate::{
    connection::Connection,
    load::{Round, Timed},
    process::Server,
};

/// A path, and how often it is walked to be counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub(crate) name: &'static str,
    pub(crate) rounds: u64,
    /// Whether consumers of its events have something to do afterwards.
    pub(crate) has_effects: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Buy,
    /// Asks for these of so many articles.
    Ask(fn(usize) -> Vec<String>),
}

/// All of them.
pub(crate) const PATHS: &[Path] = &[
    Path {
        name: "order: cart, two lines, checkout",
        rounds: 40,
        has_effects: true,
        kind: Kind::Buy,
    },
    read("list of 20 of 100 products", other_lists),
    read("product", products),
    read("search in 100 products", other_searches),
];

const fn read(name: &'static str, paths: fn(usize) -> Vec<String>) -> Path {
    Path { name, rounds: 400, has_effects: false, kind: Kind::Ask(paths) }
}

impl Path {
    /// Where it begins. What shoppers look at is noted for the audit trail, in batches by time; what operators look at is
    /// not, so there each reading costs the same.
    pub(crate) fn edge<'server>(&self, server: &'server Server) -> &'server str {
        match self.kind {
            Kind::Buy => &server.shop,
            Kind::Ask(_) => &server.operator,
        }
    }

    /// Walks it these times.
    pub(crate) async fn walk(
        &self,
        connection: &mut Connection,
        numbers: std::ops::Range<u64>,
    ) -> Result<(), String> {
        match self.kind {
            Kind::Buy => walk(&FourRequests(Wish::AnyOf(ARTICLES)), connection, numbers).await,
            Kind::Ask(paths) => walk(&Asked(paths(ARTICLES)), connection, numbers).await,
        }
    }
}

/// Fills the shop with what the paths lead to.
pub(crate) async fn stock(shop: &Server) -> Result<(), String> {
    catalogue::stock(shop, ARTICLES).await
}

async fn walk(
    round: &impl Round,
    connection: &mut Connection,
    numbers: std::ops::Range<u64>,
) -> Result<(), String> {
    for number in numbers {
        let Timed { .. } = round.run(connection, 0, number).await?;
    }
    Ok(())
}
