//! Planted defects of the order service, in decorators of its ports and of its routes.
//!
//! Without a planted defect a decorator only passes calls on.

use crate::{
    domain::events::Customer,
    ports::{
        PortError,
        customers::{Customers, ErasureStage},
        payments::{AuthorisationRequest, AuthorisationStatus, MethodOffer, Payments},
        stock::Stock,
    },
    wiring::ServiceDependencies,
};
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode, Uri, header::CONTENT_LENGTH},
    middleware::{Next, from_fn},
    response::Response,
};
use identifiers::{HoldId, OrderId, PaymentId, RefundId, Sku};
use kernel::{Money, Problem, Timestamp, Uuid, defects::planted};
use runtime::BuiltService;
use saga::Spawn;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use storage::StorageError;
use transport::headers::IDEMPOTENCY_KEY;
use web::{ReplayReference, ReplayRenderer};

/// Delay of a commit for which the confirmation does not wait.
const COMMIT_DELAY: Duration = Duration::from_millis(100);

/// Dependencies whose stock, payments and customers have defects.
pub(crate) fn plant_in_ports(dependencies: ServiceDependencies) -> ServiceDependencies {
    let ServiceDependencies { stock, payments, customers, spawn, .. } = &dependencies;
    let stock = DefectiveStock { stock: Arc::clone(stock), spawn: Arc::clone(spawn) };
    let payments = Arc::new(DefectivePayments(Arc::clone(payments)));
    let customers = Arc::new(DefectiveCustomers(Arc::clone(customers)));
    ServiceDependencies { stock: Arc::new(stock), payments, customers, ..dependencies }
}

/// Customers with defects.
#[derive(Debug)]
struct DefectiveCustomers(Arc<dyn Customers>);

#[async_trait]
impl Customers for DefectiveCustomers {
    fn current(&self, email: &str) -> Customer {
        self.0.current(email)
    }

    fn first(&self, email: &str) -> Customer {
        self.0.first(email)
    }

    fn readable(&self, email: &str) -> Vec<Customer> {
        self.0.readable(email)
    }

    fn is_given_up(&self, customer: Customer) -> bool {
        self.0.is_given_up(customer)
    }

    async fn request(&self, customer: Customer) -> Result<(), StorageError> {
        self.0.request(customer).await
    }

    async fn advance(&self, customer: Customer, to: ErasureStage) -> Result<(), StorageError> {
        if planted("erased_key_kept") {
            return Ok(());
        }
        self.0.advance(customer, to).await
    }

    fn requested(&self) -> Vec<Customer> {
        self.0.requested()
    }

    fn erased(&self) -> Vec<Customer> {
        self.0.erased()
    }

    fn due(&self, now: Timestamp) -> Vec<Customer> {
        self.0.due(now)
    }

    async fn note_attempt(&self, customer: Customer) -> Result<(), StorageError> {
        self.0.note_attempt(customer).await
    }

    async fn has_attempts(&self, customer: Customer, now: Timestamp) -> Result<bool, StorageError> {
        self.0.has_attempts(customer, now).await
    }
}

/// Stock port with defects.
struct DefectiveStock {
    stock: Arc<dyn Stock>,
    spawn: Spawn,
}

#[async_trait]
impl Stock for DefectiveStock {
    async fn hold(
        &self,
        hold: HoldId,
        order: OrderId,
        lines: &[(Sku, i64)],
        lifetime: Duration,
    ) -> Result<(), PortError> {
        self.stock.hold(hold, order, lines, lifetime).await
    }

    async fn on_hand(&self, skus: Vec<Sku>) -> Result<Vec<i64>, PortError> {
        self.stock.on_hand(skus).await
    }

    async fn commit(&self, hold: HoldId) -> Result<(), PortError> {
        if planted("confirmed_before_goods") {
            let stock = Arc::clone(&self.stock);
            (self.spawn)(Box::pin(async move {
                tokio::time::sleep(COMMIT_DELAY).await;
                stock.commit(hold).await.ok();
            }));
            return Ok(());
        }
        self.stock.commit(hold).await
    }

