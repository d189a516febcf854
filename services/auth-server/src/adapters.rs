//! Adapters: HTTP, the journal, settings, maintenance.

pub(crate) mod contract;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod maintenance;
pub(crate) mod settings;
