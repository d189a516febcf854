//! A service as the binary sees it.

use crate::{BuildContext, Maintenance, OfflineContext};
use settings::{Section, SettingError};
use std::{future::Future, pin::Pin};
use storage::StorageError;
use transport::DirectoryError;

/// A service: a line of the module table.
#[derive(Debug)]
pub struct Module {
    /// Its name, the same everywhere: folder, crate, settings section, container.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// The services it calls and waits for. The graph of these is acyclic.
    pub calls: &'static [&'static str],
    /// The services whose feeds it follows. This may go in circles: nobody waits.
    pub follows: &'static [&'static str],
    /// Its settings section; `None` when it has nothing to set.
    pub settings: Option<Section>,
    /// What of its storage follows from its journal, and what has to be true of it, for when nobody serves it.
    pub maintenance: fn(&OfflineContext) -> Result<Maintenance, BuildError>,
    /// Builds it: reads what it keeps in memory, starts its tasks, returns its routes.
    pub build: fn(BuildContext) -> BuildFuture,
}

/// What [`Module::build`] returns.
pub type BuildFuture = Pin<Box<dyn Future<Output = Result<BuiltService, BuildError>> + Send>>;

/// A built service.
#[derive(Debug)]
pub struct BuiltService {
    /// Its routes, internal ones included, and their documentation.
    pub routes: web::ServiceRouter,
    /// Where it answers on a listener that it shares with others.
    pub paths: RouteMatch,
}

impl BuiltService {
    /// A service that answers at the paths its documentation names.
    pub fn documented(routes: web::ServiceRouter) -> Self {
        Self { routes, paths: RouteMatch::Documented }
    }
}

/// Where a service answers on a listener that it shares with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteMatch {
    /// At the paths that its documentation names.
    Documented,
    /// At every path that no service's documentation names. One service of a table may.
    Fallback,
}

/// Why a service could not be built. The process does not start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A setting is wrong.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// What it stored cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It calls or follows a service that its line of the table does not name.
    #[error("{0}, or the module table does not say that this service calls or follows it")]
    Undeclared(#[from] DirectoryError),
    /// Anything else, as a sentence.
    #[error("{0}")]
    Other(String),
}
