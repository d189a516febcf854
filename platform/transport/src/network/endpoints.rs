//! Endpoint discovery: the base URIs of a service, updatable at run time.

use http::Uri;
use std::sync::Arc;
use tokio::sync::watch;

/// Endpoints of a service: a watched list of base URIs.
#[derive(Clone, Debug)]
pub struct Endpoints(watch::Receiver<Arc<[Uri]>>);

/// Updater of [`Endpoints`]. When it is dropped, the last list stays in force.
#[derive(Debug)]
pub struct EndpointUpdater(watch::Sender<Arc<[Uri]>>);

impl Endpoints {
    /// A list of endpoints, and the updater that replaces it.
    pub fn updatable(first: Vec<Uri>) -> (EndpointUpdater, Self) {
        let (sender, receiver) = watch::channel(first.into());
        (EndpointUpdater(sender), Self(receiver))
    }

    /// The current list, if it was updated since the last look.
    pub(super) fn changed(&mut self) -> Option<Arc<[Uri]>> {
        let now = self.0.borrow_and_update();
        now.has_changed().then(|| Arc::clone(&now))
    }

    pub(super) fn now(&mut self) -> Arc<[Uri]> {
        Arc::clone(&self.0.borrow_and_update())
    }
}

impl EndpointUpdater {
    /// Replaces the list of base URIs.
    pub fn update(&self, addresses: Vec<Uri>) {
        self.0.send_replace(addresses.into());
    }
}

impl From<Vec<Uri>> for Endpoints {
    /// A fixed list.
    fn from(addresses: Vec<Uri>) -> Self {
        Self::updatable(addresses).1
    }
}
