//! Module: a service as a line of the module table.

use crate::{BuildContext, Maintenance, OfflineContext};
use journal::{EventJson, PlaintextRecords};
use settings::{Section, SettingError};
use std::{future::Future, pin::Pin};
use storage::{Collection, StorageError};
use transport::DirectoryError;

/// Module: a service as a line of the module table.
///
/// ```
/// use runtime::{BuildError, Maintenance, Module};
///
/// static PING: Module = Module {
///     name: "ping-service",
///     summary: "Answers pings",
///     calls: &[],
///     follows: &[],
///     instances: runtime::InstanceModel::OneActive,
///     settings: None,
///     events: None,
///     plaintext: None,
///     collections: &[],
///     projected: &[],
///     maintenance: Maintenance::none,
///     build: |context| Box::pin(async move { Ok(context.serve(web::ApiRouter::new())) }),
/// };
/// assert!(runtime::ModuleTable::new(std::slice::from_ref(&PING)).is_ok());
/// ```
#[derive(Debug)]
pub struct Module {
    /// Its name, the same everywhere: folder, crate, settings section, container.
    pub name: &'static str,
    /// Its purpose, in a few words.
    pub summary: &'static str,
    /// The services that it calls synchronously. Their graph is acyclic.
    pub calls: &'static [&'static str],
    /// The services whose feeds it consumes. These may form cycles, since consuming is asynchronous.
    pub follows: &'static [&'static str],
    /// How several processes with it share its work.
    pub instances: InstanceModel,
    /// Its settings section; `None` if it has no settings.
    pub settings: Option<Section>,
    /// Reader of its stored events as JSON; `None` if it stores none.
    pub events: Option<EventJson>,
    /// Reader of what it stored before its personal data was encrypted; `None` if it stored none.
    pub plaintext: Option<&'static dyn PlaintextRecords>,
    /// Those of its collections that have indexes. A move of its documents to another engine makes their entries anew.
    pub collections: &'static [&'static Collection],
    /// Those of its collections that are projected read models: consumers of feeds write them with their positions
    /// ([`ServiceStorage::projected`](journal::ServiceStorage::projected)), and nobody else does. They may be in an engine of their own, and
    /// can be emptied and read again from the feeds. All others are in the engine of the journal, in whose commits they are written.
    pub projected: &'static [&'static Collection],
    /// Its maintenance, for when it is not running.
    pub maintenance: fn(&OfflineContext) -> Result<Maintenance, BuildError>,
    /// Builds it: loads its state, starts its tasks, returns its routes.
    pub build: fn(BuildContext) -> BuildFuture,
}

/// How several processes with a service share its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceModel {
    /// One of them owns the service and the others stand by: it decides in memory, and runs sagas, relays or sweepers.
    OneActive,
    /// All of them serve requests: what it stores are values that any of them may read and write, and it runs nothing in the background.
    AllActive,
}

/// Future of [`Module::build`].
pub type BuildFuture = Pin<Box<dyn Future<Output = Result<BuiltService, BuildError>> + Send>>;

/// Built service: its routes, and where they are reachable.
#[derive(Debug)]
pub struct BuiltService {
    /// Its routes, those of contracts included, and their OpenAPI description.
    pub routes: web::ServiceRouter,
    /// Its paths on a listener that it shares with other services.
    pub paths: RouteMatch,
}

impl BuiltService {
    /// A service that is reachable at its documented paths.
    pub fn documented(routes: web::ServiceRouter) -> Self {
        Self { routes, paths: RouteMatch::Documented }
    }
}

/// Paths of a service on a listener that it shares with other services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteMatch {
    /// The documented paths.
    Documented,
    /// These paths and all below them, which it does not document: pages, or a protocol that is documented elsewhere.
    Below(&'static [&'static str]),
    /// Every path that no service documents. At most one service of a table has it.
    Fallback,
}

/// Error of building a service. The process does not start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A setting is invalid.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Its storage cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It uses a service that it does not declare to call or follow, or provides a contract twice or for another service.
    #[error("{0}, or the module table does not say that this service calls or follows it")]
    Undeclared(#[from] DirectoryError),
    /// Anything else, as a sentence.
    #[error("{0}")]
    Other(String),
}
