//! Adapters: contract provider, HTTP routes, event feed, journal repository, movement read model, maintenance.

pub(crate) mod contract;
#[cfg(feature = "defects")]
pub(crate) mod defects;
pub(crate) mod feed;
pub(crate) mod http;
pub(crate) mod journal_repository;
pub(crate) mod maintenance;
pub(crate) mod movements;
mod responses;
mod snapshot;
mod validation;
