//! A message without the parts that change from one event to the next. It is read once from its beginning to its end; only
//! what stands in quotes is read again, as often as quotes stand in quotes, up to three times.

/// Words, paths and addresses.
mod words;
/// Which quoted strings are data.
mod quoted;
/// What was read.
mod normal;
/// Ids that a program has generated.
mod ids;
/// Numbers, units, times and codes.
mod numbers;
/// Characters.
mod chars;

use std::mem;

use crate::domain::limits::{MAX_FINGERPRINT_READ_CHARS, MAX_FINGERPRINTED_CHARS};

use chars::run;
use normal::{Bracket, Normal};

/// Stands for quoted data.
const QUOTED: &str = "\"#\"";
/// Strings in strings: what is deeper is data.
const MAX_STRINGS: usize = 3;
/// What stands between these is data: `input_value=` is pydantic's, `Source` is Jackson's, the others are PostgreSQL's.
const DATA: [(&str, &str); 4] =
    [("input_value=", ", input_type="), (")=(", ")"), ("row contains (", ")."), ("[Source: (String)", "; line: ")];

/// The message with `#` in the place of what changes and with white space folded; the first 2,000 characters of that.
pub fn normalized(message: &str) -> String {
    let chars: Vec<char> = message.chars().take(MAX_FINGERPRINT_READ_CHARS).map(chars::with_plain_digits).collect();
    let mut reader = Reader::default();
    reader.read_all(&chars);
    let cut: String = reader.normal.text.chars().take(MAX_FINGERPRINTED_CHARS).collect();
    cut.trim_end().to_owned()
}

#[derive(Default)]
struct Reader {
    normal: Normal,
    /// In how many strings it is.
    strings: usize,
    ends: Ends,
}

/// What does not end any more in the string that is read: its end is not looked for again.
#[derive(Default)]
struct Ends {
    of_quotes: Vec<char>,
    of_data: Vec<&'static str>,
}

impl Reader {
    fn read_all(&mut self, chars: &[char]) {
        let mut rest = chars;
        while let Some(&first) = rest.first()
            && !self.normal.is_full()
        {
            rest = &rest[self.read(first, rest)..];
        }
    }

    /// Reads what begins with `first`; answers how many characters that was, one at least.
    fn read(&mut self, first: char, rest: &[char]) -> usize {
        if first.is_whitespace() {
            if !self.normal.slice().is_empty() && !self.normal.text.ends_with(' ') {
                self.normal.text.push(' ');
            }
            return run(rest, char::is_whitespace);
        }
        if let Some(length) = self.data(rest).or_else(|| self.quoted(rest)) {
            return length;
        }
        if let Some(length) = ids::bracketed_address(rest) {
            self.normal.changing();
            return length;
        }
        let length = run(rest, words::is_of_word);
        if length > 0 {
            let (word, after) = rest.split_at(length);
            if ids::is_base64(word, after) {
                self.normal.changing();
                return length + run(after, |c| c == '=');
            }
            self.normal.word(word, after);
            return length + words::query(word, after);
        }
        if matches!(first, '{' | '[' | '(') {
            self.open(first);
        } else {
            self.normal.close(first);
        }
        1
    }

    fn open(&mut self, opening: char) {
        let before = self.normal.slice();
        let outer = self.normal.brackets.last();
        let is_in = |is_so: fn(&Bracket) -> bool| outer.is_some_and(is_so);
        let is_cause =
            opening != '{' && (is_in(|outer| outer.opening == '[' && outer.is_cause) || quoted::names(before, &[]));
        let is_of_error = opening == '(' && (quoted::begins_arguments(before) || is_in(|outer| outer.is_of_error));
        self.normal.open(opening, is_cause, is_of_error);
    }

    /// Reads data up to their end, if some begin here.
    fn data(&mut self, rest: &[char]) -> Option<usize> {
        let (_, end) = DATA.iter().find(|(begin, _)| self.normal.slice().ends_with(begin))?;
        if self.ends.of_data.contains(end) {
            return None;
        }
        let end_chars: Vec<char> = end.chars().collect();
        let length = rest.windows(end_chars.len()).position(|part| part == end_chars);
        match length {
            Some(0) => return None,
            Some(_) => self.normal.changing(),
            None => self.ends.of_data.push(end),
        }
        length
    }

    /// Reads a quoted string, if one begins here; answers its characters. An apostrophe within a word begins none.
    fn quoted(&mut self, rest: &[char]) -> Option<usize> {
        let (opening, closing) = (rest[0], quoted::closing_of(rest[0])?);
        if self.ends.of_quotes.contains(&opening) || quoted::is_behind_word(opening, &self.normal.text) {
            return None;
        }
        let mut at = 1;
        while let Some(&c) = rest.get(at) {
            let is_within_word = matches!(c, '\'' | '’') && rest.get(at + 1).is_some_and(|next| next.is_alphanumeric());
            if closing.contains(c) && !is_within_word {
                self.string(&rest[1..at], &rest[at + 1..]);
                return Some(at + 1);
            }
            at += if c == '\\' { 2 } else { 1 };
        }
        self.ends.of_quotes.push(opening);
        None
    }

    /// A quoted string, between its quotes.
    fn string(&mut self, content: &[char], after: &[char]) {
        let begins_at = self.normal.text.len();
        if self.strings < MAX_STRINGS && self.is_read(content, after) {
            self.normal.text.push('"');
            let names_file = quoted::names_module(self.normal.slice());
            let outer = (self.normal.begins_at, mem::take(&mut self.normal.brackets), mem::take(&mut self.ends));
            let outer_names_file = mem::replace(&mut self.normal.names_file, names_file);
            self.normal.begins_at = self.normal.text.len();
            self.strings += 1;
            self.read_all(&unescaped(content));
            self.strings -= 1;
            self.normal.names_file = outer_names_file;
            (self.normal.begins_at, self.normal.brackets, self.ends) = outer;
            self.normal.text.push('"');
        } else {
            self.normal.text.push_str(QUOTED);
        }
        self.normal.fold(begins_at);
    }

    /// Whether a string is read like the message: it is a key, says what happened, or is an item of such strings.
    fn is_read(&self, content: &[char], after: &[char]) -> bool {
        let bracket = self.normal.brackets.last();
        let is_key = bracket.is_some_and(|bracket| bracket.opening == '{')
            && after.get(run(after, char::is_whitespace)) == Some(&':');
        is_key
            || bracket.is_some_and(|bracket| {
                bracket.is_cause || (bracket.is_of_error && quoted::is_argument_of_error(content, self.normal.slice()))
            })
            || quoted::says_what_happened(content, self.normal.slice(), after)
    }
}

/// Without the escapes of JSON, of which white space matters.
fn unescaped(content: &[char]) -> Vec<char> {
    let mut chars = content.iter().copied();
    let mut plain = Vec::with_capacity(content.len());
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.next() } else { None };
        plain.push(match next {
            None => c,
            Some('n' | 'r' | 't') => ' ',
            Some(escaped) => escaped,
        });
    }
    plain
}
