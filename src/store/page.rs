//! Pages of lists. A page ends at the number of items asked for, or at `MAX_PAGE_BYTES`, but has one item at least. The
//! database adds the sizes up, so that it sends no more than the page.

use crate::domain::page::Page;

/// A row of a statement made by `page!`.
#[derive(sqlx_macros::FromRow)]
pub(super) struct PageRow<T> {
    #[sqlx(flatten)]
    item: T,
    is_followed: bool,
}

/// Makes the page of rows that were read with one more than `limit`.
pub(super) fn page_of<T>(mut rows: Vec<PageRow<T>>, limit: u32) -> Page<T> {
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let has_more = rows.last().is_some_and(|row| row.is_followed);
    Page { items: rows.into_iter().map(|row| row.item).collect(), has_more }
}

/// Ends a list at `MAX_PAGE_BYTES`. Takes the order of the list, the bytes of one item, and the statement that answers
/// the items: one more than wanted, so that the last item wanted is known to be followed by another.
///
/// The window sees values that are stored out of line by their pointers; only those within the page are read to be sent.
macro_rules! page {
    (order by $order:literal, bytes $bytes:literal, $($statement:tt)+) => {
        concat!(
            "select * from (
                select item.*,
                    sum(", $bytes, ") over newest as page_bytes,
                    row_number() over newest as page_ordinal,
                    lead(true, 1, false) over newest as is_followed
                from (", $($statement)+, ") item
                window newest as (order by ", $order, " rows unbounded preceding)
            ) page
            where page_bytes <= 4194304 or page_ordinal = 1
            order by page_ordinal"
        )
    };
}
pub(super) use page;

#[cfg(test)]
mod tests {
    use crate::domain::limits::MAX_PAGE_BYTES;

    #[test]
    fn the_statement_ends_at_the_limit() {
        let statement = page!(order by "a", bytes "b", "select a, b");
        assert!(statement.contains(&format!("page_bytes <= {MAX_PAGE_BYTES} ")), "{statement}");
        let dead_letter = include_str!("sql/read_dead_letter.sql");
        assert!(dead_letter.contains(&format!("<= {MAX_PAGE_BYTES}\n")), "{dead_letter}");
    }
}
