//! Crash points of a process.

use async_trait::async_trait;
use journal::interceptor::JournalInterceptor;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::watch;

/// Counter of the crash points that a process passes, which stops it for ever at one of them.
#[derive(Debug)]
pub struct CrashPoints {
    passed: AtomicUsize,
    crash_at: Option<usize>,
    crashed: watch::Sender<bool>,
    held: watch::Sender<bool>,
}

impl CrashPoints {
    /// Points of a process that crashes at the one of this number, if it gets there.
    pub(crate) fn crashing_at(crash_at: Option<usize>) -> Arc<Self> {
        let (crashed, held) = (watch::Sender::new(false), watch::Sender::new(false));
        Arc::new(Self { passed: 0.into(), crash_at, crashed, held })
    }

    /// Points of a process that does not crash.
    pub fn never() -> Arc<Self> {
        Self::crashing_at(None)
    }

    /// Blocks every task at its next point until [`CrashPoints::release`].
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets blocked tasks pass.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Passes a point. Never returns when the process crashes here or has crashed already.
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

    /// Waits until the process has crashed.
    pub(crate) async fn crashed(&self) {
        let mut crashed = self.crashed.subscribe();
        // The sender lives as long as `self`.
        let _ = crashed.wait_for(|crashed| *crashed).await;
    }
}

/// Journal interceptor that may crash the process before and after each append.
#[async_trait]
impl JournalInterceptor for CrashPoints {
    async fn before_write(&self) {
        self.pass().await;
    }

    async fn after_append(&self) {
        self.pass().await;
    }
}
