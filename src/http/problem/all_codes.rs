//! All codes of problems, for the series that metrics make of them.

use super::Code;

impl Code {
    pub const ALL: &[Self] = &[
        Self::MalformedJson,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotForBrowsers,
        Self::CrossSiteRefused,
        Self::HostNotAllowed,
        Self::NotFound,
        Self::TokenNotFound,
        Self::EngineNotFound,
        Self::EventNotFound,
        Self::QueueNotFound,
        Self::MethodNotAllowed,
        Self::LeaseLost,
        Self::AlreadySettled,
        Self::EngineTypeMismatch,
        Self::EngineIdTaken,
        Self::EventIsFinal,
        Self::NotADeadLetter,
        Self::QueueInUse,
        Self::CountChanged,
        Self::PayloadTooLarge,
        Self::RequestTimeout,
        Self::UnsupportedMediaType,
        Self::InvalidInput,
        Self::IdempotencyKeyReused,
        Self::PollIdReused,
        Self::TooManyQueues,
        Self::TooManyEventTypes,
        Self::Overloaded,
        Self::RateLimited,
        Self::Internal,
        Self::DatabaseUnavailable,
        Self::ShuttingDown,
        Self::DatabaseTimeout,
    ];

    pub const fn as_str(self) -> &'static str {
        self.facts().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_missing() {
        let source = include_str!("../problem.rs");
        let (_, variants) = source.split_once("pub enum Code {").expect("the codes");
        let (variants, _) = variants.split_once("\n}").expect("their end");
        let declared: Vec<&str> = variants.lines().map(str::trim).filter(|line| line.ends_with(',')).collect();
        let listed: Vec<String> = Code::ALL.iter().map(|code| format!("{code:?},")).collect();
        assert_eq!(listed, declared);
    }
}
