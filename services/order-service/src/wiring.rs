//! Composition root: builds the use cases and sagas from the ports of the service.

use crate::{
    adapters::{http::UseCases, settings::OrderSettings},
    application::{
        address_books::{self, AddressBooks},
        cancel_order::CancelOrder,
        cancellation_saga::cancellation_saga,
        checkout_saga::checkout_saga,
        claim_order::{ClaimOrder, REQUESTS_MAX},
        erase_customer::EraseCustomer,
        export_customer::ExportCustomer,
        failure_limit::FailureLimit,
        fulfil_order::FulfilOrder,
        fulfilment_saga::fulfilment_saga,
        list_orders::ListOrders,
        look_up_order::LookUpOrder,
        orders::Orders,
        payment_methods::PaymentMethods,
        place_order::PlaceOrder,
        read_order::ReadOrder,
        receipt_saga::receipt_saga,
        record_receipt::RecordReceipt,
        refund_order::RefundOrder,
        refund_saga::refund_saga,
        resume_checkout::ResumeCheckout,
        saga_dependencies::SagaDependencies,
        unpaid_orders::UnpaidOrders,
    },
    domain::{address_book::AddressBook, order::Order, order_number::OrderNumbers},
    ports::{
        address_keys::AddressKeys, carts::Carts, customers::Customers, letters::Letters,
        order_index::OrderIndex, payments::Payments, stock::Stock,
    },
};
use journal::{Journal, Repository};
use kernel::{Ids, Uuid};
use saga::{RetryPolicy, Runner, SagaLog, Sagas, Spawn};
use std::sync::Arc;
use storage::{KeyValue, StorageError};
use tokio::sync::Semaphore;

/// Dependencies and configuration of the service.
pub(crate) struct ServiceDependencies {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) order_index: Arc<dyn OrderIndex>,
    pub(crate) customers: Arc<dyn Customers>,
    pub(crate) address_keys: Arc<dyn AddressKeys>,
    pub(crate) carts: Arc<dyn Carts>,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) payments: Arc<dyn Payments>,
    /// Who delivers letters to customers, if anybody does.
    pub(crate) letters: Option<Arc<dyn Letters>>,
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) ids: Ids,
    pub(crate) spawn: Spawn,
    pub(crate) id_secret: Uuid,
    pub(crate) settings: OrderSettings,
}

impl ServiceDependencies {
    /// Dependencies of the sagas, with the repository of orders.
    pub(crate) async fn saga_dependencies(&self) -> Result<SagaDependencies, StorageError> {
        let journal = Arc::clone(&self.journal);
        let (ids, bytes_max) = (self.ids.clone(), self.settings.orders_in_memory_bytes_max);
        let repository = Repository::with_bytes_max(journal, ids, bytes_max, Order::bytes);
        let (order_index, ids) = (Arc::clone(&self.order_index), self.ids.clone());
        let customers = Arc::clone(&self.customers);
        let orders = Orders::open(repository, order_index, customers, ids, self.numbers());
        Ok(SagaDependencies {
            orders: Arc::new(orders.await?),
            carts: Arc::clone(&self.carts),
            stock: Arc::clone(&self.stock),
            payments: Arc::clone(&self.payments),
            unpaid: Arc::new(UnpaidOrders::new(self.settings.unpaid_limits())),
        })
    }

    fn claim_order(&self, orders: &Arc<Orders>) -> ClaimOrder {
        ClaimOrder {
            orders: Arc::clone(orders),
            numbers: self.numbers(),
            limit: Arc::new(FailureLimit::new(self.settings.claim_limits())),
            values: Arc::clone(&self.values),
            letters: self.letters.clone(),
            ids: self.ids.clone(),
            spawn: Arc::clone(&self.spawn),
            places: Arc::new(Semaphore::new(REQUESTS_MAX)),
        }
    }

