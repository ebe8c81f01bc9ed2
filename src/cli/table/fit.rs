//! How wide each column of a table may be on a terminal that is too narrow for all.

/// Between two columns.
const GAP: usize = 2;
/// The last column may be cut to that width before others are left out for it.
const LAST: usize = 20;
/// No column is cut further: beneath it, nothing can be recognised.
const MIN: usize = 8;
/// An id, which has to be whole to be copied. The first column has them.
const ID: usize = 36;

/// What a column needs.
#[derive(Clone, Copy)]
pub struct Content {
    /// Of its widest cell, or its heading.
    pub width: usize,
    /// A number that is cut would be another number.
    pub is_number: bool,
    /// A narrow terminal can do without it.
    pub is_spare: bool,
    /// Nothing stands in it but its heading.
    pub is_empty: bool,
}

/// The width of each column, `None` for one that is left out: first the empty ones, then the spare ones, from the right.
/// If that is not enough, the widest texts are cut, ids at last.
pub fn fit(columns: &[Content], available: usize) -> Vec<Option<usize>> {
    let mut widths: Vec<Option<usize>> = columns.iter().map(|column| Some(column.width)).collect();
    while needed(&widths) > available {
        let removable = |wanted: fn(&Content) -> bool| {
            (1..columns.len()).rev().find(|&at| widths[at].is_some() && wanted(&columns[at]))
        };
        match removable(|column| column.is_empty).or_else(|| removable(|column| column.is_spare)) {
            Some(at) => widths[at] = None,
            None => break,
        }
    }
    let mut excess = total(&widths).saturating_sub(available);
    // The last one gives way first: it has the longest texts, of which the beginning says most.
    let last = widths.iter().rposition(Option::is_some).filter(|last| *last > 0);
    if let Some(at) = last {
        excess = cut(&mut widths, columns, excess, |column| if column == at { LAST } else { usize::MAX });
    }
    excess = cut(&mut widths, columns, excess, |column| if column == 0 { ID } else { MIN });
    cut(&mut widths, columns, excess, |_| MIN);
    widths
}

/// Cuts the widest texts, each down to its least width, and answers what excess is left.
fn cut(widths: &mut [Option<usize>], columns: &[Content], excess: usize, least: impl Fn(usize) -> usize) -> usize {
    for left in (1..=excess).rev() {
        let texts = widths.iter_mut().enumerate().filter(|(at, _)| !columns[*at].is_number);
        let kept = texts.filter_map(|(at, width)| Some((at, width.as_mut()?)));
        let Some((_, widest)) = kept.filter(|(at, width)| **width > least(*at)).max_by_key(|(_, width)| **width) else {
            return left;
        };
        *widest -= 1;
    }
    0
}

fn total(widths: &[Option<usize>]) -> usize {
    let kept = widths.iter().flatten();
    kept.clone().sum::<usize>() + GAP * kept.count().saturating_sub(1)
}

/// The total when the last column is cut as far as it may be.
fn needed(widths: &[Option<usize>]) -> usize {
    let last = widths.iter().flatten().last().copied().unwrap_or(0);
    total(widths) - last.saturating_sub(LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(width: usize) -> Content {
        Content { width, is_number: false, is_spare: false, is_empty: false }
    }

    fn spare(width: usize) -> Content {
        Content { is_spare: true, ..column(width) }
    }

    #[test]
    fn the_last_column_is_cut_then_spare_ones_are_left_out_then_the_widest_are_cut() {
        let columns = [column(36), spare(10), spare(7), column(60)];
        assert_eq!(fit(&columns, 200), [Some(36), Some(10), Some(7), Some(60)]);
        assert_eq!(fit(&columns, 100), [Some(36), Some(10), Some(7), Some(41)]);
        assert_eq!(fit(&columns, 70), [Some(36), Some(10), None, Some(20)]);
        assert_eq!(fit(&columns, 60), [Some(36), None, None, Some(22)]);
        assert_eq!(fit(&columns, 50), [Some(36), None, None, Some(12)]);
        assert_eq!(fit(&columns, 40), [Some(30), None, None, Some(8)]);
        assert_eq!(fit(&[column(36), column(30), column(12)], 70), [Some(36), Some(18), Some(12)]);
    }

    #[test]
    fn numbers_are_not_cut_and_long_names_are_cut_to_an_ids_length_first() {
        let number = Content { is_number: true, ..column(20) };
        assert_eq!(fit(&[column(64), number, column(8)], 70), [Some(38), Some(20), Some(8)]);
        assert_eq!(fit(&[column(64), number, column(30)], 70), [Some(36), Some(20), Some(10)]);
        assert_eq!(fit(&[column(36), number, column(20)], 50), [Some(18), Some(20), Some(8)]);
        assert_eq!(fit(&[number, number], 30), [Some(20), Some(20)]);
    }

    #[test]
    fn empty_columns_are_left_out_first() {
        let empty = Content { is_empty: true, ..column(5) };
        assert_eq!(fit(&[column(36), spare(20), empty], 60), [Some(36), Some(20), None]);
        assert_eq!(fit(&[column(36), spare(20), empty], 80), [Some(36), Some(20), Some(5)]);
    }
}
