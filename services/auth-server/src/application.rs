//! Use cases: accounts and sign-in, clients and how they prove who they are, grants and tokens.

pub(crate) mod accounts;
pub(crate) mod addresses;
pub(crate) mod attempt_limit;
pub(crate) mod authorization;
pub(crate) mod authorization_request;
pub(crate) mod cleanup;
pub(crate) mod client_authentication;
pub(crate) mod client_keys;
pub(crate) mod client_order;
pub(crate) mod clients;
pub(crate) mod error;
pub(crate) mod grants;
pub(crate) mod handle;
pub(crate) mod issuer;
pub(crate) mod key_store;
pub(crate) mod keyring;
pub(crate) mod parameters;
pub(crate) mod password_sign_in;
pub(crate) mod passwords;
pub(crate) mod person_records;
pub(crate) mod response_target;
pub(crate) mod seal;
pub(crate) mod sessions;
pub(crate) mod tokens;
