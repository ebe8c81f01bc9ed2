//! Lists, page by page.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::client::{Client, Error, MAX_REPLY_BYTES, Query, Result, read};
use super::text::plain_json;
use crate::domain::counted::{counted, noun_of};
use crate::domain::limits::MAX_PAGE;
use crate::output;

#[derive(Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

/// The first items of a list.
#[derive(Debug)]
pub struct List {
    items: Vec<Box<RawValue>>,
    /// Where the rest begins; `None` where there is none.
    next_cursor: Option<String>,
    /// The server's clock at the last page.
    pub now: DateTime<Utc>,
    url: String,
}

impl Client {
    /// Reads the first `limit` items, in as many calls as it takes.
    pub async fn list(&self, path: &[&str], query: Query<'_>, limit: u32) -> Result<List> {
        self.list_behind(None, path, query, limit).await
    }

    /// Reads the first `limit` items behind a cursor.
    pub async fn list_behind(
        &self,
        mut cursor: Option<String>,
        path: &[&str],
        query: Query<'_>,
        limit: u32,
    ) -> Result<List> {
        let mut items = Vec::new();
        let mut bytes = 0;
        loop {
            let left = limit.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
            let mut query = query.to_vec();
            query.push(("limit", Some(left.min(MAX_PAGE).to_string())));
            query.push(("cursor", cursor));
            let answer = self.get(path, &query).await?;
            let page: Page = answer.read()?;
            bytes += answer.json.get().len();
            if bytes > MAX_REPLY_BYTES {
                return Err(Error::TooLarge { url: answer.url });
            }
            let is_empty = page.items.is_empty();
            items.extend(page.items);
            if page.next_cursor.is_none() || is_empty || items.len() >= limit as usize {
                return Ok(List { items, next_cursor: page.next_cursor, now: answer.now, url: answer.url });
            }
            cursor = page.next_cursor;
        }
    }
}

impl List {
    /// True if the list goes on behind the last item.
    pub const fn has_more(&self) -> bool {
        self.next_cursor.is_some()
    }

    /// The items, as far as this version knows their members.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        self.items.iter().map(|item| read(item.get(), &self.url)).collect()
    }

    /// The pages as one, each item as it was sent and on a line of its own.
    pub fn print_json(&self) -> output::Result {
        let items: Vec<_> = self.items.iter().map(|item| plain_json(item.get())).collect();
        let next_cursor = serde_json::to_string(&self.next_cursor).expect("a text can be written as JSON");
        let (items, next_cursor) = (items.join(",\n"), plain_json(&next_cursor));
        output::line(format_args!("{{\"items\":[{items}],\"next_cursor\":{next_cursor}}}"))
    }

    /// Says so where there is more, or nothing; below a table. `what` is one of the items.
    pub fn say_what_is_missing(&self, what: &str) {
        let count = self.items.len();
        if count == 0 {
            output::say(format_args!("no {}", noun_of(count, what)));
        } else if self.next_cursor.is_some() {
            output::say(format_args!("the first {}; there are more: see --limit", counted(count, what)));
        }
    }
}
