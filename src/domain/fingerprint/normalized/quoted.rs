//! Which quoted strings say what has to be repaired, and which are data.

use super::chars::{is_one_of, run};
use super::ids::is_camel_case;
use super::numbers::word_before;

/// Words before a quoted name of the program, of its schema or of its deployment.
const BEFORE_NAME: &str = "key attribute column constraint relation table database schema role function method property field argument \
    parameter option variable module package class type header reading setting invoke because image secret \
    configmap container namespace placeholder extension operator trigger sequence policy host hostname service \
    command import include feature flag plugin topic permission scope bucket index collection exchange queue tool template library \
    driver provider handler endpoint exec executable binary program dependency step stage \
    phase breaker";
/// Several words, where the last alone may stand before data as well.
const BEFORE_NAME_TOO: [&str; 12] = [
    "module named ",
    "import name ",
    "host name ",
    "column index #, name ",
    "panicked at ",
    "with message ",
    "resolve ",
    "value for ",
    "reason ",
    "error ",
    "exception ",
    "status ",
];
/// What stands behind such a name.
const BEHIND_NAME: [&str; 15] = [
    " object",
    " is required",
    " is a required",
    " is not defined",
    " is undefined",
    " was unexpected",
    " does not support",
    " must be",
    " field",
    " property",
    " argument",
    " parameter",
    " column",
    " module",
    " attribute",
];
/// Keys, in JSON and before `=` or `:`, whose values say what happened.
const KEYS_OF_CAUSES: &str = "error errors message msg reason detail details desc description title kind status cause exception category \
    code fault param path loc expected received action operation stage step phase component err problem \
    violation syscall summary hint outcome errorcode errortype errormessage faultstring statuscode info result rule state";
/// Types that messages name in quotes.
const TYPES: &str =
    "NoneType None int str float bool list dict tuple set bytes undefined null string number object boolean";
const ENDS_OF_ERROR_TYPES: [&str; 2] = ["error", "exception"];

/// Stands before the values of a statement, in what `SQLAlchemy` says.
const BEFORE_VALUES: &str = "[parameters: ";
/// Words before what a program is made of, which is named by its path.
const BEFORE_MODULE: &str = "module modules package import";
/// Letters before the quote of a string in Python: `b'…'`.
const STRING_PREFIXES: &str = "b r u f br rb B R U F";
/// A string with that many spaces in it is a sentence.
const SPACES_OF_SENTENCE: usize = 2;

/// The quotes that close a string which this one opens.
pub const fn closing_of(opening: char) -> Option<&'static str> {
    match opening {
        '"' => Some("\""),
        '\'' => Some("'"),
        '`' => Some("`"),
        '“' | '”' => Some("”"),
        '„' => Some("“”"),
        '‘' => Some("’"),
        '‚' => Some("‘’"),
        '«' => Some("»"),
        '»' => Some("«"),
        '‹' => Some("›"),
        '「' => Some("」"),
        '『' => Some("』"),
        '《' => Some("》"),
        '〈' => Some("〉"),
        '＂' => Some("＂"),
        _ => None,
    }
}

/// Whether what may open a string stands behind a word, as in `can't`, and opens none.
pub fn is_behind_word(opening: char, before: &str) -> bool {
    if !matches!(opening, '\'' | '”' | '»') {
        return false;
    }
    let word: String = before.chars().rev().take_while(|c| c.is_alphanumeric()).take(3).collect();
    !word.is_empty() && !is_one_of(STRING_PREFIXES, word.chars().rev())
}

/// Whether what is quoted behind that text is a module of a program.
pub fn names_module(before: &str) -> bool {
    is_one_of(BEFORE_MODULE, word_before(before).chars())
}

/// Whether a bracket behind that text holds what an error was made of: `OSError(28, 'No space left')`, or a message that is nothing but that.
pub fn begins_arguments(before: &str) -> bool {
    // `(pymysql.err.OperationalError) (1205, 'Lock wait timeout')`
    let named = before.strip_suffix(") ").unwrap_or(before);
    before.is_empty()
        || (named.ends_with(char::is_alphanumeric)
            && ENDS_OF_ERROR_TYPES.iter().any(|end| word_before(named).ends_with(end)))
}

/// Whether a string among what an error was made of says what happened: the first one, one behind the number of the error, or a sentence.
pub fn is_argument_of_error(content: &[char], before: &str) -> bool {
    let spaces = content.iter().filter(|c| **c == ' ').count();
    before.ends_with('(') || before.ends_with("(#, ") || spaces >= SPACES_OF_SENTENCE
}

/// Whether a string is read like the message around it; if not, it is data. `before` and `after` are what stands around it.
pub fn says_what_happened(content: &[char], before: &str, after: &[char]) -> bool {
    let ends = run(after, |c| c.is_whitespace() || c == '.') == after.len();
    if before.is_empty() && ends {
        return true;
    }
    has(content, &['(', ')'])
        || has(content, &[':', ':'])
        || has(content, &[':', '/', '/'])
        || is_status(content)
        || is_one_of(TYPES, content.iter().copied())
        || BEHIND_NAME.iter().any(|words| starts_with(after, words))
        || names(before, after)
        || (before.trim_end_matches(' ').ends_with("\":") && word_before(before) != "id" && is_constant(content))
}

/// Whether the word before a value says that it is a name or a cause.
pub fn names(before: &str, after: &[char]) -> bool {
    if before.trim_end_matches(['(', '[', '{']).ends_with(BEFORE_VALUES) {
        return false;
    }
    let named = word_before(before);
    // `fields`
    let singular = named.strip_suffix('s').unwrap_or(&named);
    if is_one_of(BEFORE_NAME, named.chars())
        || is_one_of(BEFORE_NAME, singular.chars())
        || BEFORE_NAME_TOO.iter().any(|words| before.ends_with(words))
    {
        return true;
    }
    let separator = before.trim_end_matches([' ', '"']).chars().next_back();
    let is_of_error = ENDS_OF_ERROR_TYPES.iter().any(|end| named.ends_with(end));
    match separator {
        Some('(') => is_of_error,
        Some(':') if is_of_error && !before.ends_with("\": ") && !before.ends_with("\":") => {
            matches!(after, [] | ['\n' | ')' | ']', ..])
        }
        Some(':' | '=') => is_one_of(KEYS_OF_CAUSES, named.chars()),
        _ => false,
    }
}

/// `RESOURCE_EXHAUSTED`, `NotFound`: in JSON, no data are written so.
fn is_constant(content: &[char]) -> bool {
    let is_upper = content.len() > 3 && content.iter().all(|c| c.is_ascii_uppercase() || *c == '_');
    let is_camel = content.first().is_some_and(char::is_ascii_uppercase)
        && content.iter().all(char::is_ascii_alphabetic)
        && content.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    is_upper || (is_camel && is_camel_case(content))
}

/// `404 Not Found`
fn is_status(content: &[char]) -> bool {
    matches!(content, ['4' | '5', tens, ones, ' ', reason, ..]
        if tens.is_ascii_digit() && ones.is_ascii_digit() && reason.is_uppercase())
}

fn starts_with(chars: &[char], text: &str) -> bool {
    text.chars().zip(chars).filter(|(wanted, c)| wanted == *c).count() == text.chars().count()
}

fn has(chars: &[char], wanted: &[char]) -> bool {
    chars.windows(wanted.len()).any(|part| part == wanted)
}
