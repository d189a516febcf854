//! Test plan of a run: which operations happen when, and which faults. A plan is generated from a seed before anything
//! runs, so that it can be read, and shrunk.

mod definition;
mod faults;
mod generator;
mod operations;
mod shop;

pub(crate) use definition::Plan;
pub(crate) use faults::{Cut, CutScope, Fault, FaultRates, PartitionDirection};
pub(crate) use generator::generate;
pub(crate) use operations::{
    Checkout, Operation, PaymentToken, RefundAmount, ScheduledOperation, SessionStep,
    ShopperSession,
};
pub(crate) use shop::{CallMode, CaptureMode, Product, ShopSettings, Topology};
