//! Parts of words that a program has generated: UUIDs, ULIDs, hashes, ids of requests, names of pods.

/// Hexadecimal digits from which on a run of them is an id.
const MIN_HEX_DIGITS: usize = 8;
/// With digits among the letters; the short hash of a Git commit has so many.
const MIN_MIXED_HEX_DIGITS: usize = 7;
/// Letters and digits that alternate are an id from here on; `k8s` and `i18n` are none.
const MIN_ALTERNATING_CHARS: usize = 5;
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
    let length = super::run(rest, char::is_alphanumeric);
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

/// Whether letters and digits without anything between them look generated. Behind an id in the same word, less is needed:
/// `x2k4q` of `worker-7d9f8b6c5-x2k4q` has too few characters to be sure of otherwise.
pub fn is_generated(run: &[char], is_behind_id: bool) -> bool {
    if !run.iter().all(char::is_ascii_alphanumeric) {
        return false;
    }
    let digits = run.iter().filter(|c| c.is_ascii_digit()).count();
    let letters = run.len() - digits;
    if letters == 0 {
        return false;
    }
    let is_mixed = digits > 0;
    if run.iter().all(char::is_ascii_hexdigit)
        && run.len() >= if is_mixed { MIN_MIXED_HEX_DIGITS } else { MIN_HEX_DIGITS }
    {
        return true;
    }
    if is_behind_id && (is_mixed || capitals_within(run) > 0 || !run.iter().any(is_vowel)) {
        return true;
    }
    let alternations = run.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    // `fooBar7` is a name with a number, `fKxQz8` is none.
    let capitals = capitals_within(run);
    (alternations >= 2 && run.len() >= MIN_ALTERNATING_CHARS)
        || (is_mixed && capitals >= 2 && (capitals + 1) * 3 > letters)
        || (!is_mixed && capitals >= 2 && (capitals + 1) * 2 >= letters && letters > 5)
}

/// Capitals behind small letters: `getById` has two.
fn capitals_within(run: &[char]) -> usize {
    run.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count()
}

fn is_vowel(c: &char) -> bool {
    matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// `npc@example.com`
pub fn is_email(word: &[char]) -> bool {
    word.iter().position(|c| *c == '@').is_some_and(|at| at > 0 && word[at + 1..].contains(&'.'))
}

/// Digits and colons: a time or a MAC address, too, is one.
pub fn is_ipv6(word: &[char]) -> bool {
    word.iter().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'))
        && word.iter().filter(|c| **c == ':').count() >= 2
        && word.iter().any(char::is_ascii_digit)
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
        Some(':') => super::run(&rest[end + 2..], |c| c.is_ascii_digit()),
        _ => 0,
    };
    Some(end + 1 + if port > 0 { port + 1 } else { 0 })
}
