//! Request bodies: read into memory under the limits of their size and of the bytes in progress, of all clients and of each.

use crate::{
    client_limiter::{ClientState, too_much_in_progress},
    quota::{Quota, QuotaPermit, overloaded},
};
use axum::{
    body::{Body, HttpBody},
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use kernel::{Problem, codes};
use std::{error::Error, io};
use tokio::time::{Instant, timeout_at};

/// Bytes of a body that are not counted as in progress: those of small bodies are limited by the number of connections, so
/// that a purchase is never refused for the sake of large bodies.
const UNCOUNTED_BYTES_MAX: usize = 16 << 10;

/// Limits of a request body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits<'a> {
    /// Bytes of the body.
    pub(crate) bytes_max: usize,
    /// When it must have arrived.
    pub(crate) deadline: Instant,
    /// Bytes in progress of all clients.
    pub(crate) in_progress: &'a Quota,
    /// The client, if it is limited.
    pub(crate) client: Option<&'a ClientState>,
}

/// Body in memory; its bytes count as in progress until it is dropped.
#[derive(Debug)]
pub(crate) struct BufferedBody<'a> {
    pub(crate) bytes: Bytes,
    client: Option<QuotaPermit<'a>>,
    all: QuotaPermit<'a>,
}

impl<'a> BodyLimits<'a> {
    /// Reads a body.
    pub(crate) async fn read(
        self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<BufferedBody<'a>, Problem> {
        if body.is_end_stream() {
            return Ok(self.empty());
        }
        let length =
            headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: u64| length > self.bytes_max as u64) {
            return Err(self.too_large());
        }
        let read = timeout_at(self.deadline, self.read_frames(body)).await;
        read.unwrap_or_else(|_| Err(too_slow()))
    }

    fn empty(&self) -> BufferedBody<'a> {
        let client = self.client.map(|client| client.body_bytes.permit());
        BufferedBody { bytes: Bytes::new(), client, all: self.in_progress.permit() }
    }

    async fn read_frames(self, mut body: Body) -> Result<BufferedBody<'a>, Problem> {
        let mut buffered = self.empty();
        let mut parts = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| broken_off(&error))?;
            let Ok(bytes) = frame.into_data() else { continue };
            let length = buffered.bytes.len() + parts.len() + bytes.len();
            if length > self.bytes_max {
                return Err(self.too_large());
            }
            if length > UNCOUNTED_BYTES_MAX {
                buffered.count(bytes.len())?;
            }
            // A body of one part is not copied.
            if length == bytes.len() {
                buffered.bytes = bytes;
            } else {
                parts.extend_from_slice(&std::mem::take(&mut buffered.bytes));
                parts.extend_from_slice(&bytes);
            }
        }
        if !parts.is_empty() {
            buffered.bytes = parts.freeze();
        }
        Ok(buffered)
    }

    fn too_large(&self) -> Problem {
        let bytes_max = self.bytes_max;
        let title = format!("the request body is larger than the limit of {bytes_max} bytes");
        Problem::of(codes::BODY_TOO_LARGE, title).fact("bytes_max", bytes_max)
    }
}

impl BufferedBody<'_> {
    /// Counts bytes that have arrived as in progress.
    fn count(&mut self, bytes: usize) -> Result<(), Problem> {
        if self.client.as_mut().is_some_and(|client| !client.try_extend(bytes)) {
            return Err(too_much_in_progress());
        }
        if self.all.try_extend(bytes) { Ok(()) } else { Err(overloaded()) }
    }
}

fn broken_off(error: &axum::Error) -> Problem {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut) {
        return too_slow();
    }
    Problem::of(codes::MISSING_BODY, "the request body ended prematurely")
}

fn too_slow() -> Problem {
    let title = "the request body did not arrive in time; nothing was done";
    Problem::new(408, codes::DEADLINE_EXCEEDED, title)
}
