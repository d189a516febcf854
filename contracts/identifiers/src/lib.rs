//! Typed identifiers of the business: what contracts and domains call one thing by, so that no bare `Uuid` or `String`
//! stands for one of them.
//!
//! UUIDs are version 7 ([`kernel::Ids`]) unless they are derived from another identifier; over the wire
//! each is its text, without a wrapper, and in stored events its 16 bytes.
//!
//! ```
//! use identifiers::{OrderId, Sku};
//!
//! let order: OrderId = "0190a8b4-0000-7000-8000-000000000000".parse().unwrap();
//! assert_eq!(order.to_string(), "0190a8b4-0000-7000-8000-000000000000");
//! assert_eq!(Sku::parse("MUG-A").unwrap(), Sku::parse("mug-a").unwrap());
//! ```

#![warn(missing_docs)]

mod customer_actor;
mod email;
mod sku;

pub use customer_actor::{CustomerActor, InvalidCustomerActor};
pub use email::{EMAIL_BYTES_MAX, Email, InvalidEmail};
pub use sku::{InvalidSku, SKU_BYTES_MAX, Sku};

kernel::id! {
    /// A product.
    ProductId
}
kernel::id! {
    /// A cart. For a guest, knowing it is the right to use it.
    CartId
}
kernel::id! {
    /// An order.
    OrderId
}
kernel::id! {
    /// A payment intent.
    PaymentId
}
kernel::id! {
    /// An account of a person who can sign in.
    AccountId
}
kernel::id! {
    /// An address that a customer with an account stored.
    AddressId
}
kernel::id! {
    /// A grant: what a person authorized a client to do.
    GrantId
}
kernel::id! {
    /// A hold: units of stock set aside for an order.
    HoldId
}
kernel::id! {
    /// A refund.
    RefundId
}
kernel::id! {
    /// A saga.
    SagaId
}
kernel::id! {
    /// An activity in the audit trail.
    ActivityId
}
kernel::id! {
    /// A notification: what a customer is told about an order, once.
    NotificationId
}
