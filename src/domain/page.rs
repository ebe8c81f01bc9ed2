//! Pages of lists.

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// True where more items follow the last one.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// A page without an item, and none behind it.
    pub const EMPTY: Self = Self { items: Vec::new(), has_more: false };
}
