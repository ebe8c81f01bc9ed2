//! Settings as flags: those of a retry policy, for queues and event types, and what is set and unset as a merge patch.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::outcome::UsageError;

/// The member of a queue's settings that has its policy.
pub const RETRY_POLICY: &str = "retry_policy";

/// The members of a retry policy, each with a flag.
#[derive(Args, Debug)]
pub struct PolicyFlags {
    /// Reported failures after which an event is tried again, 0 to 100.
    #[arg(long)]
    max_retries: Option<u32>,

    /// Seconds before the first retry.
    #[arg(long)]
    retry_delay_initial: Option<u32>,

    /// Seconds before a retry, at most.
    #[arg(long)]
    retry_delay_max: Option<u32>,

    /// The factor from each delay to the next, 1 to 10.
    #[arg(long)]
    retry_delay_multiplier: Option<f64>,

    /// Silent losses (leases that end without a report) that make an event a dead letter, 1 to 100.
    #[arg(long)]
    dead_letter_threshold: Option<u32>,

    /// The share by which a delay may vary in either direction, 0 to 1.
    #[arg(long)]
    jitter: Option<f64>,
}

impl PolicyFlags {
    /// `above` leads to the policy.
    pub fn add_to(&self, changes: &mut Changes, above: &[&'static str]) {
        changes.set("max-retries", &[above, &["max_retries"]].concat(), self.max_retries);
        let delay = [above, &["retry_delay"]].concat();
        changes.set("retry-delay-initial", &[&delay[..], &["initial"]].concat(), self.retry_delay_initial);
        changes.set("retry-delay-max", &[&delay[..], &["max"]].concat(), self.retry_delay_max);
        changes.set("retry-delay-multiplier", &[&delay[..], &["multiplier"]].concat(), self.retry_delay_multiplier);
        changes.set("dead-letter-threshold", &[above, &["dead_letter_threshold"]].concat(), self.dead_letter_threshold);
        changes.set("jitter", &[above, &["jitter"]].concat(), self.jitter);
    }
}

/// A setting: the name of its flag, its place in the body, and its change.
#[derive(Debug)]
struct Setting {
    flag: &'static str,
    path: Vec<&'static str>,
    value: Option<Value>,
    is_unset: bool,
}

/// All settings that a command can change, with the changes it was given.
#[derive(Default, Debug)]
pub struct Changes {
    settings: Vec<Setting>,
}

impl Changes {
    /// `value`: `None` leaves it as it is.
    pub fn set(&mut self, flag: &'static str, path: &[&'static str], value: Option<impl Serialize>) {
        let value = value.map(|value| json!(value));
        self.settings.push(Setting { flag, path: path.to_vec(), value, is_unset: false });
    }

    /// Inherits a setting again, which is named like its flag, or like its member.
    pub fn unset(&mut self, name: &str) -> Result<(), UsageError> {
        let flag = name.trim().replace('_', "-");
        if let Some(setting) = self.settings.iter_mut().find(|setting| setting.flag == flag) {
            setting.is_unset = true;
            return Ok(());
        }
        let known: Vec<&str> = self.settings.iter().map(|setting| setting.flag).collect();
        Err(UsageError(format!("{name} is no setting that can be unset; there are {}", known.join(", "))))
    }

    /// Refuses what contradicts itself, or says nothing.
    pub fn checked(self) -> Result<Self, UsageError> {
        for set in self.settings.iter().filter(|setting| setting.value.is_some()) {
            let unset = self.settings.iter().find(|unset| unset.is_unset && set.path.starts_with(&unset.path));
            match unset {
                Some(unset) if unset.flag == set.flag => {
                    return Err(UsageError(format!("{} is both set and unset", set.flag)));
                }
                Some(unset) => {
                    return Err(UsageError(format!("{} is set, and {} is unset", set.flag, unset.flag)));
                }
                None => {}
            }
        }
        if self.settings.iter().all(|setting| setting.value.is_none() && !setting.is_unset) {
            return Err(UsageError("nothing to change: name a setting, or --unset one".to_owned()));
        }
        Ok(self)
    }

    /// As a merge patch (RFC 7396), with null for what is unset.
    pub fn patch(&self) -> Value {
        let mut patch = json!({});
        self.apply_to(&mut patch, |members, name, value| {
            members.insert(name.to_owned(), value);
        });
        patch
    }

    /// The settings that are there, changed.
    pub fn applied_to(&self, mut settings: Value) -> Value {
        self.apply_to(&mut settings, |members, name, value| {
            if value.is_null() {
                members.remove(name);
            } else {
                members.insert(name.to_owned(), value);
            }
        });
        settings
    }

    fn apply_to(&self, body: &mut Value, change: impl Fn(&mut Map<String, Value>, &str, Value)) {
        // A policy that is unset as a whole goes first, so that what is unset within it does not bring it back.
        let mut changed: Vec<&Setting> =
            self.settings.iter().filter(|one| one.is_unset || one.value.is_some()).collect();
        changed.sort_by_key(|setting| setting.path.len());
        let mut done: Vec<&[&str]> = Vec::new();
        for setting in changed {
            if done.iter().any(|above| setting.path.starts_with(above)) {
                continue;
            }
            if setting.is_unset {
                done.push(&setting.path);
            }
            let (name, above) = setting.path.split_last().expect("a setting has a name");
            let mut members = members_of(body);
            for member in above {
                members = members_of(members.entry(*member).or_insert(Value::Null));
            }
            change(members, name, setting.value.clone().unwrap_or(Value::Null));
        }
    }
}

/// The members of an object; what is none becomes one.
fn members_of(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was made one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_there_are_changed() {
        let mut changes = Changes::default();
        changes.set("max-retries", &["max_retries"], Some(5));
        changes.set("retry-delay-max", &["retry_delay", "max"], Some(60));
        changes.set("jitter", &["jitter"], None::<f64>);
        changes.unset("jitter").expect("it is known");
        let before = json!({"jitter": 0.2, "retry_delay": {"initial": 7}, "dead_letter_threshold": 9});
        let expected = json!({"dead_letter_threshold": 9, "max_retries": 5, "retry_delay": {"initial": 7, "max": 60}});
        assert_eq!(changes.applied_to(before), expected);
        // What is unset and is not there leaves nothing behind.
        let mut changes = Changes::default();
        changes.set("jitter", &["jitter"], None::<f64>);
        changes.unset("jitter").expect("it is known");
        assert_eq!(changes.applied_to(json!({})), json!({}));
    }
}
