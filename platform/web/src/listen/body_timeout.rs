//! Bodies that may not dawdle: a client that sends a byte a minute would hold a place for ever.

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// A body that fails when nothing comes for too long.
#[derive(Debug)]
pub(super) struct Patient {
    body: Incoming,
    pause_max: Duration,
    /// Made at the first pause: a body that is there already needs no timer.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    pub(super) fn new(body: Incoming, pause_max: Duration) -> Self {
        Self { body, pause_max, alarm: None }
    }

    /// Ready once nothing has come for too long.
    fn poll_alarm(&mut self, task: &mut Context<'_>) -> Poll<()> {
        let pause_max = self.pause_max;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(pause_max)));
        alarm.as_mut().poll(task)
    }
}

impl Body for Patient {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(task) else {
            ready!(self.poll_alarm(task));
            let error = io::Error::new(io::ErrorKind::TimedOut, "the client paused for too long");
            return Poll::Ready(Some(Err(error)));
        };
        let pause_max = self.pause_max;
        if let Some(alarm) = &mut self.alarm {
            alarm.as_mut().reset(Instant::now() + pause_max);
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
