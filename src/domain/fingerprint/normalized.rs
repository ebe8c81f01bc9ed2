//! A message without the parts that change from one event to the next: quoted strings, UUIDs, hexadecimal numbers of 8 digits
//! and more, numbers, times, addresses and the last parts of paths. It is read once from its beginning to its end.

use crate::domain::limits::MAX_FINGERPRINTED_CHARS;

/// Stands for a number, an id, a time or an address.
const CHANGING: char = '#';
/// Stands for what is quoted.
const QUOTED: &str = "\"#\"";
/// Hexadecimal digits from which on a word is an id.
const MIN_HEX_DIGITS: usize = 8;
/// With its hyphens.
const UUID_CHARS: usize = 36;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The message with `#` in the place of what changes and with white space folded; the first 2,000 characters of that.
pub fn normalized(message: &str) -> String {
    let chars: Vec<char> = message.chars().collect();
    let mut normal = Normal { text: String::with_capacity(message.len()), unclosed: Vec::new() };
    let mut rest = chars.as_slice();
    while let Some(&first) = rest.first() {
        rest = &rest[normal.read(first, rest)..];
        // Cut only now: where the cut falls must not depend on how long the changing parts are.
        if normal.text.len() > MAX_FINGERPRINTED_CHARS * char::MAX_LEN_UTF8 {
            break;
        }
    }
    let cut: String = normal.text.chars().take(MAX_FINGERPRINTED_CHARS).collect();
    cut.trim_end().to_owned()
}

/// The normal form of what was read so far.
struct Normal {
    text: String,
    /// Closing quotes that do not occur any more: they are not looked for again.
    unclosed: Vec<char>,
}

impl Normal {
    /// Reads what begins with `first`; answers how many characters that was, one at least.
    fn read(&mut self, first: char, rest: &[char]) -> usize {
        if first.is_whitespace() {
            if !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            return run(rest, char::is_whitespace);
        }
        if let Some(length) = self.quoted(rest) {
            return length;
        }
        match run(rest, is_of_token) {
            0 => {
                self.text.push(first);
                1
            }
            length => {
                self.token(&rest[..length]);
                length
            }
        }
    }

    /// One mark for what changes, also where two such parts stand together: a time has several numbers, and so has an address.
    fn changing(&mut self) {
        let before = self.text.strip_suffix([':', '.', ',', '/', '-']).unwrap_or(&self.text);
        if before.ends_with(CHANGING) {
            self.text.truncate(before.len());
        } else {
            self.text.push(CHANGING);
        }
    }

    /// Reads a quoted string, if one begins here; answers its characters. An apostrophe within a word begins none.
    fn quoted(&mut self, rest: &[char]) -> Option<usize> {
        let closing = closing_of(rest[0])?;
        if self.unclosed.contains(&closing) || (closing == '\'' && self.text.ends_with(char::is_alphanumeric)) {
            return None;
        }
        let mut at = 1;
        while let Some(&c) = rest.get(at) {
            let is_within_word = c == '\'' && rest.get(at + 1).is_some_and(|next| next.is_alphanumeric());
            if c == closing && !is_within_word {
                self.text.push_str(QUOTED);
                return Some(at + 1);
            }
            at += if c == '\\' { 2 } else { 1 };
        }
        self.unclosed.push(closing);
        None
    }

    fn token(&mut self, token: &[char]) {
        // What ends a sentence is not a part of its last word.
        let end = token.iter().rposition(|c| !matches!(c, '.' | ':')).map_or(0, |last| last + 1);
        let (word, after) = token.split_at(end);
        if is_email(word) || is_ipv6(word) {
            self.changing();
        } else if let Some(last) = last_part_of_path(word) {
            self.parts(&word[..last]);
            self.changing();
        } else {
            self.parts(word);
        }
        self.text.extend(after);
    }

    /// A word, part by part.
    fn parts(&mut self, word: &[char]) {
        let mut at = 0;
        while at < word.len() {
            at += self.part(&word[at..], word[..at].last().copied());
        }
    }

    /// Reads the part that stands behind `before`; answers how many characters that was, one at least.
    fn part(&mut self, rest: &[char], before: Option<char>) -> usize {
        let first = rest[0];
        let is_begin = !before.is_some_and(char::is_alphanumeric);
        if is_begin && let Some(length) = time(rest).or_else(|| id(rest, before)) {
            self.changing();
            return length;
        }
        if first.is_ascii_digit() {
            self.changing();
            return number(rest);
        }
        if !first.is_alphanumeric() {
            let is_sign = matches!(first, '-' | '+') && is_begin && rest.get(1).is_some_and(char::is_ascii_digit);
            if !is_sign {
                self.text.push(first);
            }
            return 1;
        }
        let letters = run(rest, |c| c.is_alphanumeric() && !c.is_ascii_digit());
        if is_begin && is_name_of_day(&rest[..letters]) {
            self.changing();
        } else {
            self.text.extend(&rest[..letters]);
        }
        letters
    }
}

