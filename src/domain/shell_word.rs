//! A text as one word of a command that somebody copies into a shell: what an engine or a producer named must not act there.

use std::borrow::Cow;

/// As it is, or in single quotes.
#[must_use]
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | ':' | '/');
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn what_a_shell_acts_upon_is_quoted() {
        assert_eq!(shell_word("2.4.1-rc+7"), "2.4.1-rc+7");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("1; rm x"), "'1; rm x'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
    }
}
