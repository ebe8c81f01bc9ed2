//! A message without the parts that change from one event to the next. It is read once from its beginning to its end; only
//! what stands in quotes is read again, as often as quotes stand in quotes, up to three times.

/// Ids that a program has generated.
mod ids;
/// Numbers, units, times and codes.
mod numbers;
/// Quoted strings.
mod quoted;
/// Words and paths.
mod words;

use std::mem;

use crate::domain::limits::{MAX_FINGERPRINT_READ_CHARS, MAX_FINGERPRINTED_CHARS};

/// Stands for a number, an id, a time or an address.
const CHANGING: char = '#';
/// Stands for quoted data.
const QUOTED: &str = "\"#\"";
/// Strings in strings, and brackets in brackets: what is deeper is data, or is not folded.
const MAX_STRINGS: usize = 3;
const MAX_BRACKETS: usize = 32;
/// What stands between these is data: `input_value=` is pydantic's, the others are PostgreSQL's.
const DATA: [(&str, &str); 3] = [("input_value=", ", input_type="), (")=(", ")"), ("row contains (", ").")];

/// The message with `#` in the place of what changes and with white space folded; the first 2,000 characters of that.
pub fn normalized(message: &str) -> String {
    let chars: Vec<char> = message.chars().take(MAX_FINGERPRINT_READ_CHARS).collect();
    let mut normal = Normal { text: String::with_capacity(message.len()), ..Normal::default() };
    normal.read_all(&chars);
    let cut: String = normal.text.chars().take(MAX_FINGERPRINTED_CHARS).collect();
    cut.trim_end().to_owned()
}

/// The normal form of what was read so far.
#[derive(Default)]
struct Normal {
    text: String,
    /// In how many strings the reader is.
    strings: usize,
    string: OpenString,
    /// Where the last unit behind a number was left out.
    unit_ends_at: usize,
}

/// What is known of the string that is read, which is the message or a quoted string.
#[derive(Default)]
struct OpenString {
    /// Where its normal form begins.
    begins_at: usize,
    /// Closing quotes that do not occur in it any more: they are not looked for again.
    unclosed: Vec<char>,
    /// Ends of data that do not occur in it any more.
    endless: Vec<&'static str>,
    brackets: Vec<Bracket>,
}

struct Bracket {
    opening: char,
    /// Where it stands in the normal form.
    at: usize,
    /// Strings in it say what happened.
    is_cause: bool,
}

impl Normal {
    fn read_all(&mut self, chars: &[char]) {
        let mut rest = chars;
        while let Some(&first) = rest.first() {
            rest = &rest[self.read(first, rest)..];
            if self.is_full() {
                break;
            }
        }
    }

    /// Whether more is certain to be cut off. Where the cut falls must not depend on how long the changing parts are.
    const fn is_full(&self) -> bool {
        self.text.len() > MAX_FINGERPRINTED_CHARS * char::MAX_LEN_UTF8
    }

    /// Reads what begins with `first`; answers how many characters that was, one at least.
    fn read(&mut self, first: char, rest: &[char]) -> usize {
        if first.is_whitespace() {
            if !self.slice().is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            return run(rest, char::is_whitespace);
        }
        if let Some(length) = self.data().and_then(|end| self.until(rest, end)) {
            return length;
        }
        if let Some(length) = self.quoted(rest) {
            return length;
        }
        if let Some(length) = ids::bracketed_address(rest) {
            self.changing();
            return length;
        }
        match run(rest, words::is_of_word) {
            0 => {
                self.bracket(first);
                1
            }
            length => {
                let (word, after) = rest.split_at(length);
                self.word(word, after);
                length + words::query(word, after)
            }
        }
    }

    /// What was read of this string.
    fn slice(&self) -> &str {
        &self.text[self.string.begins_at..]
    }

    /// One mark for what changes, also where two such parts stand together: a time has several numbers, and so has an address.
    fn changing(&mut self) {
        // `2 hours 5 minutes`
        if self.unit_ends_at > 0 && self.text.len() == self.unit_ends_at + 1 && self.text.ends_with("# ") {
            self.text.pop();
            return;
        }
        let before = self.text.strip_suffix([':', '.', ',', '/', '-', '_']).unwrap_or(&self.text);
        if before.ends_with(CHANGING) {
            self.text.truncate(before.len());
        } else {
            self.text.push(CHANGING);
        }
    }

