//! Hands requests to processes, as a listener does, and takes their answers.

use super::{Process, World};
use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use transport::{Context, Edge, Request, Response};

/// No answer came: nobody knows whether the request had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost;

impl World {
    /// Has a service of a process answer. The request runs on when nobody waits for it any more.
    pub(crate) fn deliver(
        self: &Arc<Self>,
        process: &Arc<Process>,
        service: &'static str,
        request: Request,
    ) -> BoxFuture<'static, Result<Response, Lost>> {
        self.answer(process, service, request.map(Body::from))
    }

    /// Has an edge of the gateway answer.
    pub(crate) fn ask_edge(
        self: &Arc<Self>,
        edge: Edge,
        request: Request,
    ) -> BoxFuture<'static, Result<Response, Lost>> {
        const GATEWAY: &str = "api-gateway";
        let Some(process) = self.home_of(GATEWAY).cloned() else {
            return Box::pin(async { Err(Lost) });
        };
        let mut request = request.map(Body::from);
        let told = Context::from_headers(request.headers());
        let context = Context { edge, deadline: None, actor: None, ..told };
        request.extensions_mut().insert(context);
        self.answer(&process, GATEWAY, request)
    }

    fn answer(
        self: &Arc<Self>,
        process: &Arc<Process>,
        service: &'static str,
        request: http::Request<Body>,
    ) -> BoxFuture<'static, Result<Response, Lost>> {
        let (world, process) = (Arc::clone(self), Arc::clone(process));
        Box::pin(async move {
            let receiver = {
                let mut state = process.state.lock();
                let now = world.now_ms();
                let slow = state.slow_answers.filter(|(_, until)| now < *until);
                let running = state.running.as_mut().ok_or(Lost)?;
                let router = running.routers.get(service).cloned().ok_or(Lost)?;
                let (sender, receiver) = oneshot::channel();
                while running.requests.try_join_next().is_some() {}
                running.requests.spawn(async move {
                    if let Some((delay_ms, _)) = slow {
                        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                    }
                    let answer = web::serve_detached(router, request).await;
                    let (head, body) = answer.into_parts();
                    let body = body
                        .collect()
                        .await
                        .map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
                    // Whoever asked may be gone.
                    let _ = sender.send(Response::from_parts(head, body));
                });
                receiver
            };
            receiver.await.map_err(|_| Lost)
        })
    }
}
