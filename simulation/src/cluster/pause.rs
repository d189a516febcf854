//! Pause of a process: none of its tasks is polled, as after SIGSTOP, while time goes on for all others.

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// Gate that all tasks of a process pass whenever they are polled.
#[derive(Debug, Default)]
pub(super) struct PauseGate(Mutex<GateState>);

#[derive(Debug, Default)]
struct GateState {
    is_closed: bool,
    /// Tasks that were woken meanwhile, in the order in which they were.
    woken: Vec<Waker>,
}

impl PauseGate {
    /// Pauses the process.
    pub(super) fn close(&self) {
        self.0.lock().is_closed = true;
    }

    /// Lets it go on.
    pub(super) fn open(&self) {
        let woken = {
            let mut state = self.0.lock();
            state.is_closed = false;
            std::mem::take(&mut state.woken)
        };
        woken.into_iter().for_each(Waker::wake);
    }

    /// Whether the process is paused.
    pub(super) fn is_closed(&self) -> bool {
        self.0.lock().is_closed
    }

    /// The task, which passes this gate.
    pub(super) fn through<T: Send + 'static>(
        self: &Arc<Self>,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Gated<T> {
        Gated { gate: Arc::clone(self), task: Box::pin(task) }
    }
}

/// Task behind a gate.
pub(super) struct Gated<T> {
    gate: Arc<PauseGate>,
    task: BoxFuture<'static, T>,
}

impl<T> Future for Gated<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        {
            let mut state = self.gate.0.lock();
            if state.is_closed {
                state.woken.push(context.waker().clone());
                return Poll::Pending;
            }
        }
        self.task.as_mut().poll(context)
    }
}
