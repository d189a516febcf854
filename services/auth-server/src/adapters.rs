//! Adapters: HTTP, the journal, settings, maintenance.

pub(crate) mod api;
pub(crate) mod contract;
pub(crate) mod feed;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod maintenance;
pub(crate) mod persons;
pub(crate) mod scim;
pub(crate) mod settings;
pub(crate) mod uaa;
