//! Together, and if that fails because of one item, each alone.

/// How items are carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// In a batch, which waits for nobody's lock: it may be a batch of one, and others come behind it.
    Together,
    /// One item, which may wait.
    Alone,
}

/// The answers of `count` items, in order; `None` stands for an item that is to be carried out alone. So is each of those that
/// were carried out together where all failed, and `may_be_of_one` item; otherwise each gets the error.
pub fn together_or_alone<A, E: Clone>(
    count: usize,
    mode: Mode,
    outcome: Result<Vec<Option<Result<A, E>>>, E>,
    may_be_of_one: impl FnOnce(&E) -> bool,
) -> Vec<Option<Result<A, E>>> {
    match outcome {
        Ok(answers) => answers,
        Err(error) if mode == Mode::Together && may_be_of_one(&error) => (0..count).map(|_| None).collect(),
        Err(error) => (0..count).map(|_| Some(Err(error.clone()))).collect(),
    }
}
