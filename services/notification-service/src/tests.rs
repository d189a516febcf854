//! Tests of what customers are told: a world of a journal, a mail server and a process that ends between any two steps.

mod crashes;
mod deliveries;
mod world;
