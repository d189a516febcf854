//! Sign-in of people: password, second step, passkeys, and the log of all attempts.

pub(crate) mod log;
pub(crate) mod one_time_password;
pub(crate) mod passkeys;
pub(crate) mod password;
pub(crate) mod recovery_codes;
pub(crate) mod second_factors;
