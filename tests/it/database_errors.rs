//! PostgreSQL's errors as problems, which say whether the same call may work in a moment.

use eventlease::store::Error;
use sqlx::AssertSqlSafe;

use crate::support::Lab;

async fn raised(lab: &Lab, code: &str) -> Error {
    let raise = format!("do $$ begin raise exception using errcode = '{code}'; end $$");
    sqlx::raw_sql(AssertSqlSafe(raise)).execute(&lab.db).await.expect_err("it is raised").into()
}

#[tokio::test]
async fn what_may_work_in_a_moment_is_told_from_what_will_not() {
    let lab = Lab::start().await;
    // A deadlock, a failed serialization, a full disk, no memory, no connections, a shutdown, a crash, a start, a
    // standby, a transaction that was idle for too long, a lost connection.
    for code in
        ["40P01", "40001", "53100", "53200", "53300", "57P01", "57P02", "57P03", "25006", "25P03", "08006", "08001"]
    {
        let error = raised(&lab, code).await;
        assert!(matches!(error, Error::Unavailable(_)), "{code}: {error:?}");
    }
    let error = raised(&lab, "57014").await;
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    let error = raised(&lab, "55P03").await;
    assert!(matches!(error, Error::Locked(_)), "{error:?}");
    for code in ["23505", "42P01", "22P02", "XX000"] {
        let error = raised(&lab, code).await;
        assert!(matches!(error, Error::Failed(_)), "{code}: {error:?}");
    }
}
