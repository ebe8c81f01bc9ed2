//! Numbers: with units of time and size, in times, and those that are codes.

use std::ops::Range;

use super::chars::{is_one_of, run};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Of the names above, where they are shortened.
const NAME_OF_DAY_CHARS: usize = 3;

/// What is written behind a number without a space.
const SHORT_UNITS: &str = "m d k g px st nd rd th";
/// What is also written behind a number and a space.
const UNITS: &str = "ns us µs μs ms s h sec secs min mins hr hrs am pm millisecond milliseconds second seconds minute minutes \
    hour hours day days week weeks month months year years byte bytes b kb kib mb mib gb gib tb tib pb pib";

/// Words before an HTTP status.
const BEFORE_STATUS: &str = "http status httpstatus error err response";
/// Words before the status of a failure that stand before other numbers as well.
const MAYBE_BEFORE_STATUS: &str = "returned with got received responded answered replied upstream failed a many";
/// What may follow a status: it is no count then.
const BEHIND_STATUS: &str = "for from on after in at while when and but to by error response status reply";
/// Words before a number that a program has chosen for a cause.
const BEFORE_CODE: &str =
    "code statuscode errorcode errcode exitcode returncode sqlstate errno signal rc sqlcode hresult ntstatus";
/// What the codes of some programs begin with: `E1042`, `ORA-00060`.
const PREFIXES_OF_CODES: &str = "E ERR ERROR EC ORA DPY SQL TS PGRST AADSTS";
const DIGITS_OF_PREFIXED_CODE: Range<usize> = 3..7;
/// Words before the number that a process ends with, where the text just before them says that it does.
const BEFORE_EXIT: &str = "exit exited status with value";
const MAX_EXIT: u32 = 255;
const MAX_CODE_CHARS: usize = 8;
/// With its `0x`.
const MAX_HEX_CODE_CHARS: usize = 10;
const MAX_CODE_DIGITS: usize = 5;
/// How far before a value its name may begin. It bounds the work for each value.
const MAX_LOOK_BACK_CHARS: usize = 48;

/// `PT1M30S`, `P3DT4H`: a duration as of ISO 8601.
pub fn duration(rest: &[char]) -> Option<usize> {
    let mut at = 1;
    let mut is_time = false;
    if rest.first() != Some(&'P') {
        return None;
    }
    let begins_at = |at: usize| at + run(&rest[at..], |c| c.is_ascii_digit());
    while at < rest.len() && rest[at].is_alphanumeric() {
        if rest[at] == 'T' && !is_time {
            is_time = true;
            at += 1;
        }
        let mut end = begins_at(at);
        if end > at && rest.get(end) == Some(&'.') {
            end = begins_at(end + 1);
        }
        let is_unit = |unit: &char| if is_time { "HMS".contains(*unit) } else { "YMWD".contains(*unit) };
        if end == at || !rest.get(end).is_some_and(is_unit) {
            return None;
        }
        at = end + 1;
    }
    (at > 1).then_some(at)
}

/// Whether a word is a code by which a program names its errors. Lines of glog begin with a date that looks like one: `E0131 12:00:00.1`.
pub fn is_prefixed_code(word: &[char], after: &[char]) -> bool {
    if matches!(after, [' ', first, second, ':', ..] if first.is_ascii_digit() && second.is_ascii_digit()) {
        return false;
    }
    let (letters, rest) = word.split_at(run(word, |c| c.is_ascii_uppercase()));
    let digits = rest.strip_prefix(&['-']).or_else(|| rest.strip_prefix(&['_'])).unwrap_or(rest);
    is_one_of(PREFIXES_OF_CODES, letters.iter().copied())
        && DIGITS_OF_PREFIXED_CODE.contains(&digits.len())
        && digits.iter().all(char::is_ascii_digit)
}

