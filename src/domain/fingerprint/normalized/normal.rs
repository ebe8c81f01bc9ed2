//! What a message becomes, as far as it was read.

use crate::domain::limits::MAX_FINGERPRINTED_CHARS;

/// Stands for a number, an id, a time or an address.
const CHANGING: char = '#';
/// Brackets in brackets: the items of deeper ones are not folded.
const MAX_BRACKETS: usize = 32;

/// The normal form of what was read so far.
#[derive(Default)]
pub struct Normal {
    /// All of it.
    pub text: String,
    /// Where the string that is read begins in it: the message, or what is quoted.
    pub begins_at: usize,
    /// The brackets that are open in that string.
    pub brackets: Vec<Bracket>,
    /// Where the last unit behind a number was left out.
    pub unit_ends_at: usize,
    /// That string names a module: the last part of its path counts.
    pub names_file: bool,
}

/// An open bracket.
pub struct Bracket {
    /// One of `{[(`.
    pub opening: char,
    /// Strings in it say what happened.
    pub is_cause: bool,
    /// In it stands what an error was made of.
    pub is_of_error: bool,
    /// Where it stands in the normal form.
    at: usize,
}

impl Normal {
    /// What was read of this string.
    pub fn slice(&self) -> &str {
        &self.text[self.begins_at..]
    }

    /// Whether more is certain to be cut off. Where the cut falls must not depend on how long the changing parts are.
    pub const fn is_full(&self) -> bool {
        self.text.len() > MAX_FINGERPRINTED_CHARS * char::MAX_LEN_UTF8
    }

    /// One mark for what changes, also where two such parts stand together: a time has several numbers, and so has an address.
    pub fn changing(&mut self) {
        // `2 hours 5 minutes`
        if self.unit_ends_at > 0 && self.text.len() == self.unit_ends_at + 1 && self.text.ends_with("# ") {
            self.text.pop();
            return;
        }
        let before = self.text.strip_suffix([':', '.', ',', '/', '-', '_']).unwrap_or(&self.text);
        if before.ends_with(CHANGING) {
            self.text.truncate(before.len());
        } else {
            self.text.push(CHANGING);
        }
    }

    /// Takes back what was written from `begins_at` on if it is like the item of a list before it.
    pub fn fold(&mut self, begins_at: usize) {
        let Some((before, item)) = self.text.split_at_checked(begins_at) else { return };
        let is_in_list = self.brackets.last().is_some_and(|bracket| bracket.opening == '[');
        let separated = before.trim_end_matches(' ');
        let Some(list) =
            separated.strip_suffix(',').or((is_in_list && separated.len() < before.len()).then_some(separated))
        else {
            return;
        };
        let is_like = item.contains(CHANGING) || item.starts_with(['{', '[', '(']);
        let is_item = |list: &str| list.is_empty() || list.ends_with([' ', ',', '[', '(', '{', '=', ':']);
        if is_like && list.strip_suffix(item).is_some_and(is_item) {
            let length = list.len();
            self.text.truncate(length);
        }
    }

    /// Opens a bracket.
    pub fn open(&mut self, opening: char, is_cause: bool, is_of_error: bool) {
        if self.brackets.len() < MAX_BRACKETS {
            self.brackets.push(Bracket { opening, is_cause, is_of_error, at: self.text.len() });
        }
        self.text.push(opening);
    }

    /// Writes a character that closes a bracket, or is of no meaning.
    pub fn close(&mut self, c: char) {
        self.text.push(c);
        let opening = match c {
            '}' => '{',
            ']' => '[',
            ')' => '(',
            _ => return,
        };
        if let Some(bracket) = self.brackets.pop_if(|bracket| bracket.opening == opening) {
            self.fold(bracket.at);
        }
    }
}
