//! Adapters: settings and channel, feed, HTTP routes, maintenance.

pub(crate) mod channel;
pub(crate) mod consumer;
pub(crate) mod http;
pub(crate) mod maintenance;
pub(crate) mod settings;
