//! Parts of words that a program has generated: UUIDs, ULIDs, hashes, ids of requests, names of pods.

use std::ops::Range;

use super::chars::{is_one_of, run};
use super::numbers::word_before;

/// Hexadecimal digits from which on a run of them is an id.
const MIN_HEX_DIGITS: usize = 8;
/// With digits among the letters; the short hash of a Git commit has so many.
const MIN_MIXED_HEX_DIGITS: usize = 7;
/// Letters and digits that alternate are an id from here on; `k8s` and `i18n` are none.
const MIN_ALTERNATING_CHARS: usize = 5;
/// Behind an id, a part with a capital among its letters belongs to it up to this length.
const MAX_REST_CHARS: usize = 4;
const POD_CHARS: usize = 5;
/// Small and large letters that make no words are an id from here on.
const MIN_CAMEL_CHARS: usize = 8;
const SHORT_WORDS: &str = "id is to by of on in or at db ip my no up do go if as be an io tx ok ms npc http https html";
const NANO_ID_CHARS: usize = 21;
const MIN_BASE64_CHARS: usize = 20;
const REPLICA_SET_CHARS: Range<usize> = 8..11;
const MIN_PREFIXED_CHARS: usize = 6;
/// What the ids of services begin with.
const PREFIXES: &str = "req request sess session evt msg call toolu chatcmpl cmpl resp org proj asst thread trace span txn cus acct \
    usr user tok sk pk file batch conn ref corr run task job id";
/// With its hyphens.
const UUID_CHARS: usize = 36;

/// The length of a UUID, a hexadecimal number with `0x`, or what stands behind an `@` in the place of an object's address.
pub fn marked_id(rest: &[char], before: Option<char>) -> Option<usize> {
    if let Some(uuid) = rest.get(..UUID_CHARS)
        && is_uuid(uuid)
        && !rest.get(UUID_CHARS).is_some_and(|next| next.is_alphanumeric())
    {
        return Some(UUID_CHARS);
    }
    let length = run(rest, char::is_alphanumeric);
    let digits = match rest[..length] {
        ['0', 'x' | 'X', ref digits @ ..] => digits,
        ref digits if before == Some('@') => digits,
        _ => return None,
    };
    (!digits.is_empty() && digits.iter().all(char::is_ascii_hexdigit)).then_some(length)
}

fn is_uuid(chars: &[char]) -> bool {
    chars
        .iter()
        .enumerate()
        .all(|(at, c)| if matches!(at, 8 | 13 | 18 | 23) { *c == '-' } else { c.is_ascii_hexdigit() })
}

/// Whether letters and digits without anything between them look generated. Behind an id or a number in the same word, less is needed:
/// `x2k4q` of `worker-7d9f8b6c5-x2k4q` has too few characters to be sure of otherwise.
pub fn is_generated(part: &[char], is_behind_id: bool) -> bool {
    if !part.iter().all(char::is_ascii_alphanumeric) {
        return false;
    }
    let digits = part.iter().filter(|c| c.is_ascii_digit()).count();
    let letters = part.len() - digits;
    if letters == 0 {
        return false;
    }
    let is_mixed = digits > 0;
    if part.iter().all(char::is_ascii_hexdigit)
        && part.len() >= if is_mixed { MIN_MIXED_HEX_DIGITS } else { MIN_HEX_DIGITS }
    {
        return true;
    }
    if is_behind_id
        && (is_mixed || is_of_pod(part, POD_CHARS) || (capitals_within(part) > 0 && part.len() <= MAX_REST_CHARS))
    {
        return true;
    }
    if is_type_name(part) {
        return false;
    }
    let alternations = part.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    (alternations >= 2 && part.len() >= MIN_ALTERNATING_CHARS)
        || (part.len() >= MIN_CAMEL_CHARS && !is_camel_case(part))
}

/// `Http2Stream`: words with a capital each, and numbers between them.
fn is_type_name(part: &[char]) -> bool {
    let is_small_behind_digit = |pair: &[char]| pair[0].is_ascii_digit() && pair[1].is_ascii_lowercase();
    part[0].is_ascii_uppercase()
        && part.iter().any(char::is_ascii_lowercase)
        && !part.windows(2).any(is_small_behind_digit)
        && is_camel_case(part)
}

/// Whether letters that are small and large, and digits, make words as in `getUserById2`: most of what begins with a capital can
/// be pronounced, or is short for something.
pub fn is_camel_case(part: &[char]) -> bool {
    let (mut words, mut unlike_words) = (0, 0);
    let mut rest = part;
    while !rest.is_empty() {
        let capitals = run(rest, |c| c.is_ascii_uppercase());
        let small = run(&rest[capitals..], |c| c.is_ascii_lowercase());
        let length = match (capitals, small) {
            (0, 0) => run(rest, |c| !c.is_ascii_alphabetic()),
            // The last capital of `HTTPStatus` begins the next word.
            (2.., 1..) => capitals - 1,
            _ => capitals + small,
        };
        let word = &rest[..length];
        if word[0].is_ascii_alphabetic() {
            words += 1;
            let is_acronym = (2..=4).contains(&length) && word.iter().all(char::is_ascii_uppercase);
            let is_word = (length > 2 && word.iter().any(|c| is_vowel(*c))) || is_one_of(SHORT_WORDS, lower(word));
            unlike_words += usize::from(!is_acronym && !is_word);
        }
        rest = &rest[length..];
    }
    words < 2 || unlike_words * 2 <= words
}

