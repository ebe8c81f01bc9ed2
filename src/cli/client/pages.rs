//! Lists, page by page.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Client, Error, MAX_REPLY_BYTES, Query, Result, read};
use crate::cli::text::plain_json;
use crate::domain::limits::MAX_PAGE;

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
    pub fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        self.items.iter().map(|item| read(item.get(), &self.url)).collect()
    }

    /// The pages as one, each item as it was sent and on a line of its own.
    pub fn print_json(&self) -> io::Result<()> {
        let items: Vec<_> = self.items.iter().map(|item| plain_json(item.get())).collect();
        let next_cursor = serde_json::to_string(&self.next_cursor)?;
        writeln!(io::stdout(), "{{\"items\":[{}],\"next_cursor\":{}}}", items.join(",\n"), plain_json(&next_cursor))
    }

    /// Says so where there is more, or nothing; below a table.
    pub fn say_what_is_missing(&self, what: &str) {
        if self.items.is_empty() {
            eprintln!("no {what}");
        } else if self.next_cursor.is_some() {
            eprintln!("the first {} {what}; there are more: see --limit", self.items.len());
        }
    }
}
