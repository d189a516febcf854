//! Health of the servers that the settings name: a component for each, by the name of its section.

use super::{Engine, LosableStore, ProjectionStore};
use messaging::bus::PartitionedBus;
use runtime::{TaskTracker, follow_server};
use std::fmt::Display;
use telemetry::{Criticality, Health};

/// Component of the database of the storage. No request can be served without it, and a restart does not bring it back.
#[cfg(feature = "postgres")]
const DATABASE: &str = "database";
/// Component of the server of values that may be lost, which are in the storage while it is away.
#[cfg(feature = "redis")]
const KEY_VALUE: &str = "key_value";
/// Component of the server of read models, without which some requests are refused.
#[cfg(feature = "mongodb")]
const DOCUMENTS: &str = "documents";
/// Component of the message bus, in place of which feeds are read.
const BUS: &str = "bus";

/// Follows the health of the servers of this process.
pub(crate) fn follow_servers(
    (engine, losable, projections, bus): (
        &Engine,
        &LosableStore,
        &ProjectionStore,
        Option<&PartitionedBus>,
    ),
    health: &Health,
    tasks: &TaskTracker,
) {
    let followed = Followed { health, tasks };
    match engine {
        Engine::Embedded(_) | Engine::Nothing(_) => {}
        #[cfg(feature = "postgres")]
        Engine::Postgres(engine) => {
            let engine = engine.clone();
            followed.server(DATABASE, Criticality::Required, move || {
                let engine = engine.clone();
                async move { engine.ping().await }
            });
        }
    }
    match losable {
        LosableStore::Storage => {}
        #[cfg(feature = "redis")]
        LosableStore::Redis(engine) => {
            let engine = engine.clone();
            followed.server(KEY_VALUE, Criticality::Optional, move || {
                let engine = engine.clone();
                async move { engine.ping().await }
            });
        }
    }
    match projections {
        ProjectionStore::Storage => {}
        #[cfg(feature = "mongodb")]
        ProjectionStore::Mongo(engine) => {
            let engine = engine.clone();
            followed.server(DOCUMENTS, Criticality::Optional, move || {
                let engine = engine.clone();
                async move { engine.ping().await }
            });
        }
    }
    if let Some(bus) = bus.cloned() {
        followed.server(BUS, Criticality::Optional, move || {
            let bus = bus.clone();
            async move { bus.ping().await }
        });
    }
}

/// Where the servers are followed.
struct Followed<'a> {
    health: &'a Health,
    tasks: &'a TaskTracker,
}

impl Followed<'_> {
    fn server<A, E>(
        &self,
        name: &str,
        criticality: Criticality,
        ping: impl Fn() -> A + Send + Sync + 'static,
    ) where
        A: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let component = self.health.component(name, criticality);
        // It was connected to a moment ago.
        component.up();
        self.tasks.spawn_until_shutdown(follow_server(component, ping));
    }
}