    /// Address books, once the erasures are ended that a shutdown interrupted.
    async fn addresses(&self) -> Result<AddressBooks, StorageError> {
        let (journal, ids) = (Arc::clone(&self.journal), self.ids.clone());
        let bytes_max = address_books::BYTES_MAX;
        let repository = Repository::with_bytes_max(journal, ids, bytes_max, AddressBook::bytes);
        let keys = Arc::clone(&self.address_keys);
        let books = AddressBooks { repository: Arc::new(repository), keys, ids: self.ids.clone() };
        books.resume_erasures().await?;
        Ok(books)
    }

    fn numbers(&self) -> OrderNumbers {
        OrderNumbers { key: self.id_secret, numbering: self.settings.number.into() }
    }
}

/// Builds the use cases and the handler of payment events, and resumes the sagas that a shutdown interrupted.
pub(crate) async fn wire(
    parts: ServiceDependencies,
) -> Result<(UseCases, ResumeCheckout), StorageError> {
    let dependencies = parts.saga_dependencies().await?;
    let (orders, numbers) = (Arc::clone(&dependencies.orders), parts.numbers());
    let claim = parts.claim_order(&orders);
    let addresses = parts.addresses().await?;
    let ServiceDependencies { journal, payments, ids, spawn, id_secret, settings, .. } = parts;
    let (payment_wait, hold) = (settings.payment_wait(), settings.hold());
    let log = SagaLog::open(journal, ids.clone(), spawn).await?;
    let retry_policy = RetryPolicy::default();
    let checkouts =
        Runner::start(&log, checkout_saga(&dependencies, payment_wait, hold), retry_policy).await?;
    let cancellations = Runner::start(&log, cancellation_saga(&dependencies), retry_policy).await?;
    let fulfilments = Runner::start(&log, fulfilment_saga(&dependencies), retry_policy).await?;
    let refunds = Runner::start(&log, refund_saga(&dependencies), retry_policy).await?;
    let receipts = Runner::start(&log, receipt_saga(&dependencies), retry_policy).await?;
    let sagas: Vec<Arc<dyn Sagas>> = vec![
        Arc::new(checkouts.clone()),
        Arc::new(cancellations.clone()),
        Arc::new(fulfilments.clone()),
        Arc::new(refunds.clone()),
        Arc::new(receipts.clone()),
    ];
    let erase = EraseCustomer {
        orders: Arc::clone(&orders),
        checkouts: checkouts.clone(),
        retention: settings.retention(),
    };
    // A restored backup brings back who was erased since; nobody is shown before that is undone.
    erase.advance_all().await;
    let methods = PaymentMethods {
        orders: Arc::clone(&orders),
        payments,
        prepayment_days: settings.prepayment_hold_days,
        payment_wait,
    };
    let use_cases = UseCases {
        place: PlaceOrder {
            dependencies,
            checkouts: checkouts.clone(),
            methods: methods.clone(),
            failures: Arc::new(FailureLimit::new(settings.failed_checkout_limits())),
        },
        methods,
        read: ReadOrder { orders: Arc::clone(&orders) },
        claim,
        addresses,
        look_up: LookUpOrder {
            orders: Arc::clone(&orders),
            numbers,
            limit: Arc::new(FailureLimit::new(settings.lookup_limits())),
            ids,
        },
        list: ListOrders { orders: Arc::clone(&orders), numbers, sagas },
        export: ExportCustomer { orders: Arc::clone(&orders) },
        erase,
        cancel: CancelOrder {
            orders: Arc::clone(&orders),
            checkouts: checkouts.clone(),
            cancellations,
        },
        fulfil: FulfilOrder { orders: Arc::clone(&orders), fulfilments },
        refund: RefundOrder { orders: Arc::clone(&orders), refunds },
        receive: RecordReceipt { orders, receipts, checkouts: checkouts.clone() },
        capture: settings.capture,
        id_secret,
    };
    Ok((use_cases, ResumeCheckout { checkouts }))
}