    /// Takes back what was written from `begins_at` on if it is like the item of a list before it.
    fn fold(&mut self, begins_at: usize) {
        let Some((before, item)) = self.text.split_at_checked(begins_at) else { return };
        let is_in_list = self.string.brackets.last().is_some_and(|bracket| bracket.opening == '[');
        let separated = before.trim_end_matches(' ');
        let Some(list) =
            separated.strip_suffix(',').or((is_in_list && separated.len() < before.len()).then_some(separated))
        else {
            return;
        };
        let is_like = item.contains(CHANGING) || item.starts_with(['{', '[', '(']);
        let is_item = |list: &str| list.is_empty() || list.ends_with([' ', ',', '[', '(', '{', '=', ':']);
        if is_like && list.strip_suffix(item).is_some_and(is_item) {
            let length = list.len();
            self.text.truncate(length);
        }
    }

    fn bracket(&mut self, c: char) {
        let opening = match c {
            '{' | '[' | '(' => {
                let inherited = self.string.brackets.last().is_some_and(|outer| outer.opening == '[' && outer.is_cause);
                let is_cause = c != '{' && (inherited || quoted::names(self.slice(), &[]));
                if self.string.brackets.len() < MAX_BRACKETS {
                    self.string.brackets.push(Bracket { opening: c, at: self.text.len(), is_cause });
                }
                None
            }
            '}' => Some('{'),
            ']' => Some('['),
            ')' => Some('('),
            _ => None,
        };
        self.text.push(c);
        if opening.is_some() && self.string.brackets.last().map(|bracket| bracket.opening) == opening {
            let begins_at = self.string.brackets.pop().map_or(0, |bracket| bracket.at);
            self.fold(begins_at);
        }
    }

    /// The end of the data that begins here.
    fn data(&self) -> Option<&'static str> {
        DATA.iter().find(|(begin, _)| self.slice().ends_with(begin)).map(|(_, end)| *end)
    }

    /// Reads data until `end`, which is not read.
    fn until(&mut self, rest: &[char], end: &'static str) -> Option<usize> {
        if self.string.endless.contains(&end) {
            return None;
        }
        let end_chars: Vec<char> = end.chars().collect();
        let length = rest.windows(end_chars.len()).position(|part| part == end_chars);
        match length {
            Some(0) => None,
            Some(length) => {
                self.changing();
                Some(length)
            }
            None => {
                self.string.endless.push(end);
                None
            }
        }
    }

    /// Reads a quoted string, if one begins here; answers its characters. An apostrophe within a word begins none.
    fn quoted(&mut self, rest: &[char]) -> Option<usize> {
        let closing = quoted::closing_of(rest[0])?;
        if self.string.unclosed.contains(&closing) || (closing == '\'' && self.text.ends_with(char::is_alphanumeric)) {
            return None;
        }
        let mut at = 1;
        while let Some(&c) = rest.get(at) {
            let is_within_word = c == '\'' && rest.get(at + 1).is_some_and(|next| next.is_alphanumeric());
            if c == closing && !is_within_word {
                self.string(&rest[1..at], &rest[at + 1..]);
                return Some(at + 1);
            }
            at += if c == '\\' { 2 } else { 1 };
        }
        self.string.unclosed.push(closing);
        None
    }

    /// A quoted string, between its quotes.
    fn string(&mut self, content: &[char], after: &[char]) {
        let begins_at = self.text.len();
        if self.strings < MAX_STRINGS && self.is_read(content, after) {
            let unescaped = unescaped(content);
            self.text.push('"');
            let inner = OpenString { begins_at: self.text.len(), ..OpenString::default() };
            let outer = mem::replace(&mut self.string, inner);
            self.strings += 1;
            self.read_all(&unescaped);
            self.strings -= 1;
            self.string = outer;
            self.text.push('"');
        } else {
            self.text.push_str(QUOTED);
        }
        self.fold(begins_at);
    }

    /// Whether a string is read like the message: it is a key, says what happened, or is an item of such strings.
    fn is_read(&self, content: &[char], after: &[char]) -> bool {
        let bracket = self.string.brackets.last();
        let is_key = bracket.is_some_and(|bracket| bracket.opening == '{')
            && after.get(run(after, char::is_whitespace)) == Some(&':');
        is_key
            || bracket.is_some_and(|bracket| bracket.is_cause)
            || quoted::says_what_happened(content, self.slice(), after)
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

/// How many characters at the front are meant.
fn run(chars: &[char], is_meant: impl Fn(char) -> bool) -> usize {
    chars.iter().position(|c| !is_meant(*c)).unwrap_or(chars.len())
}

/// Whether a word is one of those that stand in a text with spaces between them.
fn is_one_of(words: &str, word: impl Iterator<Item = char> + Clone) -> bool {
    words.split(' ').any(|known| known.chars().eq(word.clone()))
}
