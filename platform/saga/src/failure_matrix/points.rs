//! The points of a process at which it may crash.

use async_trait::async_trait;
use journal::interceptor::JournalInterceptor;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::watch;

/// Counts the points that a process passes, and stops it for ever at one of them.
#[derive(Debug)]
pub struct Points {
    passed: AtomicUsize,
    crash_at: Option<usize>,
    crashed: watch::Sender<bool>,
    held: watch::Sender<bool>,
}

impl Points {
    /// A process that crashes at the point of this number, if it gets there.
    pub(crate) fn crashing_at(crash_at: Option<usize>) -> Arc<Self> {
        let (crashed, held) = (watch::Sender::new(false), watch::Sender::new(false));
        Arc::new(Self { passed: 0.into(), crash_at, crashed, held })
    }

    /// A process that does not crash.
    pub fn never() -> Arc<Self> {
        Self::crashing_at(None)
    }

    /// From now on nobody passes a point before [`Points::release`].
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets everybody pass.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Passes a point. Never returns when the process crashes here, or has crashed already.
    pub async fn pass(&self) {
        let number = self.passed.fetch_add(1, Ordering::Relaxed);
        if self.crash_at == Some(number) {
            self.crashed.send_replace(true);
        }
        if *self.crashed.borrow() {
            std::future::pending::<()>().await;
        }
        // The sender lives as long as `self`.
        let _ = self.held.subscribe().wait_for(|held| !*held).await;
    }

    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }

    /// Returns when the process has crashed.
    pub(crate) async fn crashed(&self) {
        let mut crashed = self.crashed.subscribe();
        // The sender lives as long as `self`.
        let _ = crashed.wait_for(|crashed| *crashed).await;
    }
}

/// A journal with this around it may crash before and after each append.
#[async_trait]
impl JournalInterceptor for Points {
    async fn before_write(&self) {
        self.pass().await;
    }

    async fn after_append(&self) {
        self.pass().await;
    }
}
