//! Which dead letters are meant: the same flags for all that picks some.

use clap::Args;
use serde_json::{Map, Value, json};

/// What dead letters may be without.
const NULLABLE: [&str; 3] = ["error_type", "error_fingerprint", "engine_software_version"];

/// Those that are all of it. What a value may be, the server says.
#[derive(Args, Clone, Default, Debug)]
pub struct Filter {
    /// Only of that queue.
    #[arg(long)]
    engine_type: Option<String>,

    /// Only of that event type.
    #[arg(long)]
    event_type: Option<String>,

    /// Only for that reason: `retries_exhausted`, `not_retryable` or `lease_losses_exhausted`.
    #[arg(long)]
    reason: Option<String>,

    /// Only whose last error had that type; an empty text: none.
    #[arg(long)]
    error_type: Option<String>,

    /// Only of that cause, as `dead-letters groups` shows it.
    #[arg(long, alias = "fingerprint")]
    error_fingerprint: Option<String>,

    /// Only whose last error's message has that text, in any case.
    #[arg(long)]
    error_contains: Option<String>,

    /// Only of that run.
    #[arg(long)]
    scenario_run_id: Option<String>,

    /// Only last worked on by that version; an empty text: by none, or an unknown one.
    #[arg(long)]
    engine_software_version: Option<String>,

    /// Only from then on, like 2030-01-31T12:00:00Z.
    #[arg(long)]
    dead_lettered_after: Option<String>,

    /// Only before then.
    #[arg(long)]
    dead_lettered_before: Option<String>,

    /// Only redriven at most that often.
    #[arg(long)]
    redrives_max: Option<u32>,
}

impl Filter {
    fn texts(&self) -> [(&'static str, &Option<String>); 10] {
        [
            ("engine_type", &self.engine_type),
            ("event_type", &self.event_type),
            ("reason", &self.reason),
            ("error_type", &self.error_type),
            ("error_fingerprint", &self.error_fingerprint),
            ("error_contains", &self.error_contains),
            ("scenario_run_id", &self.scenario_run_id),
            ("engine_software_version", &self.engine_software_version),
            ("dead_lettered_after", &self.dead_lettered_after),
            ("dead_lettered_before", &self.dead_lettered_before),
        ]
    }

    /// True if no flag is given: the filter matches all.
    pub fn is_empty(&self) -> bool {
        self.query().iter().all(|(_, value)| value.is_none())
    }

    /// The flags as parameters of a query.
    pub fn query(&self) -> Vec<(&'static str, Option<String>)> {
        let mut query: Vec<_> = self.texts().into_iter().map(|(name, value)| (name, value.clone())).collect();
        query.push(("redrives_max", self.redrives_max.map(|most| most.to_string())));
        query
    }

    /// As the member `filter` of a body, in which null stands for what is empty on the command line.
    pub fn body(&self) -> Value {
        let texts = self.texts().into_iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            let is_null = value.is_empty() && NULLABLE.contains(&name);
            Some((name.to_owned(), if is_null { Value::Null } else { json!(value) }))
        });
        let mut body: Map<String, Value> = texts.collect();
        if let Some(most) = self.redrives_max {
            body.insert("redrives_max".to_owned(), json!(most));
        }
        Value::Object(body)
    }

    /// In words, for a question.
    pub fn in_words(&self) -> String {
        let given = self.query().into_iter().filter_map(|(name, value)| match value?.as_str() {
            "" if NULLABLE.contains(&name) => Some(format!("no {name}")),
            value => Some(format!("{name} {value:?}")),
        });
        given.collect::<Vec<_>>().join(", ")
    }
}
