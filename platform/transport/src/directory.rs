//! Channel directory: late-bound channels to services, so that services can be built in any order.

use crate::{Channel, Request, RequestHandler, Response, Transport, TransportError};
use std::{
    collections::BTreeMap,
    future::ready,
    pin::Pin,
    sync::{Arc, OnceLock},
};

/// Directory of late-bound channels, one for each service of the module table.
#[derive(Debug)]
pub struct Directory(BTreeMap<&'static str, Arc<OnceLock<Channel>>>);

/// Error of a lookup of an unknown service, or of a channel bound twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not in the directory, or its channel is bound already")]
pub struct DirectoryError(pub &'static str);

impl Directory {
    /// A directory of unbound channels to these services.
    pub fn of(services: impl IntoIterator<Item = &'static str>) -> Self {
        Self(services.into_iter().map(|service| (service, Arc::default())).collect())
    }

    /// The channel to a service. Before it is bound, calls fail with [`TransportError::Unreachable`].
    pub fn channel(&self, service: &'static str) -> Result<Channel, DirectoryError> {
        let target = self.0.get(service).ok_or(DirectoryError(service))?;
        Ok(Channel::new(LateBoundChannel { service, target: Arc::clone(target) }))
    }

    /// Binds the channel to a service, once.
    pub fn bind(&self, service: &'static str, transport: Channel) -> Result<(), DirectoryError> {
        let target = self.0.get(service).ok_or(DirectoryError(service))?;
        target.set(transport).map_err(|_| DirectoryError(service))
    }

    /// Whether the channel is bound.
    pub fn is_bound(&self, service: &'static str) -> bool {
        self.0.get(service).is_some_and(|target| target.get().is_some())
    }
}

struct LateBoundChannel {
    service: &'static str,
    target: Arc<OnceLock<Channel>>,
}

impl Transport for LateBoundChannel {
    // Without `#[async_trait]`: returning the target's own boxed future saves a second box per call.
    fn send<'channel, 'future>(
        &'channel self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'future>>
    where
        'channel: 'future,
        Self: 'future,
    {
        match self.target.get() {
            Some(transport) => transport.0.send(request),
            None => Box::pin(ready(Err(TransportError::Unreachable {
                service: self.service,
                reason: "it is not running here and no address is known".to_owned(),
            }))),
        }
    }

    fn local(&self) -> Option<&RequestHandler> {
        self.target.get()?.0.local()
    }
}
