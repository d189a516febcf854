//! The registry through its endpoints, as clients and peers meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

mod access;
mod fixture;
mod formats;
mod limits;
mod pages;
mod peers;
mod protocol;
mod watch;
