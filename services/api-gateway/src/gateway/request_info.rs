//! Facts about a request in progress, and the context in which it is forwarded.

use super::{EdgeState, Gateway};
use crate::{
    client_identity::{self, ClientIdentity},
    docs_assets::DocsAsset,
    own_path::OwnPath,
    route_table::{PAGES, RouteLookup},
    security_headers::ResponseKind,
};
use axum::http::request::Parts;
use kernel::Origin;
use tokio::time::Instant;
use transport::{ClientCertificate, Context, Edge};

/// Route label of unknown paths.
const UNMATCHED: &str = "unmatched";

/// Facts about a request in progress.
pub(super) struct RequestInfo<'a> {
    pub(super) edge: &'a EdgeState,
    pub(super) client: ClientIdentity,
    /// Certificate that the client presented.
    pub(super) certificate: Option<ClientCertificate>,
    pub(super) lookup: RouteLookup<'a>,
    pub(super) asset: Option<DocsAsset>,
    pub(super) own: Option<OwnPath>,
    pub(super) deadline: Instant,
}

impl RequestInfo<'_> {
    /// Route label for metrics and logs.
    pub(super) fn route(&self) -> &'static str {
        if let Some(own) = self.own {
            return own.label();
        }
        match (&self.lookup, self.asset) {
            (_, Some(DocsAsset::Document)) => "/openapi.json",
            (_, Some(DocsAsset::OperatorStyle)) => PAGES,
            (_, Some(_)) => "/docs",
            (RouteLookup::Upstream { entry, .. } | RouteLookup::MethodNotAllowed(entry), _) => {
                entry.path
            }
            (RouteLookup::Site(_, label), _) => label,
            (RouteLookup::NotFound, _) => UNMATCHED,
        }
    }

    /// Kind of the response, which decides on its headers.
    pub(super) fn response_kind(&self) -> ResponseKind {
        if let Some(own) = self.own {
            return own.response_kind();
        }
        match (&self.lookup, self.asset) {
            (_, Some(DocsAsset::Document)) => ResponseKind::Data,
            (_, Some(_)) | (RouteLookup::Site(..), _) => ResponseKind::Page,
            _ => ResponseKind::Data,
        }
    }
}

impl Gateway {
    /// Context of the forwarded request. Of the received one, only the trace and a valid request id are trusted.
    pub(super) fn context(
        &self,
        received: Context,
        info: &RequestInfo<'_>,
        head: &Parts,
    ) -> Context {
        let id = match &info.lookup {
            RouteLookup::Upstream { id, .. } => *id,
            _ => None,
        };
        // Who an operator is shows when it is checked.
        let (actor, origin) = match info.edge.edge {
            Edge::Operator => (None, None),
            edge @ (Edge::Shop | Edge::Internal) => (
                client_identity::guest_actor(head.uri.path(), id, &head.headers),
                Some(Origin::of_edge(edge)),
            ),
        };
        let request_id = received.request_id.filter(|id| client_identity::is_valid_request_id(id));
        let context = Context {
            trace: received.trace,
            request_id,
            deadline: Some(info.deadline),
            edge: info.edge.edge,
            origin,
            actor,
            client: Some(info.client.address),
            // For the auth server, whose paths are pages here. The edges check tokens themselves.
            certificate: match &info.lookup {
                RouteLookup::Site(..) => info.certificate.clone(),
                RouteLookup::Upstream { .. }
                | RouteLookup::MethodNotAllowed(_)
                | RouteLookup::NotFound => None,
            },
        };
        context.traced(&self.ids)
    }
}

/// Span of a request.
pub(crate) fn span(context: &Context) -> tracing::Span {
    match (context.trace, &context.request_id) {
        (Some(trace), Some(id)) => telemetry::request_span(crate::NAME, trace, id),
        _ => tracing::Span::none(),
    }
}
