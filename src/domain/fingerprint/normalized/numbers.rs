//! Numbers: with units of time and size, in times, and those that are codes.

use super::run;

const MONTHS: [&str; 12] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Of the names above, where they are shortened.
const NAME_OF_DAY_CHARS: usize = 3;

/// What is written behind a number without a space.
const SHORT_UNITS: [&str; 26] = [
    "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "b", "k", "kb", "kib", "mb", "mib", "g", "gb", "gib", "tb", "tib",
    "sec", "secs", "min", "mins", "am", "pm",
];
/// What is also written behind a number and a space.
const UNITS: [&str; 36] = [
    "ns", "us", "µs", "μs", "ms", "s", "h", "sec", "secs", "min", "mins", "hr", "hrs", "am", "pm", "millisecond",
    "milliseconds", "second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "byte", "bytes", "b",
    "kb", "kib", "mb", "mib", "gb", "gib", "tb", "tib",
];

/// Words before a number of an HTTP status.
const BEFORE_STATUS: [&str; 5] = ["http", "status", "error", "response", "err"];
/// Words that stand before other things as well.
const MAYBE_BEFORE_STATUS: [&str; 8] =
    ["returned", "with", "got", "received", "responded", "answered", "replied", "upstream"];
/// Words before a number that a program has chosen for a cause.
const BEFORE_CODE: [&str; 4] = ["code", "sqlstate", "errno", "signal"];
const MAX_CODE_CHARS: usize = 8;
const MAX_CODE_DIGITS: usize = 5;
/// How far before a number or a quoted string its name may begin. It bounds the work for each of them.
const MAX_LOOK_BACK_CHARS: usize = 48;

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
        let is_between = matches!(rest[at..at + letters], ['x' | '×'])
            && rest.get(at + 1).is_some_and(char::is_ascii_digit);
        if letters > 0 && !is_between && !is_unit(&SHORT_UNITS, &rest[at..at + letters]) {
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

/// Whether a word behind a number belongs to it.
pub fn is_unit_behind(word: &[char], has_space: bool) -> bool {
    if has_space { is_unit(&UNITS, word) } else { is_unit(&SHORT_UNITS, word) }
}

fn is_unit(units: &[&str], word: &[char]) -> bool {
    units.iter().any(|unit| unit.chars().eq(word.iter().flat_map(|c| c.to_lowercase())))
}

/// Whether a number, or a short word with digits, that stands behind `before` and in front of `after` is a code of its cause:
/// an HTTP status, or what stands behind a word like `code`.
pub fn is_code(word: &[char], before: &str, after: &[char]) -> bool {
    if after.first().is_some_and(|next| next.is_alphanumeric())
        || matches!(after, ['.', digit, ..] if digit.is_ascii_digit())
    {
        return false;
    }
    let named = word_before(before);
    let is_behind = |words: &[&str]| words.iter().any(|word| named.ends_with(word));
    let number = word.iter().all(char::is_ascii_digit).then(|| word.iter().collect::<String>().parse::<u32>().ok());
    let Some(Some(number)) = number else {
        let is_capital = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit();
        return word.len() <= MAX_CODE_CHARS && word.iter().all(is_capital) && is_behind(&["code", "sqlstate", "error"]);
    };
    if is_behind(&BEFORE_CODE) || before.trim_end().ends_with("exit status") {
        return word.len() <= MAX_CODE_DIGITS;
    }
    let is_status = word.len() == 3 && (100..=599).contains(&number);
    let is_failure = is_status && number >= 400;
    let has_reason = matches!(after, [' ', first, second, ..] if first.is_uppercase() && second.is_alphabetic());
    let ends = !matches!(after, [' ', next, ..] if next.is_alphanumeric());
    (is_status && is_behind(&BEFORE_STATUS))
        || (is_failure && has_reason)
        || (is_failure && ends && (before.is_empty() || MAYBE_BEFORE_STATUS.contains(&named.as_str())))
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
