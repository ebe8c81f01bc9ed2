//! Reads rows into types of the domain. `from_row!` lists a type's fields; each is read from the column of its name, or
//! from several columns that make it up.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{Row as _, ValueRef as _};
use uuid::Uuid;

use super::error::Error;
use crate::domain::access::Role;
use crate::domain::database_health::SnapshotHolder;
use crate::domain::engine::{AfterDrain, EngineStatus};
use crate::domain::event::{DeadLetterReason, Outcome, Status};
use crate::domain::follow_up::FollowUp;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::RawJson;
use crate::domain::redrive_job::{self, RedriveJobId};
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::domain::settlement::Answer;
use crate::domain::verdict::Spent;

/// A value that can be read from a row.
pub(super) trait Field: Sized {
    fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self>;

    /// Whether an optional value is missing.
    fn is_null(row: &PgRow, column: &'static str) -> sqlx::Result<bool> {
        Ok(row.try_get_raw(column)?.is_null())
    }
}

impl<T: Field> Field for Option<T> {
    fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self> {
        if T::is_null(row, column)? { Ok(None) } else { T::read(row, column).map(Some) }
    }
}

macro_rules! as_stored {
    ($($type:ty),+) => { $(
        impl Field for $type {
            fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self> {
                row.try_get(column)
            }
        }
    )+ };
}
as_stored!(bool, i16, i32, i64, f64, String, Vec<i64>, Vec<String>, Uuid, DateTime<Utc>);

macro_rules! converted {
    ($($type:ty: $stored:ty, $convert:expr;)+) => { $(
        impl Field for $type {
            fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self> {
                row.try_get::<$stored, _>(column).map($convert)
            }
        }
    )+ };
}
converted! {
    EventId: Uuid, EventId;
    EngineId: Uuid, EngineId;
    LeaseToken: Uuid, LeaseToken::from_uuid;
    RedriveJobId: Uuid, RedriveJobId;
    RawJson: Json<RawJson>, |Json(json)| json;
    Vec<FollowUp>: Json<Vec<FollowUp>>, |Json(follow_ups)| follow_ups;
    RetryPolicyOverrides: Json<RetryPolicyOverrides>, |Json(policy)| policy;
}

macro_rules! number {
    ($($type:ty: $stored:ty),+) => { $(
        impl Field for $type {
            fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self> {
                let stored: $stored = row.try_get(column)?;
                Self::try_from(stored).map_err(|_| unknown(column, stored))
            }
        }
    )+ };
}
number!(u8: i16, u32: i32);

macro_rules! word {
    ($($type:ty),+) => { $(
        impl Field for $type {
            fn read(row: &PgRow, column: &'static str) -> sqlx::Result<Self> {
                let stored: Option<&str> = row.try_get(column)?;
                stored.and_then(Self::parse).ok_or_else(|| unknown(column, stored.unwrap_or("null")))
            }
        }
    )+ };
}
word!(
    Status,
    Outcome,
    Answer,
    DeadLetterReason,
    EngineStatus,
    AfterDrain,
    Role,
    SnapshotHolder,
    redrive_job::State,
    redrive_job::StateReason
);

/// A stored value that no value of the domain stands for.
#[derive(Debug, thiserror::Error)]
#[error("{column} holds {value:?}, which is not understood")]
struct Unknown {
    column: &'static str,
    value: String,
}

/// The failure of a column with such a value.
pub(super) fn unknown(column: &'static str, value: impl fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(Unknown { column, value: value.to_string() }))
}

/// Names the table and the row of a value that is not understood; other failures stay as they are.
pub(super) fn located(error: sqlx::Error, table: &'static str, id: String) -> sqlx::Error {
    let sqlx::Error::Decode(source) = error else { return error };
    sqlx::Error::Decode(match source.downcast::<Unknown>() {
        Ok(unknown) => Box::new(Error::corrupt(table, unknown.column, id, &unknown.value)),
        Err(source) => source,
    })
}

/// Reads the type's fields from the columns of their names. A value that is not understood is one of the table given, in
/// the row that the id names.
macro_rules! from_row {
    ($type:ty, $table:literal, $id:ident: $id_type:ty, { $($field:ident),+ $(,)? }) => {
        impl<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> for $type {
            fn from_row(row: &'r sqlx::postgres::PgRow) -> sqlx::Result<Self> {
                use crate::store::row::{Field, located};
                let read = || Ok(Self { $($field: Field::read(row, stringify!($field))?),+ });
                read().map_err(|error| {
                    let id = <$id_type as Field>::read(row, stringify!($id)).map_or_else(|_| String::new(), |id| id.to_string());
                    located(error, $table, id)
                })
            }
        }
    };
}

/// Reads a part of a type from several columns. Where it is optional, it is missing if its first column is null.
macro_rules! from_columns {
    ($type:ty, { $first:ident: $first_column:literal $(, $field:ident: $column:literal)* $(,)? }) => {
        impl crate::store::row::Field for $type {
            fn read(row: &sqlx::postgres::PgRow, _: &'static str) -> sqlx::Result<Self> {
                use crate::store::row::Field;
                Ok(Self { $first: Field::read(row, $first_column)? $(, $field: Field::read(row, $column)?)* })
            }

            fn is_null(row: &sqlx::postgres::PgRow, _: &'static str) -> sqlx::Result<bool> {
                use sqlx::{Row as _, ValueRef as _};
                Ok(row.try_get_raw($first_column)?.is_null())
            }
        }
    };
}
pub(super) use {from_columns, from_row};

from_columns!(Spent, { failures: "failures", lease_losses: "lease_losses", releases: "releases" });
