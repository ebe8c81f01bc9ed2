//! Texts of others, made fit for a terminal, and times as people say them.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::domain::spans::roughly_in_words;

/// Characters that a terminal acts upon, or that change the order of those beside them: what an engine sends as an
/// error message must not move the cursor, clear the screen, or look like something else.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A text on one line, with its active characters written out, like `\u001b`.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            _ if is_active(c) => write_out(&mut shown, c),
            _ => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// The same of a text of several lines, which stay.
pub fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// JSON that means the same, without active characters. JSON itself allows them: those above 0x7f in its texts, and a
/// carriage return between them.
pub fn plain_json(json: &str) -> Cow<'_, str> {
    let is_kept = |c: char| !is_active(c) || c == '\n' || c == '\t';
    if json.chars().all(is_kept) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            '\r' => shown.push(' '),
            _ if is_kept(c) => shown.push(c),
            _ => write_out(&mut shown, c),
        }
    }
    Cow::Owned(shown)
}

fn write_out(shown: &mut String, c: char) {
    write!(shown, "\\u{:04x}", u32::from(c)).expect("a text takes whatever is written");
}

/// A text cut to so many characters, with a sign that it was.
pub fn cut(text: &str, most_chars: usize) -> String {
    match text.char_indices().nth(most_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A text in lines of at most `width` characters, broken between words; all lines but the first begin with `indent`. A word that is
/// longer than a line has a line of its own, and so has a statement of SQL, whatever its length. A command of this program that is too long for
/// a line is broken as a shell allows it, so that it can be copied.
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    let mut is_line_full = false;
    for piece in pieces(text, width.saturating_sub(indent.chars().count())) {
        let (text, is_alone) = match piece {
            Piece::Words(text) => (text, false),
            Piece::Statement(text) => (text, true),
            Piece::LongCommand(text) => (folded(&text, indent, width), true),
        };
        let chars = text.chars().count();
        if length > 0 && (is_line_full || is_alone || length + 1 + chars > width) {
            lines.push('\n');
            lines.push_str(indent);
            length = indent.chars().count();
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(&text);
        length += chars;
        is_line_full = is_alone;
    }
    lines
}

/// What is not broken.
enum Piece {
    /// A word, or a command of this program.
    Words(String),
    /// A statement of SQL, to be copied into psql.
    Statement(String),
    /// A command of this program that is too long for a line.
    LongCommand(String),
}

/// With what the statements begin that texts advise.
const STATEMENTS: [&str; 4] = ["create", "grant", "rollback", "select"];

/// The length of the statement of SQL that a text begins with, behind a colon; it ends with a semicolon.
fn statement_length(before: &str, text: &str) -> Option<usize> {
    let begins = before.ends_with(':') && STATEMENTS.contains(&text.split_whitespace().next()?);
    if begins { ends_of_clauses(text).find(|end| text[..*end].ends_with(';')) } else { None }
}

/// A text in pieces. A command of this program is one piece, with what is quoted in it.
fn pieces(text: &str, width: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut before, mut rest) = ("", text.trim());
    while !rest.is_empty() {
        let word = rest.split(char::is_whitespace).next().unwrap_or(rest);
        let statement = statement_length(before, rest);
        let length = statement.unwrap_or_else(|| if word == "eventlease" { command_length(rest) } else { word.len() });
        let (piece, behind) = rest.split_at(length);
        let text = piece.to_owned();
        pieces.push(if statement.is_some() {
            Piece::Statement(text)
        } else if piece.len() > word.len() && piece.chars().count() > width {
            Piece::LongCommand(text)
        } else {
            Piece::Words(text)
        });
        (before, rest) = (piece, behind.trim_start());
    }
    pieces
}

/// A command in lines of at most `width` characters, each but the last with a backslash at its end. What is quoted is not broken.
fn folded(command: &str, indent: &str, width: usize) -> String {
    const SIGN: &str = " \\";
    let words = words_of_shell(command);
    let mut lines = String::new();
    let mut length = indent.chars().count();
    for (place, word) in words.iter().enumerate() {
        let sign = if place + 1 < words.len() { SIGN.len() } else { 0 };
        let chars = word.chars().count();
        if place > 0 && length + 1 + chars + sign > width {
            lines.extend([SIGN, "\n", indent]);
            length = indent.chars().count();
        } else if place > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += chars;
    }
    lines
}

/// The words of a command; spaces in quotes separate none.
fn words_of_shell(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut begin = 0;
    for (at, _) in command.match_indices(' ') {
        if !is_in_quotes(&command[begin..at]) {
            words.push(&command[begin..at]);
            begin = at + 1;
        }
    }
    words.push(&command[begin..]);
    words
}

/// Whether what follows a text is still quoted, as a shell reads it.
fn is_in_quotes(text: &str) -> bool {
    let mut is_quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '\\' if !is_quoted => drop(chars.next()),
            _ => {}
        }
    }
    is_quoted
}

