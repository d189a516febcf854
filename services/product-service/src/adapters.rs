//! Adapters of the catalogue: HTTP API, feed, consumer, clients of other services, settings.

pub(crate) mod activities;
pub(crate) mod availability;
pub(crate) mod contract;
pub(crate) mod feed;
pub(crate) mod http;
pub(crate) mod inventory;
pub(crate) mod maintenance;
pub(crate) mod settings;
