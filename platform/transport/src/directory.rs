//! Hands out ways to services before they exist, and binds them once they do, so that the order of building does
//! not matter.

use crate::{Channel, Request, Response, Transport, TransportError};
use std::{
    collections::BTreeMap,
    future::ready,
    pin::Pin,
    sync::{Arc, OnceLock},
};

/// The ways to all services of the module table.
#[derive(Debug)]
pub struct Directory(BTreeMap<&'static str, Arc<OnceLock<Channel>>>);

/// A service that is not in the directory was asked for, or a way was bound twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not in the directory, or its way is bound already")]
pub struct DirectoryError(pub &'static str);

impl Directory {
    /// Late-bound channels to these services.
    pub fn of(services: impl IntoIterator<Item = &'static str>) -> Self {
        Self(services.into_iter().map(|service| (service, Arc::default())).collect())
    }

    /// The way to a service. Sending on it before it is bound is answered as unreachable.
    pub fn channel(&self, service: &'static str) -> Result<Channel, DirectoryError> {
        let target = self.0.get(service).ok_or(DirectoryError(service))?;
        Ok(Channel::new(LateBoundChannel { service, target: Arc::clone(target) }))
    }

    /// Binds the way to a service, once.
    pub fn bind(&self, service: &'static str, transport: Channel) -> Result<(), DirectoryError> {
        let target = self.0.get(service).ok_or(DirectoryError(service))?;
        target.set(transport).map_err(|_| DirectoryError(service))
    }

    /// Whether the way is bound.
    pub fn is_bound(&self, service: &'static str) -> bool {
        self.0.get(service).is_some_and(|target| target.get().is_some())
    }
}

struct LateBoundChannel {
    service: &'static str,
    target: Arc<OnceLock<Channel>>,
}

impl Transport for LateBoundChannel {
    // Written out: the way adds nothing to the future of its target, and so needs none of its own.
    fn send<'way, 'answer>(
        &'way self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'answer>>
    where
        'way: 'answer,
        Self: 'answer,
    {
        match self.target.get() {
            Some(transport) => transport.0.send(request),
            None => Box::pin(ready(Err(TransportError::Unreachable {
                service: self.service,
                reason: "it is not running here and no address is known".to_owned(),
            }))),
        }
    }
}
