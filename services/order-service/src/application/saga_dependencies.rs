//! Dependencies of the sagas over orders.

use super::{orders::Orders, unpaid_orders::UnpaidOrders};
use crate::ports::{carts::Carts, payments::Payments, stock::Stock};
use std::sync::Arc;

/// Repository and ports that the steps of the sagas call.
#[derive(Clone)]
pub(crate) struct SagaDependencies {
    pub(crate) orders: Arc<Orders>,
    pub(crate) carts: Arc<dyn Carts>,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) payments: Arc<dyn Payments>,
    pub(crate) unpaid: Arc<UnpaidOrders>,
}