/// `2030-01-31`, also with `T12:00:00.5Z` or another offset.
pub fn time(rest: &[char]) -> Option<usize> {
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

/// `Sat`, `November`: some times have them.
pub fn is_name_of_day(word: &[char]) -> bool {
    let is = |name: &&str| {
        name.chars().eq(word.iter().copied()) || name.chars().take(NAME_OF_DAY_CHARS).eq(word.iter().copied())
    };
    WEEKDAYS.iter().any(is) || MONTHS.iter().any(is)
}

/// `1m30s`, `2h0.5s` or `3x224x224`: numbers in one word with a unit behind each, or with an `x` between them.
pub fn compound(rest: &[char]) -> Option<usize> {
    let mut at = 0;
    while let digits @ 1.. = run(&rest[at..], |c| c.is_ascii_digit()) {
        at += digits;
        if rest.get(at) == Some(&'.') && rest.get(at + 1).is_some_and(char::is_ascii_digit) {
            at += 1 + run(&rest[at + 1..], |c| c.is_ascii_digit());
        }
        let letters = run(&rest[at..], char::is_alphabetic);
        let is_between =
            matches!(rest[at..at + letters], ['x' | '×']) && rest.get(at + 1).is_some_and(char::is_ascii_digit);
        if letters > 0 && !is_between && !is_unit_behind(&rest[at..at + letters], false) {
            return None;
        }
        at += letters;
    }
    (at > 0).then_some(at)
}

/// Digits with points between them, and an exponent.
pub fn number(rest: &[char]) -> usize {
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

/// Whether a word behind a number is its unit.
pub fn is_unit_behind(word: &[char], has_space: bool) -> bool {
    let unit = word.iter().flat_map(|c| c.to_lowercase());
    is_one_of(UNITS, unit.clone()) || (!has_space && is_one_of(SHORT_UNITS, unit))
}

/// Whether a number, or a short word with digits, that stands between `before` and `after` is a code of its cause: an HTTP
/// status, how a process ended, or what stands behind a word like `code`.
pub fn is_code(word: &[char], before: &str, after: &[char]) -> bool {
    let is_part =
        after.first().is_some_and(|c| c.is_alphanumeric()) || matches!(after, ['.', c, ..] if c.is_ascii_digit());
    if is_part || word.len() > if word.starts_with(&['0', 'x']) { MAX_HEX_CODE_CHARS } else { MAX_CODE_CHARS } {
        return false;
    }
    let named = word_before(before);
    let is_behind = |words| is_one_of(words, named.chars());
    let is_exit = || is_behind(BEFORE_EXIT) && tail(before).contains("exit");
    // The error's number itself: `CUDA error 700: …`, but not `error: 5 npcs failed`.
    let is_of_error = || before.ends_with("rror ") && is_one_of("error", named.chars()) && ends_clause(after);
    if let ['0', 'x' | 'X', digits @ ..] = word {
        return digits.iter().all(char::is_ascii_hexdigit) && (is_behind(BEFORE_CODE) || is_exit() || is_of_error());
    }
    if !word.iter().all(char::is_ascii_digit) {
        let is_capital = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit();
        return word.iter().all(is_capital) && (is_behind(BEFORE_CODE) || named == "error");
    }
    let number = word.iter().fold(0, |number, digit| number * 10 + digit.to_digit(10).unwrap_or(0));
    let is_status = word.len() == 3 && (100..=599).contains(&number);
    (word.len() <= MAX_CODE_DIGITS && (is_behind(BEFORE_CODE) || is_of_error()))
        || (number <= MAX_EXIT && is_exit())
        || (is_status && is_behind(BEFORE_STATUS))
        || (is_status && is_status_of_failure(number) && is_failure(&named, before, after))
}

/// Whether servers answer with that status, registered or not. 512 is a size.
const fn is_status_of_failure(number: u32) -> bool {
    matches!(number, 400..=431 | 440 | 444 | 449 | 451 | 460 | 463 | 494..=511 | 520..=530 | 598 | 599)
}

/// Whether nothing follows that is said of a number: a count would have a noun.
fn ends_clause(after: &[char]) -> bool {
    match after {
        [] | [':' | ',' | ';' | ')' | ']', ..] | [' ', '(' | '-' | '[', ..] => true,
        ['.', rest @ ..] => rest.first().is_none_or(|next| *next == ' '),
        _ => false,
    }
}

/// Whether a number that may be a status is one by what is around it.
fn is_failure(named: &str, before: &str, after: &[char]) -> bool {
    let next = after.strip_prefix(&[' ']).unwrap_or_default();
    let next = &next[..run(next, char::is_alphanumeric)];
    if is_unit_behind(next, true) {
        return false;
    }
    if matches!(after, [' ', first, second, ..] if first.is_uppercase() && second.is_alphabetic())
        || (before.ends_with('(') && after.starts_with(&[')']))
        || (before == "[" && after.starts_with(&[']']))
    {
        return true;
    }
    let is_no_count = next.is_empty() || is_one_of(BEHIND_STATUS, next.iter().copied());
    is_no_count && (before.is_empty() || before.ends_with("> ") || is_one_of(MAYBE_BEFORE_STATUS, named.chars()))
}

fn tail(text: &str) -> &str {
    text.char_indices().rev().nth(MAX_LOOK_BACK_CHARS / 2).map_or(text, |(at, _)| &text[at..])
}

/// The last word of a text in small letters, without what may stand between it and its value; `code` of `statusCode`.
pub fn word_before(text: &str) -> String {
    let is_between = |c: &char| matches!(c, ' ' | ':' | '=' | '(' | '[' | '"' | '/' | '#' | '>');
    let near = text.chars().rev().take(MAX_LOOK_BACK_CHARS);
    let mut word = String::new();
    for c in near.skip_while(is_between).take_while(|c| c.is_alphabetic()) {
        let is_hump_begun = word.ends_with(char::is_lowercase) && c.is_uppercase();
        word.push(c);
        if is_hump_begun {
            break;
        }
    }
    word.chars().rev().flat_map(char::to_lowercase).collect()
}
