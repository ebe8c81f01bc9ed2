//! What stands in a source file: words, signs and doc comments, without other comments, and without what is there for tests
//! only.

const DOC_COMMENT: &str = "///";

/// A word, `::`, a text with its quotes, `///` for a line of a doc comment, or a sign of one character.
#[derive(Clone, Debug)]
pub struct Token {
    pub text: String,
    /// From 1.
    pub line: usize,
}

impl Token {
    pub fn is_doc_comment(&self) -> bool {
        self.text == DOC_COMMENT
    }

    pub fn is_word(&self) -> bool {
        self.text.starts_with(is_word)
    }

    /// What stands between the quotes, if it is a text.
    pub fn inside_quotes(&self) -> Option<&str> {
        Some(self.text.strip_prefix('"')?.trim_end_matches('"'))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The tokens of a text beside doc comments, without items behind `#[cfg(test)]`.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = tokens_and_doc_comments(text);
    found.retain(|token| !token.is_doc_comment());
    found
}

/// The tokens of a text, without items behind `#[cfg(test)]`.
pub fn tokens_and_doc_comments(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (kept, length) = read(rest, first);
        if let Some(text) = kept {
            found.push(Token { text, line });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    without_tests(&found)
}

/// The first token of the rest, if it is none to skip, and how many bytes it takes.
fn read(rest: &str, first: char) -> (Option<String>, usize) {
    let until = |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if first.is_whitespace() {
        (None, first.len_utf8())
    } else if rest.starts_with("//") {
        (rest.starts_with(DOC_COMMENT).then(|| DOC_COMMENT.to_owned()), until("\n", 0))
    } else if rest.starts_with("/*") {
        (None, until("*/", 2))
    } else if first == '"' {
        let length = length_of_text(rest);
        (Some(rest[..length].to_owned()), length)
    } else if let Some(hashes) = hashes_of_raw_text(rest) {
        let start = rest.find('"').expect("a raw text has quotes");
        let length = until(&format!("\"{hashes}"), start + 1);
        (Some(rest[start..length - hashes.len()].to_owned()), length)
    } else if is_word(first) {
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        (Some(rest[..length].to_owned()), length)
    } else if first == '\'' {
        (None, length_of_character_or_lifetime(rest))
    } else {
        let sign = if rest.starts_with("::") { "::".to_owned() } else { first.to_string() };
        let length = sign.len();
        (Some(sign), length)
    }
}

fn length_of_text(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == '"' && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    rest.len()
}

/// The `##` of `r##"…"##`, if a raw text begins here.
fn hashes_of_raw_text(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
    let hashes = &rest[..rest.find(|c| c != '#')?];
    rest[hashes.len()..].starts_with('"').then_some(hashes)
}

fn length_of_character_or_lifetime(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    let (Some((_, second)), Some((at, third))) = (characters.next(), characters.next()) else { return rest.len() };
    if second == '\\' {
        // From the sign behind the backslash on: it may be a quote.
        rest[at + third.len_utf8()..].find('\'').map_or(rest.len(), |end| at + third.len_utf8() + end + 1)
    } else if third == '\'' {
        at + 1
    } else {
        1
    }
}

const TESTS_ONLY: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().map(|token| &token.text).take(TESTS_ONLY.len()).eq(&TESTS_ONLY) {
            while kept.last().is_some_and(Token::is_doc_comment) {
                kept.pop();
            }
            at = end_of_item(tokens, at + TESTS_ONLY.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Behind the `;` or the `}` that ends the item which begins here.
pub fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let is_use = tokens.get(start).is_some_and(|token| token.text == "use");
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (token.text == ";" || (token.text == "}" && !is_use)) {
            return at + 1;
        }
    }
    tokens.len()
}

#[test]
fn comments_and_tests_are_left_out() {
    let read = |text| tokens(text).into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
    assert_eq!(read("a // b\n/* c */ d"), "a d");
    assert_eq!(read("f(\"g // \\\" h\", 'i', '\\'', x::<'l>)"), "f ( \"g // \\\" h\" , , , x :: < l > )");
    assert_eq!(read("r#\"i \"j\" // k\"#, l"), "\"i \"j\" // k\" , l");
    assert_eq!(read("#[cfg(test)] use a::{b};\n#[cfg(test)]\n#[c] fn d(x: [u8; 3]) { e; }\nf"), "f");
    assert_eq!(read("#[cfg(test)] mod a; #[cfg(test)] mod tests { mod b { } }"), "");
    assert_eq!(tokens("a\n\"b\nc\"\nd").last().map(|token| token.line), Some(4));
}
