//! A command of the program in a sentence of advice, to be copied into a shell as it stands.

use std::fmt;

use super::shell_word::shell_word;

/// `eventlease`, with what follows it. In a sentence it stands last, or before a `;`.
#[derive(Clone, Debug)]
pub struct AdvisedCommand {
    text: String,
    /// Behind all flags, where it would be taken for one.
    last: Option<String>,
}

/// The command of these words, like `queues set`.
#[must_use]
pub fn command(words: &str) -> AdvisedCommand {
    AdvisedCommand { text: format!("eventlease {words}"), last: None }
}

/// The list of a queue's engines.
#[must_use]
pub fn engines_of(engine_type: &str) -> AdvisedCommand {
    command("engines").flag("--engine-type", engine_type)
}

impl AdvisedCommand {
    /// What it is about: a name or an id.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        let subject = subject.to_string();
        if subject.starts_with('-') {
            self.last = Some(shell_word(&subject).into_owned());
        } else {
            self.text = format!("{} {}", self.text, shell_word(&subject));
        }
        self
    }

    /// A flag with its value.
    #[must_use]
    pub fn flag(mut self, name: &str, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        let between = if value.starts_with('-') { '=' } else { ' ' };
        self.text = format!("{} {name}{between}{}", self.text, shell_word(&value));
        self
    }

    /// A flag without a value.
    #[must_use]
    pub fn switch(mut self, name: &str) -> Self {
        self.text = format!("{} {name}", self.text);
        self
    }

    /// The engines of a version; `None`: those that register none.
    #[must_use]
    pub fn version(self, version: Option<&str>) -> Self {
        match version {
            Some(version) => self.flag("--engine-software-version", version),
            None => self.switch("--without-version"),
        }
    }
}

impl fmt::Display for AdvisedCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)?;
        self.last.as_ref().map_or(Ok(()), |last| write!(formatter, " -- {last}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{command, engines_of};

    #[test]
    fn what_begins_like_a_flag_is_not_taken_for_one() {
        let of = |name: &str| command("queues set").about(name).flag("--max-processing", 5).to_string();
        assert_eq!(of("dialogue"), "eventlease queues set dialogue --max-processing 5");
        assert_eq!(of("-v"), "eventlease queues set --max-processing 5 -- -v");
        assert_eq!(engines_of("-v").to_string(), "eventlease engines --engine-type=-v");
        let lift = command("queues lift").about("dialogue");
        assert_eq!(
            lift.clone().version(Some("-1; x")).to_string(),
            "eventlease queues lift dialogue --engine-software-version='-1; x'"
        );
        assert_eq!(lift.version(None).to_string(), "eventlease queues lift dialogue --without-version");
    }
}
