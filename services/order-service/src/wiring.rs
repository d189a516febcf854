//! Composition root: builds the use cases and sagas from the ports of the service.

use crate::{
    adapters::http::UseCases,
    application::{
        cancel_order::CancelOrder, cancellation_saga::cancellation_saga,
        checkout_input::CapturePolicy, checkout_saga::checkout_saga, fulfil_order::FulfilOrder,
        fulfilment_saga::fulfilment_saga, list_orders::ListOrders, look_up_order::LookUpOrder,
        orders::Orders, place_order::PlaceOrder, read_order::ReadOrder, refund_order::RefundOrder,
        refund_saga::refund_saga, resume_checkout::ResumeCheckout,
        saga_dependencies::SagaDependencies,
    },
    ports::{carts::Carts, order_index::OrderIndex, payments::Payments, stock::Stock},
};
use journal::{Journal, Repository};
use kernel::{Ids, Uuid};
use saga::{RetryPolicy, Runner, SagaLog, Sagas, Spawn};
use std::{num::NonZeroUsize, sync::Arc, time::Duration};
use storage::StorageError;

/// Dependencies and configuration of the service.
pub(crate) struct ServiceDependencies {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) order_index: Arc<dyn OrderIndex>,
    pub(crate) carts: Arc<dyn Carts>,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) payments: Arc<dyn Payments>,
    pub(crate) ids: Ids,
    pub(crate) spawn: Spawn,
    pub(crate) orders_in_memory_max: NonZeroUsize,
    pub(crate) payment_wait: Duration,
    pub(crate) capture: CapturePolicy,
    pub(crate) id_secret: Uuid,
}

impl ServiceDependencies {
    /// Dependencies of the sagas, with the repository of orders.
    pub(crate) async fn saga_dependencies(&self) -> Result<SagaDependencies, StorageError> {
        let journal = Arc::clone(&self.journal);
        let repository = Repository::new(journal, self.ids.clone(), self.orders_in_memory_max);
        let order_index = Arc::clone(&self.order_index);
        Ok(SagaDependencies {
            orders: Arc::new(Orders::open(repository, order_index, self.ids.clone()).await?),
            carts: Arc::clone(&self.carts),
            stock: Arc::clone(&self.stock),
            payments: Arc::clone(&self.payments),
        })
    }
}

/// Builds the use cases and the handler of payment events, and resumes the sagas that a shutdown interrupted.
pub(crate) async fn wire(
    parts: ServiceDependencies,
) -> Result<(UseCases, ResumeCheckout), StorageError> {
    let dependencies = parts.saga_dependencies().await?;
    let orders = Arc::clone(&dependencies.orders);
    let ServiceDependencies {
        journal,
        order_index,
        ids,
        spawn,
        payment_wait,
        capture,
        id_secret,
        ..
    } = parts;
    let (log, retry_policy) = (SagaLog::open(journal, ids, spawn).await?, RetryPolicy::default());
    let checkouts =
        Runner::start(&log, checkout_saga(&dependencies, payment_wait), retry_policy).await?;
    let cancellations = Runner::start(&log, cancellation_saga(&dependencies), retry_policy).await?;
    let fulfilments = Runner::start(&log, fulfilment_saga(&dependencies), retry_policy).await?;
    let refunds = Runner::start(&log, refund_saga(&dependencies), retry_policy).await?;
    let sagas: Vec<Arc<dyn Sagas>> = vec![
        Arc::new(checkouts.clone()),
        Arc::new(cancellations.clone()),
        Arc::new(fulfilments.clone()),
        Arc::new(refunds.clone()),
    ];
    let use_cases = UseCases {
        place: PlaceOrder { dependencies, checkouts: checkouts.clone() },
        read: ReadOrder { orders: Arc::clone(&orders) },
        look_up: LookUpOrder { order_index: Arc::clone(&order_index) },
        list: ListOrders { order_index, sagas },
        cancel: CancelOrder {
            orders: Arc::clone(&orders),
            checkouts: checkouts.clone(),
            cancellations,
        },
        fulfil: FulfilOrder { orders: Arc::clone(&orders), fulfilments },
        refund: RefundOrder { orders, refunds },
        capture,
        id_secret,
    };
    Ok((use_cases, ResumeCheckout { checkouts }))
}
