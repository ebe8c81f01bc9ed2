//! What is announced to all replicas with the commit that changes it: that engines of a type have something to hear.

use sqlx::PgConnection;

use crate::store::error::Result;

/// The channel; a payload names what it concerns, and the engine type.
pub const CHANNEL: &str = "eventlease_engines";

/// Which waiting requests of an engine type may have their answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Concerns {
    /// Heartbeats.
    Heartbeats,
    /// Heartbeats and polls.
    HeartbeatsAndPolls,
}

impl Concerns {
    const ALL: [Self; 2] = [Self::Heartbeats, Self::HeartbeatsAndPolls];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeats => "heartbeats",
            Self::HeartbeatsAndPolls => "all",
        }
    }
}

/// Announces, with the commit, that engines of these types have something to hear.
pub async fn announce(connection: &mut PgConnection, concerns: Concerns, engine_types: &[&str]) -> Result<()> {
    sqlx::query("select pg_notify($1, $2 || ' ' || engine_type) from unnest($3::text[]) as told (engine_type)")
        .bind(CHANNEL)
        .bind(concerns.as_str())
        .bind(engine_types)
        .execute(connection)
        .await?;
    Ok(())
}

/// Reads what was announced; `None` where it is no announcement of ours.
pub fn read(payload: &str) -> Option<(Concerns, String)> {
    let (concerns, engine_type) = payload.split_once(' ')?;
    let concerns = Concerns::ALL.into_iter().find(|known| known.as_str() == concerns)?;
    Some((concerns, engine_type.to_owned()))
}
