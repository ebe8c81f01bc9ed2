//! Acting as the owner of the tables. Only a table's owner may give it partitions and take them away, and what one role
//! makes another cannot change: so everything that is made belongs to one role, whichever member of it connects.

use std::sync::Arc;

use sqlx::PgConnection;

use super::error::InWords;
use super::error::{Error, Result};

/// `insufficient_privilege`
const NO_RIGHT: &str = "42501";

/// From PostgreSQL 16 on a member may be one that cannot switch to the role.
const MAY_SWITCH: &str = "pg_has_role(owner.oid,
    case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end)";

/// Switches this session to the owner of the schema, if it is another role and may be switched to.
pub async fn act_as_owner_of_schema(connection: &mut PgConnection) -> Result<()> {
    let statement = format!(
        "select set_config('role', owner.rolname, false)
         from pg_namespace s join pg_roles owner on owner.oid = s.nspowner
         where s.nspname = 'eventlease' and owner.rolname <> current_user and {MAY_SWITCH}"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

/// For how long a switch lasts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// Until the transaction ends.
    Transaction,
    /// Until the connection is closed.
    Session,
}

/// Switches to the owner of the partitioned tables, if it is another role and may be switched to. Answers the role before,
/// for [`act_as`]; `None` where nothing was switched.
pub async fn act_as_owner_of_tables(connection: &mut PgConnection, lasting: Lasting) -> Result<Option<String>> {
    let statement = format!(
        "with before as materialized (select current_setting('role') as role)
         select before.role, set_config('role', owner.rolname, $1)
         from before, pg_class c join pg_namespace s on s.oid = c.relnamespace join pg_roles owner on owner.oid = c.relowner
         where s.nspname = 'eventlease' and c.relname = 'events' and owner.rolname <> current_user and {MAY_SWITCH}"
    );
    let switched: Option<(String, String)> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(lasting == Lasting::Transaction)
        .fetch_optional(connection)
        .await?;
    Ok(switched.map(|(before, _)| before))
}

/// Switches back within a transaction.
pub async fn act_as(connection: &mut PgConnection, role: &str) -> Result<()> {
    sqlx::query("select set_config('role', $1, true)").bind(role).execute(connection).await?;
    Ok(())
}

/// A failure, which says what to do where it is for want of a right. `deed` follows "the role may not".
pub fn explained(error: sqlx::Error, user: &str, deed: &str) -> Error {
    if !is_of_rights(&error) {
        return error.into();
    }
    let problem =
        format!("the role {user:?} may not {deed} ({}): docs/operators.md lists the rights it needs", InWords(&error));
    Error::Unusable(Arc::from(problem))
}

/// True if the role lacks a right that the statement needs.
pub fn is_of_rights(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == NO_RIGHT)
}

/// Who this session acts as.
pub async fn current_user(connection: &mut PgConnection) -> Result<String> {
    Ok(sqlx::query_scalar("select current_user::text").fetch_one(connection).await?)
}
