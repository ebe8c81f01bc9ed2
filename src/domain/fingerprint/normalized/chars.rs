//! Questions about characters and words.

/// How many characters at the front are meant.
pub fn run(chars: &[char], is_meant: impl Fn(char) -> bool) -> usize {
    chars.iter().position(|c| !is_meant(*c)).unwrap_or(chars.len())
}

/// Whether a word is one of those that stand in a text with spaces between them.
pub fn is_one_of(words: &str, word: impl Iterator<Item = char>) -> bool {
    let word: String = word.collect();
    words.split(' ').any(|known| known == word)
}

/// A number of another script as a digit, so that it is read like one.
pub fn with_plain_digits(c: char) -> char {
    if !c.is_ascii() && c.is_numeric() { '0' } else { c }
}
