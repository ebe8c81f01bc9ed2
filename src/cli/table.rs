//! What people read: tables, and facts one below the other. Nothing gets in but by [`plain`].

use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, Table as Inner, Width, presets};
use console::Term;

use super::text::{cut, plain};

/// Beneath that width, in characters, it tells nothing, and lines are longer than the terminal.
const LAST_COLUMN: ColumnConstraint = ColumnConstraint::LowerBoundary(Width::Fixed(20));

/// Of one cell: where there is no terminal, all others of its column are as wide.
const MAX_CELL_CHARS: usize = 1000;

/// The heading of a column, and to which side its cells stand.
#[derive(Clone, Copy)]
pub enum Column {
    Text(&'static str),
    Number(&'static str),
}

impl Column {
    const fn heading(self) -> &'static str {
        match self {
            Self::Text(heading) | Self::Number(heading) => heading,
        }
    }
}

pub struct Table {
    inner: Inner,
}

impl Table {
    /// Rows are lines. Where the terminal is too narrow, the last column is cut.
    pub fn new(columns: &[Column]) -> Self {
        let mut inner = laid_out();
        inner.set_header(columns.iter().map(|column| column.heading()));
        for (index, column) in columns.iter().enumerate() {
            let made = inner.column_mut(index).expect("it has a heading");
            made.set_padding((0, 2));
            if matches!(column, Column::Number(_)) {
                made.set_cell_alignment(CellAlignment::Right);
            }
            let is_last = index + 1 == columns.len();
            made.set_constraint(if is_last { LAST_COLUMN } else { ColumnConstraint::ContentWidth });
        }
        Self { inner }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row = Row::from(
            cells.into_iter().map(|cell| plain(&cut(&cell, MAX_CELL_CHARS)).into_owned()).collect::<Vec<_>>(),
        );
        row.max_height(1);
        self.inner.add_row(row);
    }

    /// Nothing, where there are no rows.
    pub fn print(&self) -> io::Result<()> {
        if self.inner.is_empty() {
            return Ok(());
        }
        writeln!(io::stdout(), "{}", self.inner.trim_fmt())
    }

    /// The same, below something else.
    pub fn print_below(&self) -> io::Result<()> {
        writeln!(io::stdout())?;
        self.print()
    }
}

/// Facts about one thing, each with its name; what is not there is left out.
#[derive(Default)]
pub struct Facts {
    lines: Vec<(&'static str, String)>,
}

impl Facts {
    pub fn add(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        self.lines.push((name, value.into()));
        self
    }

    pub fn add_some(&mut self, name: &'static str, value: Option<impl Into<String>>) -> &mut Self {
        if let Some(value) = value {
            self.add(name, value);
        }
        self
    }

    pub fn print(&self) -> io::Result<()> {
        let mut inner = laid_out();
        for (name, value) in &self.lines {
            inner.add_row([(*name).to_owned(), plain(value).into_owned()]);
        }
        for column in inner.column_iter_mut() {
            column.set_padding((0, 2));
        }
        if let Some(names) = inner.column_mut(0) {
            names.set_constraint(ColumnConstraint::ContentWidth);
        }
        writeln!(io::stdout(), "{}", inner.trim_fmt())
    }
}

/// As wide as the terminal; where there is none, every row on a line of its own.
fn laid_out() -> Inner {
    let mut inner = Inner::new();
    inner.set_truncation_indicator("…");
    inner.load_style(presets::NOTHING);
    let terminal = Term::stdout();
    match terminal.size_checked().filter(|_| terminal.is_term()) {
        Some((_, width)) => {
            inner.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(40));
        }
        None => {
            inner.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    inner
}
