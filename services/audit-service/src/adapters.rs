//! How activities come in and how they are looked up.

pub(crate) mod feeds;
pub(crate) mod http;
