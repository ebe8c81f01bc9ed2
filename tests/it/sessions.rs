//! Sessions of the database that differ from what a fresh installation gives: their settings, their number, and whether
//! they take writes.

mod interruption;
mod read_only;
mod room;
mod settings;

use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use crate::support::{Caller, Reply, cluster};

/// A database without anything in it, and a role of its own that owns it and can log in.
struct OwnRole {
    /// Of the database and of the role.
    name: String,
    /// As the role.
    url: String,
    admin: PgPool,
}

impl OwnRole {
    async fn create() -> Self {
        let name = format!("own_{}", Uuid::new_v4().simple());
        let admin = PgPool::connect(&cluster::admin_url()).await.expect("the test cluster runs");
        let mut url = url::Url::parse(&cluster::admin_url()).expect("a URL");
        url.set_path(&name);
        url.set_username(&name).expect("a URL with a user");
        let own = Self { url: url.to_string(), admin, name };
        // One may not make databases for another without being it; superusers may.
        own.administrate(&format!("create role {} login", own.name)).await;
        own.administrate(&format!("create database {0} owner {0}", own.name)).await;
        own
    }

    async fn administrate(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&self.admin)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    async fn remove(self) {
        self.administrate(&format!("drop database {} with (force)", self.name)).await;
        self.administrate(&format!("drop role {}", self.name)).await;
        self.admin.close().await;
    }
}

/// Enqueues an event, and answers the reply, whatever it is.
async fn enqueue(caller: &Caller) -> Reply {
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {"n": 1}});
    caller.call("POST", "/api/v1/events", event).await
}
