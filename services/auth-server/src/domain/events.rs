//! Domain events of accounts, addresses, clients and grants. Stored, so they change only by additions. They carry no secret and
//! no address of a person: those are records beside them.

mod account;
mod client;
mod grant;

pub(crate) use account::{AccountEvent, AddressEvent, Role};
pub(crate) use client::{
    ClientAuthentication, ClientEvent, ClientId, GrantType, Registration, TokenAlgorithm,
};
pub(crate) use grant::{Authorization, GrantEvent, RevocationReason};
