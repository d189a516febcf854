//! Replays a real shop's invoices through the public API.