    async fn release(&self, hold: HoldId) -> Result<(), PortError> {
        if planted("hold_not_released") {
            return Ok(());
        }
        self.stock.release(hold).await
    }

    async fn restock(
        &self,
        hold: HoldId,
        refund: RefundId,
        lines: &[(Sku, i64)],
        reason: &str,
    ) -> Result<(), PortError> {
        self.stock.restock(hold, refund, lines, reason).await
    }
}

/// Payment port with defects.
struct DefectivePayments(Arc<dyn Payments>);

#[async_trait]
impl Payments for DefectivePayments {
    async fn methods(&self) -> Result<Vec<MethodOffer>, PortError> {
        self.0.methods().await
    }

    async fn receive(
        &self,
        payment: PaymentId,
        operation: Uuid,
        amount: Money,
    ) -> Result<Money, PortError> {
        self.0.receive(payment, operation, amount).await
    }

    async fn authorise(
        &self,
        request: AuthorisationRequest<'_>,
    ) -> Result<AuthorisationStatus, PortError> {
        self.0.authorise(request).await
    }

    async fn capture(&self, payment: PaymentId) -> Result<Money, PortError> {
        self.0.capture(payment).await
    }

    async fn cancel(&self, payment: PaymentId, order: OrderId) -> Result<(), PortError> {
        if planted("payment_not_cancelled") {
            return Ok(());
        }
        self.0.cancel(payment, order).await
    }

    async fn refund(
        &self,
        payment: PaymentId,
        refund: RefundId,
        amount: Money,
        reason: &str,
    ) -> Result<(), PortError> {
        self.0.refund(payment, refund, amount, reason).await
    }
}

/// Renderer of repeated responses that has defects.
pub(crate) fn plant_in_renderer(renderer: Arc<dyn ReplayRenderer>) -> Arc<dyn ReplayRenderer> {
    Arc::new(DefectiveRenderer(renderer))
}

#[derive(Debug)]
struct DefectiveRenderer(Arc<dyn ReplayRenderer>);

#[async_trait]
impl ReplayRenderer for DefectiveRenderer {
    async fn render(
        &self,
        reference: ReplayReference,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let today = ReplayReference { version: u64::MAX, ..reference };
        let reference = if planted("repeat_from_today") { today } else { reference };
        self.0.render(reference, status).await
    }
}

/// Service whose checkouts have defects.
pub(crate) fn plant_in_routes(mut service: BuiltService) -> BuiltService {
    let first_uses = Arc::new(FirstUses::default());
    let checkout = from_fn(move |request, next| checkout(Arc::clone(&first_uses), request, next));
    // A fallback, so that a rewritten request is routed after the middleware.
    let routes = Router::from(service.routes.router);
    service.routes.router = routes.layer(checkout).into();
    service
}

/// Address of the first checkout under each idempotency key.
#[derive(Default)]
struct FirstUses(Mutex<HashMap<Vec<u8>, Uri>>);

async fn checkout(first_uses: Arc<FirstUses>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_checkout = request.method() == Method::POST
        && path.starts_with("/api/v1/carts/")
        && path.ends_with("/checkout");
    if is_checkout && planted("key_reused_across_carts") {
        first_uses.ignore_cart(&mut request);
    }
    if is_checkout && planted("changed_total_accepted") {
        request = without_expected_total(request).await;
    }
    next.run(request).await
}

impl FirstUses {
    /// Rewrites a checkout to the cart for which its key was used first.
    fn ignore_cart(&self, request: &mut Request) {
        let Some(key) = request.headers().get(IDEMPOTENCY_KEY) else { return };
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = uses.entry(key.as_bytes().to_vec()).or_insert_with(|| request.uri().clone());
        *request.uri_mut() = first.clone();
    }
}

/// Checkout that accepts any total.
async fn without_expected_total(request: Request) -> Request {
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut json) = serde_json::from_slice::<serde_json::Value>(&body) else {
        return Request::from_parts(head, Body::from(body));
    };
    if let Some(fields) = json.as_object_mut() {
        fields.remove("expected_total");
    }
    head.headers.remove(CONTENT_LENGTH);
    Request::from_parts(head, Body::from(json.to_string()))
}
