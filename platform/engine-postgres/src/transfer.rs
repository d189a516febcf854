//! Transfer: the records of a shop that another engine has kept, stored into a database, and those of a database, read for another
//! engine. Events keep their positions and their encryption.

mod columns;
mod export;
mod import;

pub use export::{DatabaseExport, RecordKind, StoredCursor};
pub use import::{DatabaseImport, ImportError, ImportPlace};

use crate::connection::Connection;

/// Key of the value that says how far an import has come, in the schema of each service. It is there from before the first record until
/// all are complete.
const REACHED: &str = "import/reached";

/// Whether an import into the schema of the connection was broken off.
pub(crate) async fn is_incomplete(connection: &Connection) -> Result<bool, tokio_postgres::Error> {
    let read = "SELECT FROM key_values WHERE key = $1";
    Ok(connection.client.query_opt(read, &[&REACHED.as_bytes()]).await?.is_some())
}
