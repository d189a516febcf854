//! Schema and role of a service, and the change sets that were applied to it.

use super::{ChangeSet, change_sets, rights};
use crate::{
    PostgresOptions,
    connection::{Connection, DatabaseConnector},
    error::{DatabaseError, message},
};
use std::{collections::BTreeMap, time::Duration};
use tokio_postgres::{Error, error::SqlState};

/// How long a lock of migrations is respected. Liquibase and we hold it for seconds; one that is older was left by a process that
/// was killed.
const LOCK_MINUTES: i32 = 10;
/// Takes the lock, with the process of the server that has it, so that one whose process is gone need not be waited for. Parameter: the
/// minutes.
const TAKE_LOCK: &str = "UPDATE databasechangeloglock
SET locked = true, lockgranted = localtimestamp, lockedby = 'icommerce, process ' || pg_backend_pid()
WHERE id = 1 AND (NOT locked OR lockgranted < localtimestamp - make_interval(mins => $1)
    OR lockedby ~ '^icommerce, process [0-9]+$' AND NOT EXISTS (SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND pid = substring(lockedby FROM '[0-9]+')::int))";
const LOCK_POLL: Duration = Duration::from_millis(200);

/// Migrations of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Service.
    pub service: &'static str,
    /// Change sets that are or were to be applied.
    pub change_sets: Vec<ChangeSet>,
}

/// Schema of a service.
pub(crate) fn schema_name(service: &str) -> String {
    service.replace('-', "_")
}

/// Role of a service in a database: roles are shared by all databases of a server.
pub(crate) fn role_name(database: &str, service: &str) -> String {
    format!("{database}_{}", schema_name(service))
}

/// What PostgreSQL answers to who creates what somebody else is creating.
const CREATED_MEANWHILE: [&SqlState; 4] = [
    &SqlState::UNIQUE_VIOLATION,
    &SqlState::DUPLICATE_SCHEMA,
    &SqlState::DUPLICATE_TABLE,
    &SqlState::DUPLICATE_OBJECT,
];

/// Identifier in SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Liquibase's tables, and the one with our checksums.
const LOG_TABLES: &str = "
CREATE TABLE IF NOT EXISTS databasechangelog (
    id varchar(255) NOT NULL, author varchar(255) NOT NULL, filename varchar(255) NOT NULL,
    dateexecuted timestamp NOT NULL, orderexecuted int NOT NULL, exectype varchar(10) NOT NULL,
    md5sum varchar(35), description varchar(255), comments varchar(255), tag varchar(255),
    liquibase varchar(20), contexts varchar(255), labels varchar(255), deployment_id varchar(10));
CREATE TABLE IF NOT EXISTS databasechangeloglock (
    id int PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp, lockedby varchar(255));
INSERT INTO databasechangeloglock (id, locked) VALUES (1, false) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS change_set_checksums (
    filename text NOT NULL, id text NOT NULL, sha256 text NOT NULL, PRIMARY KEY (filename, id));";

