//! Timeout of request bodies, by their minimum data rate.

use super::minimum_rate::{MinimumRate, WaitingTime};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Request body that fails with [`io::ErrorKind::TimedOut`] when it arrives more slowly than the minimum rate.
#[derive(Debug)]
pub(super) struct BodyTimeout {
    body: Incoming,
    time: WaitingTime,
}

impl BodyTimeout {
    pub(super) fn new(body: Incoming, rate: MinimumRate) -> Self {
        Self { body, time: WaitingTime::new(rate) }
    }
}

impl Body for BodyTimeout {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(task) else {
            ready!(self.time.poll_used_up(task));
            let error = io::Error::new(io::ErrorKind::TimedOut, "the client sends too slowly");
            return Poll::Ready(Some(Err(error)));
        };
        let bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => 0,
        };
        self.time.progressed(bytes);
        Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
