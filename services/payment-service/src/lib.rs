//! The payment service: payment intents, from authorisation to refund.

mod domain;
#[cfg(test)]
mod tests;
