//! Reading: the registry, its changes, applications, instances.

use super::{
    EurekaServer,
    body::names_gzip,
    documents::{Extent, Form},
    server_status,
    target::Target,
};
use crate::adapters::wire::{Applications, Detail, Document, Format};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Header that asks for less.
const EUREKA_ACCEPT: HeaderName = HeaderName::from_static("x-eureka-accept");

/// Response with what is at a target.
pub(super) async fn read(server: &EurekaServer, target: &Target, headers: &HeaderMap) -> Response {
    let format = accepted(headers);
    let detail = match headers.get(EUREKA_ACCEPT) {
        Some(value) if value.as_bytes().eq_ignore_ascii_case(b"compact") => Detail::Compact,
        _ => Detail::Full,
    };
    match target {
        Target::Applications => applications(server, Extent::Whole, format, detail, headers).await,
        Target::Delta => applications(server, Extent::Delta, format, detail, headers).await,
        Target::ServerStatus => server_status::status(server, format),
        Target::SelfPreservation => server_status::self_preservation(server),
        Target::StatusOverrides => server_status::overrides(server),
        target => match document(server, target) {
            Some(document) => response(format, format.render(&document, detail).into()),
            None => super::not_found(),
        },
    }
}

fn document(server: &EurekaServer, target: &Target) -> Option<Document> {
    server.node.read(|registry| match target {
        Target::Register { app } => registry
            .application(app)
            .map(|instances| Document::Application { name: app.clone(), instances }),
        Target::Instance { app, id } => registry.instance(app, id).map(Document::Instance),
        Target::InstanceById { id } => registry.instance_by_id(id).map(Document::Instance),
        Target::Vip { name, is_secure } => {
            let instances = registry.by_vip(name, *is_secure);
            Some(Document::Applications(Applications::looked_up(instances)))
        }
        _ => None,
    })
}

async fn applications(
    server: &EurekaServer,
    extent: Extent,
    format: Format,
    detail: Detail,
    headers: &HeaderMap,
) -> Response {
    let is_gzipped = names_gzip(headers, &header::ACCEPT_ENCODING);
    let form = Form { extent, format, detail, is_gzipped };
    let bytes = server.documents.document(form, &server.node).await;
    let mut response = response(format, bytes);
    if is_gzipped {
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    }
    response
}

/// Format that a request asks for.
pub(super) fn accepted(headers: &HeaderMap) -> Format {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    accepts.map(Format::accepted).find(|it| *it == Format::Json).unwrap_or(Format::Xml)
}

/// Response with a document.
pub(super) fn response(format: Format, bytes: Bytes) -> Response {
    let content_type = HeaderValue::from_static(format.content_type());
    ([(header::CONTENT_TYPE, content_type)], Body::from(bytes)).into_response()
}
