//! Hands out ways to services before they exist, and binds them once they do, so that the order of building does
//! not matter.

use crate::{Carry, Request, Response, Transport, TransportError};
use std::{
    collections::BTreeMap,
    future::ready,
    pin::Pin,
    sync::{Arc, OnceLock},
};

/// The ways to all services of the module table.
#[derive(Debug)]
pub struct Directory(BTreeMap<&'static str, Arc<OnceLock<Transport>>>);

/// A service that is not in the directory was asked for, or a way was bound twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not in the directory, or its way is bound already")]
pub struct Unbound(pub &'static str);

impl Directory {
    /// Unbound ways to these services.
    pub fn of(services: impl IntoIterator<Item = &'static str>) -> Self {
        Self(services.into_iter().map(|service| (service, Arc::default())).collect())
    }

    /// The way to a service. Sending on it before it is bound is answered as unreachable.
    pub fn way(&self, service: &'static str) -> Result<Transport, Unbound> {
        let target = self.0.get(service).ok_or(Unbound(service))?;
        Ok(Transport::new(Way { service, target: Arc::clone(target) }))
    }

    /// Binds the way to a service, once.
    pub fn bind(&self, service: &'static str, transport: Transport) -> Result<(), Unbound> {
        let target = self.0.get(service).ok_or(Unbound(service))?;
        target.set(transport).map_err(|_| Unbound(service))
    }

    /// Whether the way is bound.
    pub fn is_bound(&self, service: &'static str) -> bool {
        self.0.get(service).is_some_and(|target| target.get().is_some())
    }
}

struct Way {
    service: &'static str,
    target: Arc<OnceLock<Transport>>,
}

impl Carry for Way {
    // Written out: the way adds nothing to the future of its target, and so needs none of its own.
    fn carry<'way, 'answer>(
        &'way self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'answer>>
    where
        'way: 'answer,
        Self: 'answer,
    {
        match self.target.get() {
            Some(transport) => transport.0.carry(request),
            None => Box::pin(ready(Err(TransportError::Unreachable {
                service: self.service,
                reason: "it is not running here and no address is known".to_owned(),
            }))),
        }
    }
}