/// Creates what is missing of the schemas and roles of these services, as the owner that the options name, and lets `user`, who
/// the shop connects as, take the roles. Returns what was applied.
///
/// # Errors
///
/// [`DatabaseError`]; what was applied before stays applied, and the next call goes on from there.
pub async fn migrate(
    owner: &PostgresOptions,
    user: &str,
    services: &[&'static str],
) -> Result<Vec<Migration>, DatabaseError> {
    let server = owner.server();
    let failed = |error: Error| DatabaseError::new(&server, &error);
    let connector = DatabaseConnector::new(owner.clone())?;
    let connection = connector.connect_in_time(None).await?;
    connection.check_version(&server).await?;
    // Before anything is changed: halfway is no good place to find out.
    rights::check(&connection, owner, user, services).await?;
    let database = owner.config.get_dbname().unwrap_or_default();
    let mut migrations = Vec::new();
    for service in services {
        let schema = schema_name(service);
        prepare(&connection, &schema).await.map_err(failed)?;
        lock(&connection, &schema, owner.migration_wait).await?;
        let applied = apply(&connection, &schema).await;
        let role = role_name(database, service);
        let granted = match applied {
            Ok(_) => grant(&connection, &schema, &role, user).await.map_err(failed),
            Err(_) => Ok(()),
        };
        unlock(&connection).await.map_err(failed)?;
        granted?;
        migrations.push(Migration { service, change_sets: applied? });
    }
    Ok(migrations)
}

/// What [`migrate`] would apply, for each service. Changes nothing.
///
/// # Errors
///
/// [`DatabaseError`].
pub async fn pending(
    options: &PostgresOptions,
    services: &[&'static str],
) -> Result<Vec<Migration>, DatabaseError> {
    let connector = DatabaseConnector::new(options.clone())?;
    let connection = connector.connect_in_time(None).await?;
    connection.check_version(&options.server()).await?;
    let mut migrations = Vec::new();
    for service in services {
        let schema = schema_name(service);
        let change_sets = outstanding(&connection, &schema).await?;
        migrations.push(Migration { service, change_sets });
    }
    Ok(migrations)
}

/// Refuses a schema that is not as this program needs it.
pub(crate) async fn check(connection: &Connection, schema: &str) -> Result<(), DatabaseError> {
    let outstanding = outstanding(connection, schema).await?;
    match outstanding.first() {
        None => Ok(()),
        Some(first) => Err(DatabaseError::Schema {
            schema: schema.to_owned(),
            reason: format!(
                "{} of its migrations are not applied, from {} on; run `icommerce migrate`",
                outstanding.len(),
                first.name()
            ),
        }),
    }
}

async fn prepare(connection: &Connection, schema: &str) -> Result<(), Error> {
    let schema = quoted(schema);
    let sql =
        format!("CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path = {schema}; {LOG_TABLES}");
    loop {
        match connection.client.batch_execute(&sql).await {
            // Another migration creates the same at this moment, for which "if not exists" is no protection.
            Err(error) if error.code().is_some_and(|code| CREATED_MEANWHILE.contains(&code)) => {}
            outcome => return outcome,
        }
    }
}

/// Takes Liquibase's lock, which Liquibase and every other migration respects; waits so long for whoever holds it, and says so.
async fn lock(
    connection: &Connection,
    schema: &str,
    longest: Duration,
) -> Result<(), DatabaseError> {
    let wrong = |reason| DatabaseError::Schema { schema: schema.to_owned(), reason };
    let failed = |error: Error| wrong(message(&error));
    let begun = tokio::time::Instant::now();
    let mut is_told = false;
    loop {
        let taken = connection.client.execute(TAKE_LOCK, &[&LOCK_MINUTES]).await;
        if taken.map_err(failed)? == 1 {
            return Ok(());
        }
        let seconds = longest.as_secs();
        if !is_told {
            is_told = true;
            let holder = holder(connection).await.map_err(failed)?;
            tracing::warn!(
                "{holder} holds the lock of the migrations of the schema {schema}: this one waits for up to {seconds} seconds"
            );
        }
        if begun.elapsed() > longest {
            let holder = holder(connection).await.map_err(failed)?;
            let reason = format!(
                "{holder} has held the lock of its migrations for more than {seconds} seconds; if no migration runs, it is ignored {LOCK_MINUTES} minutes after its begin"
            );
            return Err(wrong(reason));
        }
        tokio::time::sleep(LOCK_POLL).await;
    }
}

/// Who holds the lock, and since when, by the clock of the server.
async fn holder(connection: &Connection) -> Result<String, Error> {
    let read = "SELECT coalesce(lockedby, 'somebody'), to_char(lockgranted, 'YYYY-MM-DD HH24:MI:SS') \
        FROM databasechangeloglock WHERE id = 1";
    let row = connection.client.query_opt(read, &[]).await?;
    Ok(row.map_or_else(
        || "somebody".to_owned(),
        |row| match row.get::<_, Option<String>>(1) {
            Some(since) => format!("{} (since {since})", row.get::<_, String>(0)),
            None => row.get(0),
        },
    ))
}

async fn unlock(connection: &Connection) -> Result<(), Error> {
    let release = "UPDATE databasechangeloglock SET locked = false, lockgranted = NULL, lockedby = NULL WHERE id = 1";
    connection.client.batch_execute(release).await
}

/// Applies what is outstanding, each change set with its note in one transaction.
async fn apply(connection: &Connection, schema: &str) -> Result<Vec<ChangeSet>, DatabaseError> {
    let outstanding = outstanding(connection, schema).await?;
    for set in &outstanding {
        let note = format!(
            "INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype, description, comments) \
             SELECT {id}, {author}, {file}, localtimestamp, coalesce(max(orderexecuted), 0) + 1, 'EXECUTED', 'sql', {comment} \
             FROM databasechangelog; \
             INSERT INTO change_set_checksums (filename, id, sha256) VALUES ({file}, {id}, {checksum});",
            id = literal(set.id),
            author = literal(set.author),
            file = literal(set.file),
            comment = literal(&set.comment.chars().take(255).collect::<String>()),
            checksum = literal(&set.checksum()),
        );
        let sql = format!("BEGIN; {} {note} COMMIT;", set.sql);
        if let Err(error) = connection.client.batch_execute(&sql).await {
            // The lock is given back on this connection; what fails here as well is told below.
            let _ = connection.client.batch_execute("ROLLBACK").await;
            let reason = format!("{} failed: {}", set.name(), message(&error));
            return Err(DatabaseError::Schema { schema: schema.to_owned(), reason });
        }
    }
    Ok(outstanding)
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The role of the service may read and write the tables, and nothing else.
async fn grant(connection: &Connection, schema: &str, role: &str, user: &str) -> Result<(), Error> {
    let known =
        connection.client.query("SELECT FROM pg_roles WHERE rolname = $1", &[&role]).await?;
    let (schema, role, user) = (quoted(schema), quoted(role), quoted(user));
    if known.is_empty() {
        connection.client.batch_execute(&format!("CREATE ROLE {role} NOLOGIN")).await?;
    }
    let sql = format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}; \
         REVOKE INSERT, UPDATE, DELETE ON {schema}.databasechangelog, {schema}.databasechangeloglock, \
             {schema}.change_set_checksums FROM {role}; \
         GRANT {role} TO {user};"
    );
    connection.client.batch_execute(&sql).await
}

/// Change sets that are not applied; an error when an applied one is not known, or was edited since.
async fn outstanding(
    connection: &Connection,
    schema: &str,
) -> Result<Vec<ChangeSet>, DatabaseError> {
    let name = schema;
    let wrong = |reason: String| DatabaseError::Schema { schema: name.to_owned(), reason };
    let failed = |error: Error| match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => wrong(format!(
            "{}; run `icommerce migrate` with this user in storage.url and the owner in storage.migrate_url",
            message(&error)
        )),
        _ => wrong(message(&error)),
    };
    let sets = change_sets();
    let schema = quoted(schema);
    let exists = "SELECT to_regclass($1) IS NOT NULL, to_regclass($2) IS NOT NULL";
    let tables = ["databasechangelog", "change_set_checksums"].map(|it| format!("{schema}.{it}"));
    let exists = connection.client.query_one(exists, &[&tables[0], &tables[1]]).await;
    let exists = exists.map_err(failed)?;
    let (has_log, has_checksums): (bool, bool) = (exists.get(0), exists.get(1));
    if !has_log {
        return Ok(sets);
    }
    let sql = if has_checksums {
        format!(
            "SELECT l.filename, l.id, c.sha256 FROM {schema}.databasechangelog l \
             LEFT JOIN {schema}.change_set_checksums c ON c.filename = l.filename AND c.id = l.id"
        )
    } else {
        // Only Liquibase was here.
        format!("SELECT filename, id, NULL::text FROM {schema}.databasechangelog")
    };
    let rows = connection.client.query(&sql, &[]).await.map_err(failed)?;
    let mut applied: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
    for row in rows {
        // Liquibase notes the path that it was given.
        let file: String = row.get(0);
        let file = file.rsplit('/').next().unwrap_or_default().to_owned();
        applied.insert((file, row.get(1)), row.get(2));
    }
    let mut outstanding = Vec::new();
    for set in sets {
        match applied.remove(&(set.file.to_owned(), set.id.to_owned())) {
            None => outstanding.push(set),
            Some(Some(checksum)) if checksum != set.checksum() => {
                let reason = format!("{} was changed after it was applied", set.name());
                return Err(wrong(reason));
            }
            Some(_) => {}
        }
    }
    match applied.into_keys().next() {
        None => Ok(outstanding),
        Some((file, id)) => Err(wrong(format!(
            "it has {file}::{id}, which this program does not know: it was migrated by a later release"
        ))),
    }
}
