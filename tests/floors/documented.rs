//! The rule for doc comments: types, functions, constants, statics and named fields that are `pub` to whomever, and the
//! variants of such enums, have one. Of an error, the message (`#[error("…")]`) says what a variant and its fields are. Left out
//! is what describes JSON or values of flags (`ToSchema`, `ValueEnum`): its doc comments are shown to users.

use crate::modules::Crate;
use crate::tokens::{Token, end_of_item};

const KINDS: [&str; 9] = ["async", "unsafe", "fn", "struct", "enum", "trait", "const", "static", "type"];

/// What has no doc comment: file, line, name.
pub fn undocumented(read: &Crate) -> Vec<String> {
    let found = read.modules.iter().flat_map(|module| {
        undocumented_in(&module.tokens_and_doc_comments).into_iter().map(move |name| (&module.file, name))
    });
    found.map(|(file, name)| format!("{file}:{}: {}", name.line, name.text)).collect()
}

fn undocumented_in(tokens: &[Token]) -> Vec<&Token> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let (mut found, mut left_out_until) = (Vec::new(), 0);
    for start in (0..tokens.len()).filter(|at| text(*at) == "pub") {
        if lead(tokens, start).iter().any(|token| ["ToSchema", "ValueEnum"].contains(&token.text.as_str())) {
            left_out_until = end_of_item(tokens, start);
        }
        if start < left_out_until {
            continue;
        }
        let is_restricted = text(start + 1) == "(" && ["crate", "super", "in"].contains(&text(start + 2));
        let visibility =
            if is_restricted { tokens[start..].iter().position(|token| token.text == ")") } else { Some(0) };
        let kind = start + visibility.expect("the bracket is closed") + 1;
        let Some(name) = (kind..tokens.len()).find(|at| !KINDS.contains(&text(*at))) else { continue };
        let is_named = tokens[name].is_word() && (name > kind || text(name + 1) == ":");
        if is_named && !is_documented(lead(tokens, start)) {
            found.push(&tokens[name]);
        }
        if text(kind) == "enum" {
            found.extend(undocumented_variants(&tokens[name..]));
        }
    }
    found
}

/// The variants of an enum, and their named fields, that are not documented. The tokens begin with the enum's name.
fn undocumented_variants(tokens: &[Token]) -> Vec<&Token> {
    let (mut found, mut depth, mut message) = (Vec::new(), 0, &tokens[..0]);
    for (at, token) in tokens.iter().enumerate().skip(1) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" if depth == 1 => break,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        let lead = lead(tokens, at);
        if !token.is_word() || !["{", ",", "///", "]"].contains(&tokens[at - 1].text.as_str()) {
            continue;
        }
        let is_said = if depth == 1 {
            message = if lead.iter().any(|token| token.text == "error") { lead } else { &[] };
            !message.is_empty()
        } else if depth == 2 && tokens[at + 1].text == ":" {
            !message.is_empty()
                && (token.text == "source" || message.iter().any(|said| said.text.contains(&token.text)))
        } else {
            true
        };
        if !is_said && !is_documented(lead) {
            found.push(token);
        }
    }
    found
}

/// The doc comments and attributes before an item, with the repetition by which a macro takes them.
fn lead(tokens: &[Token], item: usize) -> &[Token] {
    let text = |at: usize| tokens[at].text.as_str();
    let mut start = item;
    while start > 0 {
        match text(start - 1) {
            "///" => start -= 1,
            "]" => {
                let Some(open) = (0..start).rev().find(|at| text(*at) == "#" && text(at + 1) == "[") else { break };
                start = open;
            }
            _ => break,
        }
    }
    &tokens[start.saturating_sub(1)..item]
}

fn is_documented(lead: &[Token]) -> bool {
    lead.iter().any(|token| token.text == "///") || lead.first().is_some_and(|token| token.text == "*")
}

#[test]
fn what_is_not_documented_is_found() {
    let found = |text: &str| {
        let read = Crate::invented(&[("lib.rs", text)]);
        undocumented(&read)
            .iter()
            .map(|place| place.rsplit(' ').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    for (text, missing) in [
        ("pub fn a() {} /// Said.\npub(crate) async fn b() {}", vec!["a"]),
        ("/// Said.\n#[c(d = [1, 2])]\n#[e]\npub struct F { pub g: u8, h: u8, /// Said.\npub i: u8 }", vec!["g"]),
        ("/// Said.\npub struct A(pub u8); pub use b::c; pub mod d; $(#[$e])* pub type F = u8;", vec![]),
        (
            "/// Said.\npub enum A { /// Said.\nB, C(u8), /// Said.\nD { e: X<u8, u8>, /// Said.\nf: u8 } }",
            vec!["C", "e"],
        ),
        ("/// Said.\npub enum A { #[error(\"no {b}\")] B { b: u8, source: u8, c: u8 }, C }", vec!["c", "C"]),
        ("#[derive(A, ToSchema)]\n#[b] pub struct C { pub d: E<{ F }>, pub g: u8 } pub fn h() {}", vec!["h"]),
        ("/// Lost with its item.\n#[cfg(test)] fn a() {} pub(in crate::d) const B: u8 = 1; fn c() {}", vec!["B"]),
    ] {
        assert_eq!(found(text), missing, "{text}");
    }
}
