//! A caller's text as it may stand in a log: of bounded length, in quotes, and with every character escaped that could end
//! the line, control a terminal, or change the order in which the text is read.

use std::fmt::{self, Write as _};

/// Characters of one text that reach the log.
const MAX_CHARS: usize = 200;

/// Shows a caller's text in a log, in quotes: `"a bad release"`, `"one\ntwo"`.
#[derive(Clone, Copy, Debug)]
pub struct LogText<'a>(pub &'a str);

impl fmt::Display for LogText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write_escaped(f, self.0)?;
        f.write_char('"')?;
        if self.0.chars().nth(MAX_CHARS).is_some() { write!(f, "… ({} bytes)", self.0.len()) } else { Ok(()) }
    }
}

/// The same without quotes and without its length, for a field whose whole value it is.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len().min(MAX_CHARS));
    write_escaped(&mut escaped, text).expect("writing to memory does not fail");
    escaped
}

fn write_escaped(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    for character in text.chars().take(MAX_CHARS) {
        match character {
            '\'' => out.write_char(character)?,
            // Escapes what Unicode does not call printable: control, format and private characters, other spaces.
            _ => write!(out, "{}", character.escape_debug())?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_in_its_order() {
        let shown = LogText("it's\n\u{9b}31m\u{202e}\u{2066}\u{2028}\u{200b}\u{1b}[2J \"ü\" \\").to_string();
        assert_eq!(shown, r#""it's\n\u{9b}31m\u{202e}\u{2066}\u{2028}\u{200b}\u{1b}[2J \"ü\" \\""#);
        assert_eq!(escaped("/a\u{202e}b"), r"/a\u{202e}b");
    }

    #[test]
    fn a_long_text_is_cut_and_tells_its_length() {
        assert_eq!(LogText(&"x".repeat(200)).to_string().len(), 202);
        let shown = LogText(&"\u{9b}".repeat(1_000_000)).to_string();
        assert!(shown.len() < 2_000 && shown.ends_with("… (2000000 bytes)"), "{shown}");
        assert_eq!(escaped(&"x".repeat(201)).len(), 200);
    }
}