/// How many characters at the front are meant.
fn run(chars: &[char], is_meant: impl Fn(char) -> bool) -> usize {
    chars.iter().position(|c| !is_meant(*c)).unwrap_or(chars.len())
}

/// A token is what stands between white space, brackets and the like: a word, a path, an address, a time.
fn is_of_token(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '\\' | '@' | '+' | '~' | '%')
}

/// The quote that closes a string which this one opens.
const fn closing_of(opening: char) -> Option<char> {
    match opening {
        '"' | '\'' | '`' => Some(opening),
        '“' => Some('”'),
        '‘' => Some('’'),
        '«' => Some('»'),
        _ => None,
    }
}

/// `npc@example.com`
fn is_email(word: &[char]) -> bool {
    word.iter().position(|c| *c == '@').is_some_and(|at| at > 0 && word[at + 1..].contains(&'.'))
}

/// Digits and colons: a time, too, is one.
fn is_ipv6(word: &[char]) -> bool {
    word.iter().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'))
        && word.iter().filter(|c| **c == ':').count() >= 2
        && word.iter().any(char::is_ascii_digit)
}

/// Where the last part of a path or a URL begins. A word with one slash in it, like `and/or`, is none.
fn last_part_of_path(word: &[char]) -> Option<usize> {
    let is_separator = |c: &char| matches!(c, '/' | '\\');
    let end = word.iter().rposition(|c| !is_separator(c))? + 1;
    let last = word[..end].iter().rposition(is_separator)? + 1;
    let begins_like_one = word.first().is_some_and(|c| is_separator(c) || matches!(c, '.' | '~'));
    let separators = word[..end].iter().filter(|c| is_separator(c)).count();
    (begins_like_one || separators >= 2).then_some(last)
}

/// `2030-01-31`, also with `T12:00:00.5Z` or another offset.
fn time(rest: &[char]) -> Option<usize> {
    let date = rest.get(..10)?;
    let is_date =
        date.iter().enumerate().all(|(at, c)| if matches!(at, 4 | 7) { *c == '-' } else { c.is_ascii_digit() });
    if !is_date {
        return None;
    }
    let is_of_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.');
    let time = match rest.get(10..12) {
        Some(['T' | 't', digit]) if digit.is_ascii_digit() => 1 + run(&rest[11..], is_of_time),
        _ => return Some(10),
    };
    let offset = match rest.get(10 + time) {
        Some('Z' | 'z') => 1,
        Some('+' | '-') => 1 + run(&rest[11 + time..], is_of_time),
        _ => 0,
    };
    Some(10 + time + offset)
}

/// A UUID, a hexadecimal number with `0x` or of 8 digits and more, or what stands behind an `@` in the place of an object's
/// address.
fn id(rest: &[char], before: Option<char>) -> Option<usize> {
    let length = run(rest, char::is_alphanumeric);
    if let Some(uuid) = rest.get(..UUID_CHARS)
        && is_uuid(uuid)
        && !rest.get(UUID_CHARS).is_some_and(|next| next.is_alphanumeric())
    {
        return Some(UUID_CHARS);
    }
    let (is_hex, digits) = match rest[..length] {
        ['0', 'x' | 'X', ref digits @ ..] => (!digits.is_empty(), digits),
        ref digits => (digits.len() >= MIN_HEX_DIGITS || (before == Some('@') && !digits.is_empty()), digits),
    };
    (is_hex && digits.iter().all(char::is_ascii_hexdigit)).then_some(length)
}

fn is_uuid(chars: &[char]) -> bool {
    chars
        .iter()
        .enumerate()
        .all(|(at, c)| if matches!(at, 8 | 13 | 18 | 23) { *c == '-' } else { c.is_ascii_hexdigit() })
}

/// Digits with points between them, and an exponent.
fn number(rest: &[char]) -> usize {
    let mut length = run(rest, |c| c.is_ascii_digit());
    while rest.get(length) == Some(&'.') && rest.get(length + 1).is_some_and(char::is_ascii_digit) {
        length += 1 + run(&rest[length + 1..], |c| c.is_ascii_digit());
    }
    let exponent = match rest[length..] {
        ['e' | 'E', '+' | '-', digit, ..] if digit.is_ascii_digit() => 2,
        ['e' | 'E', digit, ..] if digit.is_ascii_digit() => 1,
        _ => return length,
    };
    length + exponent + run(&rest[length + exponent..], |c| c.is_ascii_digit())
}

/// `Sat` or `Nov`: in some times they stand.
fn is_name_of_day(word: &[char]) -> bool {
    let is = |name: &&str| name.chars().eq(word.iter().copied());
    WEEKDAYS.iter().any(is) || MONTHS.iter().any(is)
}
