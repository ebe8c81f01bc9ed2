//! Pages of lists.

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// True where more items follow the last one.
    pub has_more: bool,
}
