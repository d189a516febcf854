//! Adapters: HTTP API, contract provider, feed, journal, product catalogue, settings, maintenance, views.

pub(crate) mod catalogue;
pub(crate) mod contract;
#[cfg(feature = "defects")]
pub(crate) mod defects;
pub(crate) mod feed;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod maintenance;
pub(crate) mod replay;
pub(crate) mod settings;
pub(crate) mod stock;
pub(crate) mod view;
