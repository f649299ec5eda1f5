//! What a command answers, on standard output. A reader that has read enough, as `head` has, is no failure.

use crate::cli::Failure;
use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};

/// Answers a line, written as `println!` writes it.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}
pub(crate) use say;

/// Answers a line.
pub fn line(text: Arguments<'_>) -> Result<(), Failure> {
    written(stdout().lock().write_fmt(format_args!("{text}\n")))
}

/// Answers a text that has its line breaks.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("the answer could not be written: {error}")))
        }
        _ => Ok(()),
    }
}
