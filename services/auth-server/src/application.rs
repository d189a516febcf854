//! Use cases: accounts and sign-in, clients and how they prove who they are, grants and tokens.

pub(crate) mod accounts;
pub(crate) mod attempt_limit;
pub(crate) mod authorization;
pub(crate) mod cleanup;
pub(crate) mod clients;
pub(crate) mod error;
pub(crate) mod grants;
pub(crate) mod issuer;
pub(crate) mod keys;
pub(crate) mod mail;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod tokens;
