//! Timeout of request bodies: a client that sends a byte per minute must not hold a connection for ever (slow loris).

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// Request body that fails when no data arrives for too long.
#[derive(Debug)]
pub(super) struct BodyTimeout {
    body: Incoming,
    pause_max: Duration,
    /// Created at the first pause: a body that has arrived already needs no timer.
    timer: Option<Pin<Box<Sleep>>>,
}

impl BodyTimeout {
    pub(super) fn new(body: Incoming, pause_max: Duration) -> Self {
        Self { body, pause_max, timer: None }
    }

    /// Ready once no data has arrived for too long.
    fn poll_timer(&mut self, task: &mut Context<'_>) -> Poll<()> {
        let pause_max = self.pause_max;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(pause_max)));
        timer.as_mut().poll(task)
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
            ready!(self.poll_timer(task));
            let error = io::Error::new(io::ErrorKind::TimedOut, "the client paused for too long");
            return Poll::Ready(Some(Err(error)));
        };
        let pause_max = self.pause_max;
        if let Some(timer) = &mut self.timer {
            timer.as_mut().reset(Instant::now() + pause_max);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
