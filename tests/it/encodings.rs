//! Databases that cannot store every character are refused before anything is done with them.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::cli::program::run_beside;
use crate::support::cluster;

async fn administrate(statement: &str) {
    let mut admin = PgConnection::connect(&cluster::admin_url()).await.expect("the test cluster runs");
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut admin).await.expect("a database comes and goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_utf8_is_refused_by_every_command() {
    for encoding in ["WIN1252", "EUC_JP", "SQL_ASCII"] {
        let name = format!("encoded_{}", Uuid::new_v4().simple());
        administrate(&format!("create database {name} encoding '{encoding}' locale 'C' template template0")).await;
        let mut url = url::Url::parse(&cluster::admin_url()).expect("a URL");
        url.set_path(&name);
        for command in [
            "serve --listen 127.0.0.1:0",
            "migrate",
            "migrate --sql",
            "migrate --status",
            "migrate --check",
            "token create --name me --role admin",
            "doctor",
        ] {
            let arguments = command.split_whitespace().chain(["--database-url", url.as_str()]);
            let ended = run_beside(arguments.map(str::to_owned).collect()).await;
            assert_eq!(ended.code, Some(1), "{encoding}, {command}: {ended:?}");
            let said = format!("{}{}", ended.stdout, ended.stderr);
            for told in [encoding, "encoding 'UTF8'", "template0"] {
                assert!(said.contains(told), "{encoding}, {command}, {told}: {ended:?}");
            }
        }
        let mut database = PgConnection::connect(url.as_str()).await.expect("the database");
        let has_schema: bool =
            sqlx::query_scalar("select exists (select from pg_namespace where nspname = 'eventlease')")
                .fetch_one(&mut database)
                .await
                .expect("an answer");
        assert!(!has_schema, "{encoding}");
        database.close().await.expect("closed");
        administrate(&format!("drop database {name} with (force)")).await;
    }
}
