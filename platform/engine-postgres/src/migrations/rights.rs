//! Rights that a migration needs, checked before it changes anything.

use super::{role_name, schema_name};
use crate::{
    PostgresOptions,
    connection::{Connection, DatabaseConnector},
    error::DatabaseError,
};
use tokio_postgres::Error;

/// What a user may do in a database, and to its roles and schemas.
const RIGHTS: &str = "SELECT has_database_privilege(current_database(), 'CREATE'), \
    r.rolsuper OR r.rolcreaterole, \
    r.rolsuper OR r.rolcreaterole AND current_setting('server_version_num')::int < 160000, \
    array(SELECT wanted FROM unnest($1::text[]) wanted WHERE NOT EXISTS (SELECT FROM pg_roles k WHERE k.rolname = wanted)), \
    array(SELECT k.rolname::text FROM pg_roles k WHERE k.rolname = ANY($1::text[]) \
        AND NOT pg_has_role(k.oid, 'MEMBER WITH ADMIN OPTION')), \
    array(SELECT n.nspname::text FROM pg_namespace n WHERE n.nspname = ANY($2::text[]) \
        AND NOT pg_has_role(n.nspowner, 'USAGE')), \
    EXISTS (SELECT FROM pg_roles k WHERE k.rolname = $3) \
    FROM pg_roles r WHERE r.rolname = current_user";

/// Refuses an owner who may not do what [`migrate`](crate::migrate) does for these services and `user`. Changes nothing.
///
/// # Errors
///
/// [`DatabaseError::Rights`] with the first right that is missing, or another [`DatabaseError`].
pub async fn check_rights(
    owner: &PostgresOptions,
    user: &str,
    services: &[&'static str],
) -> Result<(), DatabaseError> {
    let server = owner.server();
    let connector = DatabaseConnector::new(owner.clone())?;
    let connection = connector.connect(None).await;
    let connection = connection.map_err(|error| DatabaseError::new(&server, &error))?;
    check(&connection, owner, user, services).await
}

pub(super) async fn check(
    connection: &Connection,
    owner: &PostgresOptions,
    user: &str,
    services: &[&'static str],
) -> Result<(), DatabaseError> {
    let missing = missing(connection, owner, user, services).await;
    let missing = missing.map_err(|error| DatabaseError::new(&owner.server(), &error))?;
    missing.map_or(Ok(()), |reason| {
        let (server, user) = (owner.server(), owner.user().to_owned());
        Err(DatabaseError::Rights { server, user, reason })
    })
}

/// What is missing, if anything.
async fn missing(
    connection: &Connection,
    owner: &PostgresOptions,
    user: &str,
    services: &[&'static str],
) -> Result<Option<String>, Error> {
    let database = owner.config.get_dbname().unwrap_or_default();
    let roles: Vec<String> = services.iter().map(|it| role_name(database, it)).collect();
    let schemas: Vec<String> = services.iter().map(|it| schema_name(it)).collect();
    let row = connection.client.query_one(RIGHTS, &[&roles, &schemas, &user]).await?;
    let (may_create, may_create_roles, may_give_any): (bool, bool, bool) =
        (row.get(0), row.get(1), row.get(2));
    let (new_roles, not_its_roles): (Vec<String>, Vec<String>) = (row.get(3), row.get(4));
    let (not_its_schemas, is_user): (Vec<String>, bool) = (row.get(5), row.get(6));
    Ok(if !may_create {
        Some("it may not create schemas in the database".to_owned())
    } else if let Some(schema) = not_its_schemas.first() {
        Some(format!("the schema {schema} belongs to somebody else"))
    } else if let Some(role) = new_roles.first().filter(|_| !may_create_roles) {
        Some(format!("it may not create roles such as {role}"))
    } else if let Some(role) = not_its_roles.first().filter(|_| !may_give_any) {
        Some(format!("it may not give the role {role} to anybody"))
    } else if !is_user {
        Some(format!("there is no user {user} to give the roles of the services to"))
    } else {
        None
    })
}
