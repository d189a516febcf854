//! Adapters: HTTP routes, journal, product catalogue, settings, maintenance.

pub(crate) mod catalogue;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod maintenance;
pub(crate) mod settings;
