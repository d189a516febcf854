//! Domain events of accounts, addresses, clients and grants. Stored, so they change only by additions. They carry no secret and
//! no address of a person: those are records beside them.

mod account;
mod client;
mod client_policy;
mod grant;

pub(crate) use account::{AccountEvent, AddressEvent, Role};
pub(crate) use client::{
    ClientAuthentication, ClientEvent, ClientId, GrantType, Registration, TokenAlgorithm,
};
pub(crate) use client_policy::ClientPolicy;
pub(crate) use grant::{Authorization, AuthorizationExtensions, GrantEvent, RevocationReason};

/// Whether a value need not be stored.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
