//! Adapters of the catalogue: HTTP API, feed, consumer, clients of other services and of the outside, settings.

pub(crate) mod activities;
pub(crate) mod availability;
pub(crate) mod contract;
pub(crate) mod feed;
pub(crate) mod http;
pub(crate) mod inventory;
pub(crate) mod maintenance;
pub(crate) mod media_settings;
pub(crate) mod outbound;
pub(crate) mod settings;
