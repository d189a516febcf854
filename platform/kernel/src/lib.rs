//! Shared kernel: identifiers, money, clock, randomness, pages and problems, the vocabulary of every crate. Nothing here
//! does I/O.

#![warn(missing_docs)]

mod clock;
mod currency;
mod decimal;
mod id;
mod money;
mod one_line;
mod origin;
mod page;
mod problem;
mod randomness;
pub mod rfc3339;
mod scratch;
mod unit_price;

pub mod allocation;
pub mod cbor;
pub mod defects;
pub mod hex;
pub mod json;
pub mod rounding;
pub mod security_checks;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use currency::{Currency, UnknownCurrency};
pub use decimal::{Decimal, DecimalError};
pub use id::{Ids, TypedId, prefixed_id};
pub use money::{Money, MoneyError};
pub use one_line::one_line;
pub use origin::{Edge, Origin, OriginError};
pub use page::{Cursor, CursorError, Page, PageLimit};
pub use problem::{Code, FieldError, Problem, codes};
pub use randomness::{Randomness, SeededRandomness, SystemRandomness};
pub use rounding::Rounding;
pub use unit_price::UnitPrice;
/// UUID (RFC 9562), which every identifier is.
pub use uuid::Uuid;

#[doc(hidden)]
pub mod reexport {
    pub use minicbor;
    pub use schemars;
    pub use serde;
    pub use uuid;
}
