//! Contract directory: late-bound handles of the contracts of this process, so that services can be built in any order.

use crate::{Contract, LateBound};
use parking_lot::Mutex;
use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    fmt,
    sync::Arc,
};

/// Directory of the contracts that services of this process provide.
#[derive(Default)]
pub struct ContractDirectory(Mutex<BTreeMap<TypeId, Slot>>);

struct Slot {
    service: &'static str,
    is_bound: bool,
    /// A [`LateBound`] of the contract.
    handle: Box<dyn Any + Send + Sync>,
}

impl ContractDirectory {
    /// A handle of the contract, whether or not its provider is bound already.
    pub fn contract<C: ?Sized + Contract>(&self) -> Arc<C> {
        C::late_bound(self.handle(false))
    }

    /// Binds the provider of a contract; `false` when one is bound already.
    pub fn bind<C: ?Sized + Contract>(&self, provider: Arc<C>) -> bool {
        self.handle::<C>(true).bind(provider)
    }

    /// A service with a contract that was requested but is not bound.
    pub fn unbound(&self) -> Option<&'static str> {
        self.0.lock().values().find(|slot| !slot.is_bound).map(|slot| slot.service)
    }

    fn handle<C: ?Sized + Contract>(&self, binds: bool) -> LateBound<C> {
        let mut slots = self.0.lock();
        let slot = slots.entry(TypeId::of::<C>()).or_insert_with(|| Slot {
            service: C::SERVICE,
            is_bound: false,
            handle: Box::new(LateBound::<C>::default()),
        });
        slot.is_bound |= binds;
        slot.handle.downcast_ref::<LateBound<C>>().expect("a slot has the type of its key").clone()
    }
}

impl fmt::Debug for ContractDirectory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ContractDirectory").field("contracts", &self.0.lock().len()).finish()
    }
}
