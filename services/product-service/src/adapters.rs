//! The catalogue's ways in and out.

pub(crate) mod activities;
pub(crate) mod availability;
pub(crate) mod feed;
pub(crate) mod http;
pub(crate) mod inventory;
pub(crate) mod maintenance;
pub(crate) mod settings;
