//! Baseline server: the shop's own HTTP stack and allocator with prerendered answers and nothing behind it.

use crate::recording::{RecordedRoute, Recording};
use axum::{
    Router,
    body::Body,
    http::{Response, header},
    response::IntoResponse,
    routing::{MethodFilter, MethodRouter},
};
use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::net::TcpListener;
use web::ServeOptions;

/// First argument that makes this program the baseline server instead of the load generator; the second is the file of
/// recorded responses.
pub(crate) const ARGUMENT: &str = "constant-answers";

/// Serves until it is killed, and prints its addresses to standard output.
pub(crate) fn serve(recording: &str) -> Result<(), String> {
    let routes = router(Recording::read(recording)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        println!("shop      http://{address}");
        println!("operator  http://{address}");
        web::serve(listener, routes, ServeOptions::default(), std::future::pending()).await;
        Ok(())
    })
}

fn router(recording: Recording) -> Result<Router, String> {
    recording.into_routes().into_iter().try_fold(Router::new(), |router, (route, recorded)| {
        let methods = recorded.into_iter().try_fold(MethodRouter::new(), with_method)?;
        Ok(router.route(&route, methods))
    })
}

/// Adds a method whose handler reads the whole body and gives the recorded responses in turn.
fn with_method(methods: MethodRouter, recorded: RecordedRoute) -> Result<MethodRouter, String> {
    let method: axum::http::Method =
        recorded.method.parse().map_err(|_| format!("not a method: {}", recorded.method))?;
    let filter = MethodFilter::try_from(method).map_err(|error| error.to_string())?;
    let bodies: Arc<[Bytes]> = recorded.bodies.into_iter().map(Bytes::from).collect();
    let (next, status) = (Arc::new(AtomicUsize::new(0)), recorded.status);
    Ok(methods.on(filter, move |_body: Bytes| {
        let body = bodies[next.fetch_add(1, Ordering::Relaxed) % bodies.len()].clone();
        async move {
            Response::builder()
                .status(status)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body))
                .map_err(|error| error.to_string())
                .into_response()
        }
    }))
}
