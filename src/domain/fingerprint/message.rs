use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::json::string::JsonString;
use crate::domain::limits::{MAX_ERROR_MESSAGE_CHARS, MAX_FINGERPRINT_READ_CHARS};

#[derive(Deserialize)]
struct SentError<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
}

/// The message `kept` of an error, or more of it out of the error's JSON if it was cut: where it was cut depends on how long the
/// changing parts before are.
pub fn whole<'a>(kept: &'a str, json: Option<&str>) -> Cow<'a, str> {
    let is_cut = kept.len() >= MAX_ERROR_MESSAGE_CHARS && kept.chars().count() >= MAX_ERROR_MESSAGE_CHARS;
    let sent = json.filter(|_| is_cut).and_then(|json| serde_json::from_str::<SentError<'_>>(json).ok());
    let message = sent.as_ref().and_then(|sent| JsonString::decode(sent.message));
    message.map_or(Cow::Borrowed(kept), |message| Cow::Owned(message.storable(MAX_FINGERPRINT_READ_CHARS)))
}