/// Where words of a text end with what ends a clause.
fn ends_of_clauses(text: &str) -> impl Iterator<Item = usize> {
    let is_end = |at: usize, c: char| {
        matches!(c, ';' | ',' | ':' | ')') && !text[at + 1..].starts_with(|c: char| !c.is_whitespace())
    };
    text.char_indices().filter(move |(at, c)| is_end(*at, *c)).map(|(at, _)| at + 1)
}

/// The length of the command of this program that a text begins with, up to what ends the clause. What is quoted as for a shell ends none.
fn command_length(text: &str) -> usize {
    ends_of_clauses(text).find(|end| !is_in_quotes(&text[..*end])).unwrap_or(text.len())
}

/// A time as seen from now, like `3 min ago` or `in 45 s`.
pub fn from_now(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any time are far below 2^52")]
    let seconds = (at - now).num_milliseconds() as f64 / 1000.0;
    // The server's clock comes in whole seconds.
    if seconds.abs() < 1.0 {
        "now".to_owned()
    } else if seconds < 0.0 {
        format!("{} ago", roughly_in_words(-seconds))
    } else {
        format!("in {}", roughly_in_words(seconds))
    }
}

/// A time in full, and as seen from now.
pub fn in_full(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{} ({})", at.format("%Y-%m-%d %H:%M:%SZ"), from_now(at, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_upon_is_left() {
        assert_eq!(plain("Mira says: ¡olé! 🙂"), "Mira says: ¡olé! 🙂");
        assert_eq!(plain("a\x1b[2Jb\u{9b}31mc\u{7f}\r\n\td\0"), "a\\u001b[2Jb\\u009b31mc\\u007f\\u000d\\n\\td\\u0000");
        assert_eq!(plain("abc\u{202e}txt.exe"), "abc\\u202etxt.exe");
        assert_eq!(plain_lines("one\ntwo\x1b"), "one\ntwo\\u001b");
    }

    #[test]
    fn json_means_the_same_as_before() {
        let json = "{\"a\":\r\n\t[\"\u{9b}31m\", \"\u{7f}\u{202e}é\", \"\\u001b\", 12345678901234567890]}";
        let shown = plain_json(json);
        assert!(!shown.contains(|c: char| is_active(c) && c != '\n' && c != '\t'), "{shown:?}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(&shown), read(json));
        assert!(shown.contains("12345678901234567890"));
    }

    #[test]
    fn times_are_told_from_now() {
        let now = DateTime::from_timestamp(1_900_000_000, 0).expect("a time");
        let told = |seconds: i64| from_now(now + chrono::TimeDelta::seconds(seconds), now);
        assert_eq!([told(0), told(-1), told(-180), told(45)], ["now", "1 s ago", "3 min ago", "in 45 s"]);
        assert_eq!(in_full(now, now), "2030-03-17 17:46:40Z (now)");
    }

    #[test]
    fn long_texts_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three four", "  ", 9), "one two\n  three\n  four");
        assert_eq!(wrapped("eighteencharacters a", "", 9), "eighteencharacters\na");
        assert_eq!(wrapped("", "  ", 9), "");
    }

    #[test]
    fn commands_are_not_broken_where_they_fit_on_a_line() {
        let text = "see it: eventlease events 7; or a b c d: eventlease cancel 7";
        assert_eq!(wrapped(text, "  ", 24), "see it:\n  eventlease events 7;\n  or a b c d:\n  eventlease cancel 7");
        assert_eq!(
            wrapped("of that: eventlease events 7; or not", "  ", 16),
            "of that:\n  eventlease \\\n  events 7;\n  or not"
        );
    }

    #[test]
    fn what_is_quoted_in_a_command_stays_as_it_is() {
        for command in [
            "eventlease queues lift dialogue --engine-software-version '1; rm  x, y: z'",
            r"eventlease audit --subject 'night '\''42'\''; x'",
        ] {
            for width in [12, 80] {
                let told = wrapped(&format!("see who it was: {command}; then go on"), "", width);
                assert!(told.replace(" \\\n", " ").contains(&format!("{command};")), "{told}");
            }
        }
    }

    #[test]
    fn a_statement_of_sql_has_a_line_of_its_own_and_is_never_broken() {
        let told = wrapped("end it, or: select pg_terminate_backend(77); then look again", "  ", 24);
        assert_eq!(told, "end it, or:\n  select pg_terminate_backend(77);\n  then look again");
        let long =
            "an encoding cannot be changed, so make another: create database NAME encoding 'UTF8' template template0;";
        assert_eq!(
            wrapped(long, "", 30),
            "an encoding cannot be changed,\nso make another:\ncreate database NAME encoding 'UTF8' template template0;"
        );
        assert_eq!(
            wrapped("select what: select it", "", 12),
            "select what:\nselect it",
            "no statement, as it does not end"
        );
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äöü…");
    }
}
