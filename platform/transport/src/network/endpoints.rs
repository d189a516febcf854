//! Where a service runs, as far as is known at the moment.

use http::Uri;
use std::sync::Arc;
use tokio::sync::watch;

/// The base addresses of a service, which may change at any time.
#[derive(Clone, Debug)]
pub struct Endpoints(watch::Receiver<Arc<[Uri]>>);

/// Tells where a service runs. When it is dropped, what it told last stays.
#[derive(Debug)]
pub struct EndpointUpdater(watch::Sender<Arc<[Uri]>>);

impl Endpoints {
    /// Addresses that change when the announcer says so.
    pub fn updatable(first: Vec<Uri>) -> (EndpointUpdater, Self) {
        let (sender, receiver) = watch::channel(first.into());
        (EndpointUpdater(sender), Self(receiver))
    }

    /// The addresses now, if they were announced since the last look.
    pub(super) fn changed(&mut self) -> Option<Arc<[Uri]>> {
        let now = self.0.borrow_and_update();
        now.has_changed().then(|| Arc::clone(&now))
    }

    pub(super) fn now(&mut self) -> Arc<[Uri]> {
        Arc::clone(&self.0.borrow_and_update())
    }
}

impl EndpointUpdater {
    /// From now on the service runs at these addresses.
    pub fn update(&self, addresses: Vec<Uri>) {
        self.0.send_replace(addresses.into());
    }
}

impl From<Vec<Uri>> for Endpoints {
    /// Addresses that never change.
    fn from(addresses: Vec<Uri>) -> Self {
        Self::updatable(addresses).1
    }
}
