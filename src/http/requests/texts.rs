//! What texts in a path, a query or a header can say.

/// Reads a UUID with its hyphens. An error continues a sentence that begins with its place.
pub fn parse_uuid(text: &str) -> Result<uuid::Uuid, String> {
    // Only the hyphenated form: `uuid` would take braces and a URN prefix as well.
    match text.len() {
        36 => uuid::Uuid::try_parse(text).map_err(|_| "is not a UUID".to_owned()),
        _ => Err("is not a UUID".to_owned()),
    }
}

/// A whole number in a query.
pub fn number_in(range: std::ops::RangeInclusive<u32>) -> impl FnOnce(&str) -> Result<u32, String> {
    move |text| {
        let (low, high) = (range.start(), range.end());
        text.parse::<u32>()
            .ok()
            .filter(|number| range.contains(number) && !text.starts_with('+'))
            .ok_or_else(|| format!("must be a whole number from {low} to {high}"))
    }
}

/// A truth in a query.
pub fn truth(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false"),
    }
}

/// A text to filter by. What is compared with every row has a limit.
pub fn text_up_to(max_chars: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| {
        // No text of the database's can have it, so no filter can look for it.
        if text.contains('\0') {
            return Err("has a NUL character".to_owned());
        }
        match text.chars().count() {
            chars if chars <= max_chars => Ok(text.to_owned()),
            chars => Err(format!("has {chars} characters; at most {max_chars} are taken")),
        }
    }
}

/// A time in a query.
pub fn time(text: &str) -> Result<chrono::DateTime<chrono::Utc>, String> {
    chrono::DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| "must be a time as of RFC 3339, like 2030-01-31T12:00:00Z".to_owned())
}
