use super::DatabaseUrl;

#[track_caller]
fn refusal(text: &str) -> String {
    DatabaseUrl::parse(text).expect_err(text)
}

#[test]
fn good_urls_are_kept_and_shown_without_their_password() {
    for (text, shown) in [
        ("postgres://me:secret@db:5432/app", "postgres://me:***@db:5432/app"),
        ("postgresql://me:secret@[::1]/app", "postgresql://me:***@[::1]/app"),
        ("postgres://db/app?password=secret&sslmode=require", "postgres://db/app?sslmode=require"),
        ("postgres://me:12%23secret@db/app", "postgres://me:***@db/app"),
        ("postgres://me:pa@secret@db/app", "postgres://me:***@db/app"),
        ("postgres://me:pa,secret@db/app", "postgres://me:***@db/app"),
        ("postgres:///app?host=%2Fvar%2Frun%2Fa%2Cb", "postgres:///app?host=%2Fvar%2Frun%2Fa%2Cb"),
        ("postgres://db/app?options=-c%20my.key%3Dsecret", "postgres://db/app"),
        ("postgres://db/app?options[my.key]=secret", "postgres://db/app"),
        ("postgres:///app?host=/tmp&user=me", "postgres:///app?host=%2Ftmp&user=me"),
        ("postgres://db/app?user=a%40b&password=correct%26secret", "postgres://db/app?user=a%40b"),
        ("postgres://db/app?application_name=a@b", "postgres://db/app?application_name=a%40b"),
    ] {
        let url = DatabaseUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((url.to_string().as_str(), format!("{url:?}").as_str()), (shown, shown));
        assert_eq!(url.ignored_parameters(), [""; 0], "{text}");
        assert_eq!(url.reveal().contains("secret"), text.contains("secret"), "{text}");
    }
}

#[test]
fn parameters_that_are_not_understood_are_left_out_and_only_their_names_are_told() {
    let url = DatabaseUrl::parse("postgres://me@db/app?sslpassword=secret&connect_timeout=10&sslmode=prefer");
    let url = url.expect("a URL");
    assert_eq!(url.ignored_parameters(), ["sslpassword", "connect_timeout"]);
    assert_eq!(url.reveal(), "postgres://me@db/app?sslmode=prefer");
    assert_eq!(url.to_string(), url.reveal());
}

/// What is wrong is said with its remedy, and nothing of the text is shown.
#[test]
fn bad_urls_are_refused_with_a_remedy_and_without_their_password() {
    for (text, told) in [
        ("", "is empty"),
        (" ", "is empty"),
        ("postgres://me:12#secret@db/app", "'#' as %23"),
        ("postgres://me:secret@db/app#fragment", "'#' as %23"),
        ("postgres://me:p@ss/secret@db/app", "'/' as %2F"),
        ("postgres://me:secret/x@db/app", "'/' as %2F"),
        ("postgres://me:12/secret@db/app", "'/' as %2F"),
        ("postgres://me:12?secret@db/app", "'?' as %3F"),
        ("postgres://me:12?secret=x@db/app", "'?' as %3F"),
        ("postgres://me:p@12?secret/x@db/app", "'?' as %3F"),
        ("postgres://me:secret@db:port/app", "invalid port"),
        ("postgres://me:sec ret@db/app", "%20"),
        ("postgres://me:secret\n@db/app", "control character"),
        ("postgres://me:secret%ff@db/app", "UTF-8"),
        ("postgres://me:secret@db1,db2/app", "several hosts"),
        ("postgres://me:secret@db1:5432,db2:5432/app", "several hosts"),
        ("postgres://me:secret@/app?host=db1,db2", ""),
        ("postgres://me:secret@/app?host=/tmp", "for a socket: postgres:///app?host=/tmp&user=me"),
        ("postgres://db/app?password=correct&secret", "'&' as %26"),
        ("postgres://me@db/app?secret&sslmode=require", "'&' as %26"),
        ("postgres://me:12?user=secret@db/app", "'?' as %3F"),
        ("postgres://me:12?dbname=secret@db/app", "parameter dbname"),
        ("postgres://me:x@db/app?user=secret@db", "%40"),
        ("postgres:///app?password=secret&host=db1,db2", "several hosts"),
        ("postgres:///app?password=secret&host=db1&port=5432,5433", "several hosts"),
        ("postgres://db/app?password=secret&sslmode=maybe", "verify-full"),
        ("postgres://db/app?password=secret&port=many", "port number"),
        ("postgres://db/app?password=secret&hostaddr=db", "IP address"),
        ("mysql://me:secret@db/app", "mysql://"),
        ("jdbc:postgresql://me:secret@db/app", "jdbc:postgresql://"),
        ("me:secret@db/app", "does not begin with postgres://"),
        ("db:5432/secret", "does not begin with postgres://"),
        ("host=db password=secret", "list of names and values"),
        ("password=secret", "list of names and values"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(told), "{text}: {refusal}");
        assert!(!refusal.contains("secret") && !refusal.contains("12"), "{text}: {refusal}");
    }
}
