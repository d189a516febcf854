//! Replays the invoices of a real shop through the public API of this one, and balances the books afterwards.

mod books;
mod pounds;
mod sheet;