fn lower(word: &[char]) -> impl Iterator<Item = char> {
    word.iter().map(char::to_ascii_lowercase)
}

const fn is_vowel(c: char) -> bool {
    matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// A Nano ID may have hyphens and underscores anywhere.
pub fn is_nano_id(word: &[char]) -> bool {
    let has = |is: fn(&char) -> bool| word.iter().any(is);
    word.len() == NANO_ID_CHARS
        && word.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && has(char::is_ascii_digit)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && !is_camel_case(word)
}

/// Bytes as letters, digits, `+` and `/`, filled up with `=`. A path has words between its slashes.
pub fn is_base64(word: &[char], after: &[char]) -> bool {
    if word.len() < MIN_BASE64_CHARS || !word.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')) {
        return false;
    }
    let is_sign = |c: &char| matches!(c, '+' | '/');
    if !word.iter().any(is_sign) {
        return after.first() == Some(&'=') && is_generated(word, false);
    }
    let is_word = |part: &[char]| part.len() > 2 && part.iter().all(char::is_ascii_lowercase);
    let generated: usize = word.split(is_sign).filter(|part| is_generated(part, false)).map(<[char]>::len).sum();
    !word.split(is_sign).any(is_word) && generated * 3 >= word.len() * 2
}

/// Capitals behind small letters: `getById` has two.
fn capitals_within(part: &[char]) -> usize {
    part.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count()
}

/// Kubernetes names pods by an alphabet without vowels.
fn is_of_pod(part: &[char], length: usize) -> bool {
    part.len() == length && part.iter().all(|c| matches!(c, 'b'..='z' | '2'..='9') && !"eiouy".contains(*c))
}

/// Whether a part of a word behind a hyphen ends the name of a pod: `x2k4q`, or the hash before it.
pub fn is_end_of_pod(part: &[char], is_in_pod: bool) -> bool {
    let has_digit = part.iter().any(char::is_ascii_digit);
    ((is_in_pod || has_digit) && is_of_pod(part, POD_CHARS))
        || (has_digit && REPLICA_SET_CHARS.into_iter().any(|n| is_of_pod(part, n)))
}

/// Whether the word behind `before` is an id because that says so: `id=`, `request `, `commit `.
pub fn is_named_id(word: &[char], before: &str) -> bool {
    let has_digit = word.iter().any(char::is_ascii_digit);
    match word_before(before).as_str() {
        "id" | "uuid" => has_digit || before.trim_end_matches(' ').ends_with(['=', ':']),
        "commit" | "revision" | "rev" | "sha" => {
            word.len() >= MIN_MIXED_HEX_DIGITS && word.iter().all(char::is_ascii_hexdigit)
        }
        _ => false,
    }
}

/// Whether the part of a word behind `prefix` and `_` or `-` is an id because that says so: `req_Kxfab71`.
pub fn is_prefixed_id(part: &[char], prefix: &[char]) -> bool {
    part.len() >= MIN_PREFIXED_CHARS
        && is_one_of(PREFIXES, prefix.iter().copied())
        && part.iter().any(char::is_ascii_alphabetic)
        && (part.iter().any(char::is_ascii_digit)
            || part[1..].iter().any(char::is_ascii_uppercase) && !is_camel_case(part))
}

/// `npc@example.com`
pub fn is_email(word: &[char]) -> bool {
    word.iter().position(|c| *c == '@').is_some_and(|at| at > 0 && word[at + 1..].contains(&'.'))
}

/// Digits and colons: a time or a MAC address, too, is one.
pub fn is_ipv6(word: &[char]) -> bool {
    word.iter().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'))
        && match word.iter().filter(|c| **c == ':').count() {
            0 | 1 => false,
            5 => true,
            _ => word.iter().any(char::is_ascii_digit),
        }
}

/// `[fe80::1]` or `[fe80::1]:5432`: the length.
pub fn bracketed_address(rest: &[char]) -> Option<usize> {
    const MAX_CHARS: usize = 41;
    if rest.first() != Some(&'[') {
        return None;
    }
    let end = rest.iter().take(MAX_CHARS).position(|c| *c == ']')?;
    if !is_ipv6(&rest[1..end]) {
        return None;
    }
    let port = match rest.get(end + 1) {
        Some(':') => run(&rest[end + 2..], |c| c.is_ascii_digit()),
        _ => 0,
    };
    Some(end + 1 + if port > 0 { port + 1 } else { 0 })
}
