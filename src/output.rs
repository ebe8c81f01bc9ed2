//! What the program writes to standard output and standard error. Beside the log, and questions on a terminal, nothing else
//! writes there: the macros of the standard library end the process where they cannot write.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Standard output cannot be written to, as on a full disk.
#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written to: {0}")]
pub struct OutputError(io::Error);

/// The outcome of a write to standard output.
pub type Result = std::result::Result<(), OutputError>;

/// Writes a line, or several, to standard output.
pub fn line(text: impl Display) -> Result {
    of_writing(write_flushed(&mut io::stdout().lock(), format_args!("{text}\n")))
}

/// Writes a text that ends its own lines to standard output.
pub fn text(text: &str) -> Result {
    of_writing(write_flushed(&mut io::stdout().lock(), text))
}

/// Writes a line to standard error. An error there is ignored, since it could be reported nowhere.
pub fn say(text: impl Display) {
    write_flushed(&mut io::stderr().lock(), format_args!("{text}\n")).ok();
}

/// Buffered output must not fail later, when nobody checks.
fn write_flushed(writer: &mut impl Write, text: impl Display) -> io::Result<()> {
    write!(writer, "{text}")?;
    writer.flush()
}

/// The outcome of a write to standard output. A reader that has closed the pipe, like `head`, has read enough: that is no
/// error, and what the program has begun goes on.
pub fn of_writing(written: io::Result<()>) -> Result {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(OutputError(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_that_has_read_enough_is_no_error() {
        assert!(of_writing(Ok(())).is_ok());
        assert!(of_writing(Err(ErrorKind::BrokenPipe.into())).is_ok());
        let error = of_writing(Err(ErrorKind::StorageFull.into())).expect_err("nothing was written");
        assert_eq!(error.to_string(), "standard output cannot be written to: no storage space");
    }

    /// A writer that takes all, and reports at the end that it could not keep it.
    struct FullAtTheEnd;

    impl Write for FullAtTheEnd {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn what_was_only_buffered_is_not_written() {
        assert!(write_flushed(&mut FullAtTheEnd, "x").is_err());
    }
}
