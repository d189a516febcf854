//! Handler of whole requests: a service of this process, whose work runs in its caller's task.

use crate::Context;
use axum::{Router, extract::Request, response::Response};
use futures_util::{FutureExt, future::Map};
use std::{convert::Infallible, fmt, future::Future, pin::Pin, sync::Arc, task};
use tower::Service;

/// Future of a response.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Handler of whole requests: all routes of a service, behind one pointer. Clones share it.
///
/// A caller in this process passes its [`Context`] on as a value. As a [`tower::Service`], the handler takes it from the
/// extensions of the request; a request without one came over a socket, with the context in its headers.
///
/// ```
/// use axum::{body::Body, extract::Request, response::{IntoResponse, Response}};
/// use transport::{Context, RequestHandler};
///
/// let echo = RequestHandler::new(|request: Request, context: Option<Context>| {
///     let id = context.and_then(|context| context.request_id);
///     Box::pin(async move { format!("{} {id:?}", request.uri()).into_response() })
/// });
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = Context { request_id: Some("r1".into()), ..Context::default() };
/// let response: Response = echo.handle(Request::new(Body::empty()), Some(context)).await;
/// let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
/// assert_eq!(body, "/ Some(\"r1\")");
/// # });
/// ```
#[derive(Clone)]
pub struct RequestHandler(Arc<dyn Fn(Request, Option<Context>) -> ResponseFuture + Send + Sync>);

impl RequestHandler {
    /// The handler that this function is.
    pub fn new(
        handle: impl Fn(Request, Option<Context>) -> ResponseFuture + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(handle))
    }

    /// Handles a request of a caller in this process with its context, or one that came over a socket.
    pub fn handle(&self, request: Request, context: Option<Context>) -> ResponseFuture {
        (self.0)(request, context)
    }
}

impl Service<Request> for RequestHandler {
    type Response = Response;
    type Error = Infallible;
    type Future = Map<ResponseFuture, fn(Response) -> Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // An extension cannot arrive over a socket, so a context found there was set by a caller in this process.
        let context = request.extensions_mut().remove();
        self.handle(request, context).map(Ok as fn(_) -> _)
    }
}

impl From<Router> for RequestHandler {
    fn from(router: Router) -> Self {
        Self::new(move |mut request, context| {
            if let Some(context) = context {
                request.extensions_mut().insert(context);
            }
            // A router is always ready.
            let response = router.clone().call(request);
            Box::pin(async move {
                match response.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            })
        })
    }
}

impl From<RequestHandler> for Router {
    fn from(handler: RequestHandler) -> Self {
        Self::new().fallback_service::<RequestHandler>(handler)
    }
}

impl fmt::Debug for RequestHandler {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RequestHandler")
    }
}
