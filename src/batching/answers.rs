//! Together, and if that fails because of one item, each alone.

/// The answers of `count` items that were carried out together, in order; `None` stands for an item that is to be carried out
/// alone. So is each of them where all failed, and `may_be_of_one` item; otherwise each gets the error.
pub fn together_or_alone<A, E: Clone>(
    count: usize,
    outcome: Result<Vec<Option<Result<A, E>>>, E>,
    may_be_of_one: impl FnOnce(&E) -> bool,
) -> Vec<Option<Result<A, E>>> {
    match outcome {
        Ok(answers) => answers,
        Err(error) if count > 1 && may_be_of_one(&error) => (0..count).map(|_| None).collect(),
        Err(error) => (0..count).map(|_| Some(Err(error.clone()))).collect(),
    }
}
