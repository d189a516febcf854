//! Domain: accounts, addresses, clients and grants; what may happen to each.

pub(crate) mod account;
pub(crate) mod address;
pub(crate) mod client;
pub(crate) mod client_rules;
pub(crate) mod events;
pub(crate) mod grant;
pub(crate) mod key_trail;
pub(crate) mod redirect_uri;
mod rejection;
pub(crate) mod sign_in_trail;

pub(crate) use rejection::Rejection;
