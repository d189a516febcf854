//! Puts the service together from its ports, whoever stands behind them.

use crate::{
    adapters::http::UseCases,
    application::{
        cancel_order::CancelOrder,
        cancellation_saga::cancellation_saga,
        checkout_case::CapturePolicy,
        checkout_saga::{Others, checkout_saga},
        fulfil_order::FulfilOrder,
        fulfilment_saga::fulfilment_saga,
        list_orders::ListOrders,
        orders::Orders,
        place_order::PlaceOrder,
        read_order::ReadOrder,
        record_payment::RecordPayment,
        refund_order::RefundOrder,
        refund_saga::refund_saga,
    },
    ports::{carts::Carts, listing::Listing, payments::Payments, stock::Stock},
};
use journal::{Journal, Repository};
use kernel::{Ids, Uuid};
use saga::{RetryPolicy, Runner, SagaLog, Sagas, Spawn};
use std::{num::NonZeroUsize, sync::Arc, time::Duration};
use storage::StorageError;

/// What the service is made of.
pub(crate) struct Parts {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) listing: Arc<dyn Listing>,
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

impl Parts {
    /// The orders, and whom sagas over them talk to.
    pub(crate) async fn others(&self) -> Result<Others, StorageError> {
        let journal = Arc::clone(&self.journal);
        let repository = Repository::new(journal, self.ids.clone(), self.orders_in_memory_max);
        let listing = Arc::clone(&self.listing);
        Ok(Others {
            orders: Arc::new(Orders::open(repository, listing, self.ids.clone()).await?),
            carts: Arc::clone(&self.carts),
            stock: Arc::clone(&self.stock),
            payments: Arc::clone(&self.payments),
        })
    }
}

/// The use cases over these parts, and who hears of payments. Sagas that a stop interrupted go on from here.
pub(crate) async fn wire(parts: Parts) -> Result<(UseCases, RecordPayment), StorageError> {
    let others = parts.others().await?;
    let orders = Arc::clone(&others.orders);
    let Parts { journal, listing, ids, spawn, payment_wait, capture, id_secret, .. } = parts;
    let (log, retry_policy) = (SagaLog::open(journal, ids, spawn).await?, RetryPolicy::default());
    let checkouts = Runner::start(&log, checkout_saga(&others, payment_wait), retry_policy).await?;
    let cancellations = Runner::start(&log, cancellation_saga(&others), retry_policy).await?;
    let fulfilments = Runner::start(&log, fulfilment_saga(&others), retry_policy).await?;
    let refunds = Runner::start(&log, refund_saga(&others), retry_policy).await?;
    let sagas: Vec<Arc<dyn Sagas>> = vec![
        Arc::new(checkouts.clone()),
        Arc::new(cancellations.clone()),
        Arc::new(fulfilments.clone()),
        Arc::new(refunds.clone()),
    ];
    let use_cases = UseCases {
        place: PlaceOrder { others, checkouts: checkouts.clone() },
        read: ReadOrder { orders: Arc::clone(&orders) },
        list: ListOrders { listing, sagas },
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
    Ok((use_cases, RecordPayment { checkouts }))
}
