//! Pages of lists.

/// What of each item is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShownParts {
    /// What was sent.
    pub with_payload: bool,
    /// Nothing that may be large: of what engines reported, only its size and the beginning of an error's message.
    pub is_brief: bool,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// True where more items follow the last one.
    pub has_more: bool,
}
