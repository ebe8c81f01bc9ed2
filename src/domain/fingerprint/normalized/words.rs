//! Words, paths, addresses and numbers: whatever stands between white space, brackets and the like.

use super::chars::run;
use super::normal::Normal;
use super::{ids, numbers};

/// Stands in the place of a password or a key.
const MASK: [char; 3] = ['*'; 3];
/// A JSON Web Token begins with this.
const JWT: [char; 5] = ['e', 'y', 'J', 'h', 'b'];
const SCHEME_END: [char; 3] = [':', '/', '/'];

/// Whether a character is part of a word: of a name, a path, an address, a time.
pub fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '\\' | '@' | '+' | '~' | '%' | '*')
}

/// How many characters from a `?` on are the query of a URL; `/scenes` has none in `who has /scenes? I do`. What stands
/// behind a `#` is read with it, or alone.
pub fn query(word: &[char], rest: &[char]) -> usize {
    let name = |rest: &[char]| run(rest, |c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '%'));
    let is_query = match rest {
        ['?', rest @ ..] => matches!(rest.get(name(rest)), Some('=' | '&')),
        ['#', ..] => scheme(word).is_some(),
        _ => false,
    };
    if !is_query {
        return 0;
    }
    let length = run(rest, |c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | ')' | '>' | '}'));
    rest[..length].iter().rposition(|c| !matches!(c, '.' | ',' | ':' | ';')).map_or(0, |last| last + 1)
}

/// Where the host of a URL begins.
fn scheme(word: &[char]) -> Option<usize> {
    word.windows(SCHEME_END.len()).position(|part| part == SCHEME_END).map(|at| at + SCHEME_END.len())
}

/// What stands behind the first `length` characters of a word, or behind the word.
fn behind<'a>(rest: &'a [char], length: usize, after: &'a [char]) -> &'a [char] {
    if length < rest.len() { &rest[length..] } else { after }
}

/// What is known of a word from its first parts.
struct Word {
    /// One of them, behind the last slash, is an id or a number.
    has_id: bool,
    /// It stands behind `pod`.
    is_of_pod: bool,
}

impl Normal {
    /// Writes a word, up to `after`.
    pub fn word(&mut self, word: &[char], after: &[char]) {
        // What ends a sentence is not a part of its last word.
        let end = word.iter().rposition(|c| !matches!(c, '.' | ':')).map_or(0, |last| last + 1);
        let (word, punctuation) = word.split_at(end);
        let begins_at = self.text.len();
        let is_whole = ids::is_ipv6(word)
            || ids::is_named_id(word, self.slice())
            || ids::is_nano_id(word)
            || word.starts_with(&JWT)
            || word.windows(MASK.len()).any(|part| part == MASK);
        if is_whole {
            self.changing();
        } else if numbers::is_prefixed_code(word, after) {
            self.text.extend(word);
        } else if let Some(host_at) = scheme(word) {
            self.url(word, host_at);
        } else if ids::is_email(word) {
            self.changing();
        } else if let Some(last) = last_part_of_path(word).filter(|_| !self.names_file) {
            self.parts(&word[..last], &word[last..]);
            self.changing();
        } else {
            self.parts(word, if punctuation.is_empty() { after } else { punctuation });
        }
        self.fold(begins_at);
        self.text.extend(punctuation);
    }

    /// Without the user and the last part of the path.
    fn url(&mut self, word: &[char], host_at: usize) {
        self.parts(&word[..host_at], &word[host_at..]);
        let rest = &word[host_at..];
        let user = rest.iter().take_while(|c| **c != '/').position(|c| *c == '@').map_or(0, |at| at + 1);
        let rest = &rest[user..];
        let end = rest.iter().rposition(|c| *c != '/').map_or(0, |last| last + 1);
        match rest[..end].iter().rposition(|c| *c == '/') {
            Some(last) => {
                self.parts(&rest[..=last], &rest[last + 1..]);
                self.changing();
            }
            None => self.parts(rest, &[]),
        }
    }

    /// A word, part by part.
    fn parts(&mut self, word: &[char], after: &[char]) {
        let is_of_pod = matches!(numbers::word_before(self.slice()).as_str(), "pod" | "pods");
        let mut so_far = Word { has_id: false, is_of_pod };
        let mut at = 0;
        while at < word.len() && !self.is_full() {
            at += self.part(word, at, after, &mut so_far);
        }
    }

    /// Reads the part of a word that begins `at`; answers how many characters that was, one at least.
    fn part(&mut self, word: &[char], at: usize, after: &[char], so_far: &mut Word) -> usize {
        let (before, rest) = (word[..at].last().copied(), &word[at..]);
        let first = rest[0];
        let is_begin = !before.is_some_and(char::is_alphanumeric);
        if !first.is_alphanumeric() {
            if matches!(first, '/' | '\\') {
                so_far.has_id = false;
            }
            let is_sign = matches!(first, '-' | '+') && is_begin && rest.get(1).is_some_and(char::is_ascii_digit);
            if !is_sign {
                self.text.push(first);
            }
            return 1;
        }
        if is_begin && let Some(length) = self.whole_part(word, at, after, so_far) {
            return length;
        }
        if !first.is_ascii_digit() {
            let letters = run(rest, |c| c.is_alphanumeric() && !c.is_ascii_digit());
            self.letters(&rest[..letters], before, letters == rest.len());
            return letters;
        }
        let digits = run(rest, |c| c.is_ascii_digit());
        // `HTTP404`
        if !is_begin && numbers::is_code(&rest[..digits], self.slice(), behind(rest, digits, after)) {
            self.text.extend(&rest[..digits]);
            return digits;
        }
        so_far.has_id = true;
        self.changing();
        numbers::number(rest)
    }

