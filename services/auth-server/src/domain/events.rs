//! Domain events of accounts, addresses, clients, grants, sign-ins and keys. Stored, so they change only by additions. They carry no secret and
//! no address of a person: those are records beside them.

mod account;
mod client;
mod client_policy;
mod grant;
mod trail;

pub(crate) use account::{AccountEvent, AddressEvent, Role};
pub(crate) use client::{
    ClientAuthentication, ClientEvent, ClientId, GrantType, Registration, TokenAlgorithm,
};
pub(crate) use client_policy::{CertificateSubject, ClientPolicy, SubjectKind};
pub(crate) use grant::{Authorization, AuthorizationExtensions, GrantEvent, RevocationReason};
pub(crate) use trail::{KeyEvent, SignInEvent};

/// Whether a value need not be stored.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
