//! Each sentence with a number agrees with it, and none is left out.

use std::collections::BTreeSet;

use super::Code;
use super::every_sentence::{items, reasons};
use crate::domain::attention;

/// What is counted in sentences.
const NOUNS: [&str; 11] =
    ["event", "engine", "attempt", "slot", "report", "failure", "loss", "letter", "type", "time", "minute"];
const OF_ONE: [&str; 9] = ["is", "was", "has", "it", "its", "holds", "asks", "that asks", "itself"];
const OF_MANY: [&str; 8] = ["are", "were", "have", "they", "their", "hold", "ask", "these"];

fn noun_of(word: &str) -> Option<(&'static str, bool)> {
    NOUNS.into_iter().find_map(|noun| {
        let is_plural = word == format!("{noun}s") || word == format!("{noun}es");
        (word == noun || is_plural).then_some((noun, is_plural))
    })
}

/// Where a number and what is said of it differ. A clause is what stands between two signs; in it, what follows the noun belongs to it.
fn disagreement(sentence: &str) -> Option<String> {
    for clause in sentence.split([';', ':', ',', '(', ')']) {
        let words: Vec<&str> = clause.split_whitespace().collect();
        for (place, number) in
            words.iter().enumerate().filter_map(|(place, word)| Some((place, word.parse::<i64>().ok()?)))
        {
            let after = words[place + 1..].iter().take(3).enumerate();
            let noun = after.clone().find_map(|(at, word)| Some((at, noun_of(word)?)));
            let Some((at, (noun, is_plural))) = noun else { continue };
            // `12 of 40 attempts`: the noun belongs to the second number.
            if words[place + 1..=place + at].iter().any(|word| word.parse::<i64>().is_ok()) {
                continue;
            }
            if is_plural != (number != 1) {
                return Some(format!("{number} {noun}"));
            }
            // `lost 2 times`, `in the last 5 minutes`: what follows is said of something else.
            if matches!(noun, "time" | "minute") {
                continue;
            }
            let of_others: &[&str] = if number == 1 { &OF_MANY } else { &OF_ONE };
            let verb = words[place + at + 2..].iter().find(|word| OF_ONE.contains(word) || OF_MANY.contains(word));
            if let Some(verb) = verb.filter(|verb| of_others.contains(verb)) {
                return Some(format!("{number} {noun} {verb}"));
            }
        }
    }
    None
}

#[test]
fn a_sentence_that_does_not_agree_is_found() {
    for wrong in ["the 1 engine of x that ask for work are full", "1 events are due", "2 event", "2 events of x is due"]
    {
        assert!(disagreement(wrong).is_some(), "{wrong}");
    }
    for right in
        ["1 event of x is due, and 2 engines are full", "12 of 20 attempts failed", "none of the 2 engines of x is"]
    {
        let is_of_none = right.starts_with("none");
        assert_eq!(disagreement(right).is_some(), is_of_none, "{right}");
    }
}

#[test]
fn every_sentence_agrees_with_its_numbers() {
    let mut sentences = BTreeSet::new();
    for number in [0, 1, 2] {
        for reason in reasons("dialogue", number) {
            sentences.insert(reason.message);
            sentences.extend(reason.what_to_do);
        }
        for item in items("dialogue", number) {
            sentences.extend([item.message, item.what_to_do]);
        }
    }
    assert!(sentences.len() > 150, "{} sentences", sentences.len());
    let wrong: Vec<String> = sentences
        .iter()
        // `none of the 2 engines is`.
        .filter(|sentence| !sentence.starts_with("none of the"))
        .filter_map(|sentence| disagreement(sentence).map(|what| format!("{what}: {sentence}")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let odd: Vec<&String> =
        sentences.iter().filter(|sentence| sentence.contains("the 1 ") || sentence.contains("all 1 ")).collect();
    assert!(odd.is_empty(), "{odd:#?}");
}

#[test]
fn every_code_is_among_the_sentences() {
    let found: BTreeSet<Code> =
        [0, 1, 2].into_iter().flat_map(|number| reasons("dialogue", number)).map(|reason| reason.code).collect();
    let missing: Vec<Code> = Code::ALL.into_iter().filter(|code| !found.contains(code)).collect();
    assert_eq!(missing, []);
    let found: BTreeSet<attention::Code> =
        [0, 1, 2].into_iter().flat_map(|number| items("dialogue", number)).map(|item| item.code).collect();
    let missing: Vec<attention::Code> = attention::Code::ALL.into_iter().filter(|code| !found.contains(code)).collect();
    assert_eq!(missing, []);
}
