//! What people read: tables, and facts one below the other. Nothing gets in but by [`plain`].

mod fit;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table as Inner, presets};
use console::{Term, measure_text_width, truncate_str};

use super::text::{cut, plain};
use crate::output;
use fit::{Content, fit};

/// Of one cell: where there is no terminal, all others of its column are as wide.
const MAX_CELL_CHARS: usize = 1000;
/// Narrower terminals are treated as if they had that many characters.
const MIN_WIDTH: usize = 40;

/// The heading of a column, and to which side its cells stand. A spare column is left out where the terminal is too narrow
/// for all, the rightmost first.
#[derive(Clone, Copy)]
pub enum Column {
    /// Text, aligned left.
    Text(&'static str),
    /// A number, aligned right.
    Number(&'static str),
    /// Text in a spare column.
    SpareText(&'static str),
    /// A number in a spare column.
    SpareNumber(&'static str),
}

impl Column {
    const fn heading(self) -> &'static str {
        match self {
            Self::Text(heading) | Self::Number(heading) | Self::SpareText(heading) | Self::SpareNumber(heading) => {
                heading
            }
        }
    }

    const fn is_spare(self) -> bool {
        match self {
            Self::SpareText(_) | Self::SpareNumber(_) => true,
            Self::Text(_) | Self::Number(_) => false,
        }
    }

    const fn is_number(self) -> bool {
        match self {
            Self::Number(_) | Self::SpareNumber(_) => true,
            Self::Text(_) | Self::SpareText(_) => false,
        }
    }
}

/// A table with its headings.
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row, with a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| plain(&cut(&cell, MAX_CELL_CHARS)).into_owned()).collect());
    }

    /// Each row on a line. Nothing, where there are no rows.
    pub fn print(&self) -> output::Result {
        if self.rows.is_empty() {
            return Ok(());
        }
        let (shown, left_out) = self.laid_out(terminal_width());
        output::line(shown)?;
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            output::say(format_args!("not shown (narrow terminal): {names}"));
        }
        Ok(())
    }

    /// The same, below something else.
    pub fn print_below(&self) -> output::Result {
        output::line("")?;
        self.print()
    }

    /// The table for a terminal of that width, and the headings of the columns that it has no room for.
    fn laid_out(&self, width: Option<usize>) -> (String, Vec<&'static str>) {
        let contents: Vec<Content> =
            self.columns.iter().enumerate().map(|(at, column)| self.content(at, *column)).collect();
        let widths = match width {
            Some(width) => fit(&contents, width),
            None => contents.iter().map(|content| Some(content.width)).collect(),
        };
        let kept: Vec<(usize, usize)> =
            widths.iter().enumerate().filter_map(|(at, width)| Some((at, (*width)?))).collect();
        let cells = |cells: &dyn Fn(usize) -> String| -> Vec<String> {
            kept.iter().map(|&(at, width)| truncate_str(&cells(at), width, "…").into_owned()).collect()
        };
        let mut inner = Inner::new();
        inner.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        inner.set_header(cells(&|at| self.columns[at].heading().to_owned()));
        for row in &self.rows {
            inner.add_row(cells(&|at| row.get(at).cloned().unwrap_or_default()));
        }
        for (made, (at, _)) in inner.column_iter_mut().zip(&kept) {
            made.set_padding((0, 2));
            if self.columns[*at].is_number() {
                made.set_cell_alignment(CellAlignment::Right);
            }
        }
        // A column in which nothing stands is no loss.
        let is_missed = |at: &usize| widths[*at].is_none() && !contents[*at].is_empty;
        let left_out = (0..self.columns.len()).filter(is_missed).map(|at| self.columns[at].heading()).collect();
        (inner.trim_fmt(), left_out)
    }

    fn content(&self, at: usize, column: Column) -> Content {
        let widths = || self.rows.iter().filter_map(|row| row.get(at)).map(|cell| measure_text_width(cell));
        Content {
            width: widths().max().unwrap_or(0).max(column.heading().len()),
            is_number: column.is_number(),
            is_spare: column.is_spare(),
            is_empty: widths().all(|width| width == 0),
        }
    }
}

/// Facts about one thing, each with its name; what is not there is left out.
#[derive(Default)]
pub struct Facts {
    lines: Vec<(&'static str, String)>,
}

impl Facts {
    /// Adds a line.
    pub fn add(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        self.lines.push((name, value.into()));
        self
    }

    /// Adds a line, if there is a value.
    pub fn add_some(&mut self, name: &'static str, value: Option<impl Into<String>>) -> &mut Self {
        if let Some(value) = value {
            self.add(name, value);
        }
        self
    }

    /// Prints all lines, the values below each other.
    pub fn print(&self) -> output::Result {
        let mut inner = Inner::new();
        inner.load_style(presets::NOTHING);
        match terminal_width() {
            Some(width) => {
                let width = u16::try_from(width).unwrap_or(u16::MAX);
                inner.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
            }
            None => {
                inner.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        for (name, value) in &self.lines {
            inner.add_row([(*name).to_owned(), plain(value).into_owned()]);
        }
        for column in inner.column_iter_mut() {
            column.set_padding((0, 2));
        }
        if let Some(names) = inner.column_mut(0) {
            names.set_constraint(ColumnConstraint::ContentWidth);
        }
        output::line(inner.trim_fmt())
    }
}

/// Characters in a line of the terminal; `None` where there is none, and every row is as long as it is.
fn terminal_width() -> Option<usize> {
    let terminal = Term::stdout();
    let (_, width) = terminal.size_checked().filter(|_| terminal.is_term())?;
    Some(usize::from(width).max(MIN_WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] =
        [Column::Text("EVENT"), Column::SpareText("QUEUE"), Column::SpareNumber("ATTEMPT"), Column::Text("ERROR")];

    #[test]
    fn a_narrow_terminal_shows_whole_ids_and_says_what_it_leaves_out() {
        let mut table = Table::new(COLUMNS);
        let event_id = "01a20093-1ca2-7da5-8000-86c2b092a5fc";
        table.row([event_id.to_owned(), "dialogue".to_owned(), "3".to_owned(), "x".repeat(90)]);
        let (wide, left_out) = table.laid_out(None);
        assert!(left_out.is_empty() && wide.contains(&"x".repeat(90)), "{wide}");
        let (narrow, left_out) = table.laid_out(Some(70));
        assert_eq!(left_out, ["ATTEMPT"]);
        for line in narrow.lines() {
            assert!(measure_text_width(line) <= 70, "{narrow}");
        }
        assert!(narrow.contains(event_id) && narrow.contains("dialogue") && narrow.contains("xx…"), "{narrow}");
    }

    #[test]
    fn rows_are_lines_and_wide_characters_count_twice() {
        let mut table = Table::new(COLUMNS);
        table.row(["one\ntwo".to_owned(), "語".repeat(30), String::new(), "x".repeat(30)]);
        let (shown, _) = table.laid_out(Some(80));
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(shown.lines().all(|line| measure_text_width(line) <= 80), "{shown}");
    }
}