    /// Reads letters and digits up to whatever is none, if they are one thing: a time, an id, a code; answers how many.
    fn whole_part(&mut self, word: &[char], at: usize, after: &[char], so_far: &mut Word) -> Option<usize> {
        let (before, rest) = (word[..at].last().copied(), &word[at..]);
        let length = run(rest, char::is_alphanumeric);
        let whole = &rest[..length];
        let is_code = whole.iter().any(char::is_ascii_digit)
            && numbers::is_code(whole, self.slice(), behind(rest, length, after));
        let known = numbers::time(rest).or_else(|| numbers::duration(rest)).or_else(|| ids::marked_id(rest, before));
        // `0xC0000005` may be a code as well; a time or a UUID is longer than what would be one.
        if let Some(known) = known.filter(|known| !is_code || *known > length) {
            self.changing();
            return Some(known);
        }
        if is_code {
            self.text.extend(whole);
            return Some(length);
        }
        let is_id = || {
            ids::is_generated(whole, so_far.has_id)
                || (before == Some('-') && ids::is_end_of_pod(whole, so_far.has_id || so_far.is_of_pod))
                || (matches!(before, Some('-' | '_')) && ids::is_prefixed_id(whole, &word[..at - 1]))
        };
        let length = numbers::compound(rest).or_else(|| is_id().then_some(length))?;
        so_far.has_id = true;
        self.changing();
        Some(length)
    }

    /// Whether a number stands at the end that is no part of a name, as it is in `k8s`.
    fn ends_with_number(&self) -> bool {
        self.text.strip_suffix('#').is_some_and(|before| !before.ends_with(char::is_alphanumeric))
    }

    fn letters(&mut self, letters: &[char], before: Option<char>, is_last: bool) {
        let is_begin = !before.is_some_and(char::is_alphanumeric);
        if is_begin && numbers::is_name_of_day(letters) {
            self.changing();
            return;
        }
        let has_space = self.text.ends_with("# ") && before.is_none();
        if (has_space || (!is_begin && self.ends_with_number())) && numbers::is_unit_behind(letters, has_space) {
            self.text.truncate(self.text.trim_end().len());
            self.unit_ends_at = self.text.len();
            return;
        }
        self.text.extend(if has_space && is_last { stem(letters) } else { letters.to_vec() });
    }
}

/// `error` for `1 error` and `2 errors`: a noun without what its plural adds.
fn stem(noun: &[char]) -> Vec<char> {
    const MIN_CHARS: usize = 4;
    if noun.len() < MIN_CHARS || noun.ends_with(&['s', 's']) {
        return noun.to_vec();
    }
    let singular = noun.strip_suffix(&['s']).unwrap_or(noun);
    // `entries` and `movies`
    if let Some(root) = singular.strip_suffix(&['i', 'e']) {
        return root.iter().copied().chain(['y']).collect();
    }
    // `matches` and `caches`
    let root = singular.strip_suffix(&['e']).filter(|root| {
        root.ends_with(&['s', 's'])
            || root.ends_with(&['c', 'h'])
            || root.ends_with(&['s', 'h'])
            || root.ends_with(&['x'])
    });
    root.unwrap_or(singular).to_vec()
}

/// Where the last part of a path begins. A word with one slash in it, like `and/or`, is none.
fn last_part_of_path(word: &[char]) -> Option<usize> {
    let is_separator = |c: &char| matches!(c, '/' | '\\');
    let end = word.iter().rposition(|c| !is_separator(c))? + 1;
    let last = word[..end].iter().rposition(is_separator)? + 1;
    let begins_like_one = word.first().is_some_and(|c| is_separator(c) || matches!(c, '.' | '~'))
        || word.starts_with(&['a', 'r', 'n', ':']);
    let separators = word[..end].iter().filter(|c| is_separator(c)).count();
    (begins_like_one || separators >= 2 || is_file_name(&word[last..end])).then_some(last)
}

/// `mira.json`
fn is_file_name(part: &[char]) -> bool {
    const MAX_EXTENSION_CHARS: usize = 5;
    let Some(dot) = part.iter().rposition(|c| *c == '.') else { return false };
    let extension = &part[dot + 1..];
    dot > 0
        && (1..=MAX_EXTENSION_CHARS).contains(&extension.len())
        && extension.iter().all(char::is_ascii_alphanumeric)
        && extension.iter().any(char::is_ascii_alphabetic)
}
