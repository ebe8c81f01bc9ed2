//! Words, paths, addresses and numbers: whatever stands between white space, brackets and the like.

use super::{Normal, ids, numbers, run};

/// Stands in the place of a password or a key.
const MASK: [char; 3] = ['*'; 3];
const SCHEME_END: [char; 3] = [':', '/', '/'];

pub fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '\\' | '@' | '+' | '~' | '%' | '*')
}

/// How many characters from a `?` or `#` on are the query of a URL; `/scenes` has none in `who has /scenes? I do`.
pub fn query(rest: &[char]) -> usize {
    if !matches!(rest.first(), Some('?' | '#')) {
        return 0;
    }
    let name = run(&rest[1..], |c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '%'));
    if name == 0 || (rest[0] == '?' && !matches!(rest.get(1 + name), Some('=' | '&'))) {
        return 0;
    }
    let length = run(rest, |c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | ')' | '>' | '}'));
    rest[..length].iter().rposition(|c| !matches!(c, '.' | ',' | ':' | ';')).map_or(0, |last| last + 1)
}

impl Normal {
    pub(super) fn word(&mut self, word: &[char], after: &[char]) {
        // What ends a sentence is not a part of its last word.
        let end = word.iter().rposition(|c| !matches!(c, '.' | ':')).map_or(0, |last| last + 1);
        let (word, punctuation) = word.split_at(end);
        let begins_at = self.text.len();
        if ids::is_ipv6(word) || word.windows(MASK.len()).any(|part| part == MASK) {
            self.changing();
        } else if let Some(scheme) = word.windows(SCHEME_END.len()).position(|part| part == SCHEME_END) {
            self.url(word, scheme + SCHEME_END.len());
        } else if ids::is_email(word) {
            self.changing();
        } else if let Some(last) = last_part_of_path(word) {
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
        let mut at = 0;
        let mut has_id = false;
        while at < word.len() {
            at += self.part(&word[at..], word[..at].last().copied(), after, &mut has_id);
        }
    }

    /// Reads the part that stands behind `before`; answers how many characters that was, one at least.
    fn part(&mut self, rest: &[char], before: Option<char>, after: &[char], has_id: &mut bool) -> usize {
        let first = rest[0];
        if !first.is_alphanumeric() {
            let is_begin = !before.is_some_and(char::is_alphanumeric);
            let is_sign = matches!(first, '-' | '+') && is_begin && rest.get(1).is_some_and(char::is_ascii_digit);
            if !is_sign {
                self.text.push(first);
            }
            return 1;
        }
        let length = run(rest, char::is_alphanumeric);
        let whole = &rest[..length];
        if !before.is_some_and(char::is_alphanumeric) {
            if let Some(length) = numbers::time(rest).or_else(|| ids::marked_id(rest, before)) {
                self.changing();
                return length;
            }
            let behind = if length < rest.len() { &rest[length..] } else { after };
            if whole.iter().any(char::is_ascii_digit) && numbers::is_code(whole, self.slice(), behind) {
                self.text.extend(whole);
                return length;
            }
            if let Some(length) = numbers::compound(rest) {
                self.changing();
                return length;
            }
            if ids::is_generated(whole, *has_id) {
                *has_id = true;
                self.changing();
                return length;
            }
        }
        if first.is_ascii_digit() {
            self.changing();
            return numbers::number(rest);
        }
        let letters = run(rest, |c| c.is_alphanumeric() && !c.is_ascii_digit());
        self.letters(&rest[..letters], before, letters == rest.len());
        letters
    }

    fn letters(&mut self, letters: &[char], before: Option<char>, is_last: bool) {
        let is_begin = !before.is_some_and(char::is_alphanumeric);
        if is_begin && numbers::is_name_of_day(letters) {
            self.changing();
            return;
        }
        let has_space = self.text.ends_with("# ") && before.is_none();
        if (has_space || (self.text.ends_with('#') && !is_begin)) && numbers::is_unit_behind(letters, has_space) {
            self.text.truncate(self.text.trim_end().len());
            return;
        }
        self.text.extend(letters);
        // `1 error` and `2 errors`
        let is_plural = letters.len() >= 4 && letters.ends_with(&['s']) && !letters.ends_with(&['s', 's']);
        if has_space && is_last && is_plural {
            self.text.pop();
        }
    }
}

/// Where the last part of a path begins. A word with one slash in it, like `and/or`, is none.
fn last_part_of_path(word: &[char]) -> Option<usize> {
    let is_separator = |c: &char| matches!(c, '/' | '\\');
    let end = word.iter().rposition(|c| !is_separator(c))? + 1;
    let last = word[..end].iter().rposition(is_separator)? + 1;
    let begins_like_one = word.first().is_some_and(|c| is_separator(c) || matches!(c, '.' | '~'));
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
