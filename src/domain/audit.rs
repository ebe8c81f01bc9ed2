//! Who changed something, and what, as the audit trail has it.

use std::borrow::Cow;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Role;
use super::json::RawJson;
use super::json::object::members;
use super::limits::MAX_AUDIT_DETAIL_BYTES;
use super::tokens::TokenId;

/// Who asks for a change, and from where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// A token's name, or one of those below.
    pub name: String,
    /// `None` if the change was not asked for with a token.
    pub token_id: Option<TokenId>,
    /// The token's role; `None` without a token.
    pub role: Option<Role>,
    /// The client's address; `None` for the server itself and where it is not known.
    pub address: Option<IpAddr>,
    /// The id of the HTTP request; `None` for changes made by other means.
    pub request_id: Option<String>,
    /// The request says that the dashboard sent it.
    pub is_by_dashboard: bool,
}

impl Actor {
    /// The value of an entry's `via` for what the dashboard asked for.
    pub const DASHBOARD: &'static str = "dashboard";
    /// Somebody, where authentication is off.
    pub const ANONYMOUS: &'static str = "anonymous";
    /// The server itself, at its first start.
    pub const FIRST_START: &'static str = "first start";
    /// The server itself, which carries on with what somebody asked for.
    pub const SERVER: &'static str = "server";
    /// The program, run by somebody who has restored the database.
    pub const AFTER_RESTORE: &'static str = "after-restore";
    /// Somebody with the database's password.
    pub const DATABASE: &'static str = "database";

    /// One that is no token.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            token_id: None,
            role: None,
            address: None,
            request_id: None,
            is_by_dashboard: false,
        }
    }

    /// The name, where a token proves it.
    #[must_use]
    pub fn known_name(&self) -> Option<&str> {
        self.token_id.map(|_| self.name.as_str())
    }
}

/// One change, as it was recorded.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Version 7: in the order of recording.
    pub audit_id: Uuid,
    /// By the database's clock.
    pub recorded_at: DateTime<Utc>,
    /// The name of the caller that changed something.
    pub actor: String,
    /// The token that was shown.
    pub token_id: Option<Uuid>,
    /// The token's.
    pub role: Option<String>,
    /// The caller's.
    pub address: Option<String>,
    /// Of the HTTP request.
    pub request_id: Option<String>,
    /// `dashboard`, or `None`.
    pub via: Option<String>,
    /// The id of the operation.
    pub action: String,
    /// What was changed, by its id or name.
    pub subject: String,
    /// An object, within `MAX_AUDIT_DETAIL_BYTES`.
    pub details: RawJson,
}

/// Which entries are wanted; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The name of the caller that changed something.
    pub actor: Option<String>,
    /// The id of the operation.
    pub action: Option<String>,
    /// What was changed, by its id or name.
    pub subject: Option<String>,
    /// From this time on.
    pub recorded_after: Option<DateTime<Utc>>,
    /// Before this time.
    pub recorded_before: Option<DateTime<Utc>>,
}

/// A member of too large details that is kept whole.
const MAX_KEPT_BYTES: usize = 1 << 10;
/// Characters of a member that is cut.
const CUT_CHARS: usize = 500;

/// An entry's details, a JSON object, within `MAX_AUDIT_DETAIL_BYTES`. Where they are larger, each large member is replaced
/// by `{"is_cut": true, "bytes": …, "begins_with": "…"}`; where that is not enough, the whole is.
#[must_use]
pub fn bounded(details: &str) -> Cow<'_, str> {
    if details.len() <= MAX_AUDIT_DETAIL_BYTES {
        return Cow::Borrowed(details);
    }
    let whole = || Cow::Owned(cut(details).to_string());
    let Some(members) = serde_json::from_str::<&RawValue>(details).ok().and_then(members) else { return whole() };
    let kept: Vec<String> = members
        .iter()
        .map(|member| {
            let (name, json) = (member.spelling, member.value.get());
            if json.len() <= MAX_KEPT_BYTES { format!("{name}:{json}") } else { format!("{name}:{}", cut(json)) }
        })
        .collect();
    let bounded = format!("{{{}}}", kept.join(","));
    if bounded.len() <= MAX_AUDIT_DETAIL_BYTES { Cow::Owned(bounded) } else { whole() }
}

fn cut(json: &str) -> Value {
    json!({"is_cut": true, "bytes": json.len(), "begins_with": json.chars().take(CUT_CHARS).collect::<String>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_details_are_kept_as_they_are() {
        let details = r#"{"static_config": {"a": 1.50}}"#;
        assert_eq!(bounded(details), details);
    }

    #[test]
    fn large_members_are_cut_and_say_so() {
        let large = "x".repeat(3 << 20);
        let details = json!({"filter": {"error_type": large}, "dead_letters": 7}).to_string();
        let bounded: Value = serde_json::from_str(&bounded(&details)).expect("JSON");
        assert_eq!((&bounded["dead_letters"], &bounded["filter"]["is_cut"]), (&json!(7), &json!(true)));
        assert_eq!(bounded["filter"]["bytes"], json!({"error_type": large}).to_string().len());
        assert!(bounded["filter"]["begins_with"].as_str().is_some_and(|text| text.starts_with(r#"{"error_type":"xx"#)));
    }

    #[test]
    fn members_whose_names_no_text_holds_are_kept_and_what_is_no_object_is_cut_whole() {
        let large = format!(r#"{{"\ud83d": 1, "a": "{}"}}"#, "x".repeat(MAX_AUDIT_DETAIL_BYTES));
        assert!(bounded(&large).starts_with(r#"{"\ud83d":1,"a":{"#), "{}", bounded(&large));
        let array: Value = serde_json::from_str(&bounded(&format!("[{large}]"))).expect("JSON");
        assert_eq!(array["is_cut"], json!(true));
    }

    #[test]
    fn many_members_are_cut_together() {
        let many: Value =
            (0..10_000).map(|n| (n.to_string(), json!("x".repeat(500)))).collect::<serde_json::Map<_, _>>().into();
        let bounded = bounded(&many.to_string()).into_owned();
        assert!(bounded.len() <= MAX_AUDIT_DETAIL_BYTES && bounded.starts_with('{'), "{bounded}");
    }
}
