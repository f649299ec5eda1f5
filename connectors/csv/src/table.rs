//! A text as rows of cells, by RFC 4180 read strictly: a quotation mark that is opened and not closed would swallow rows,
//! and rows that are not seen are people who seem to have left. Cells are texts and nothing else: what a spreadsheet would
//! compute is a text that begins with `=`.

use std::borrow::Cow;

/// Longest row, in bytes.
const MAX_ROW: usize = 64 << 10;
/// Most cells of a row.
const MAX_CELLS: usize = 256;
/// What may stand between two cells.
const SEPARATORS: [char; 3] = [';', ',', '\t'];

/// A row, and the line it begins on.
pub(crate) struct Row<'a> {
    pub(crate) line: u64,
    pub(crate) cells: Vec<Cow<'a, str>>,
}

/// The rows of a text that are not blank. What cannot be taken apart ends it with a sentence.
pub(crate) struct Rows<'a> {
    rest: &'a str,
    line: u64,
    separator: char,
}

impl<'a> Rows<'a> {
    /// Rows of a text whose cells stand between these, or between those its first line has most of.
    pub(crate) fn of(text: &'a str, said: Option<char>) -> Rows<'a> {
        // Spreadsheets put the separator on a line of its own, if asked.
        let first = text.lines().next().unwrap_or_default();
        let written = first.strip_prefix("sep=").filter(|mark| mark.len() == 1).and_then(|mark| mark.chars().next());
        let (rest, line) = match written {
            Some(_) => (text.split_once('\n').map_or("", |(_, rest)| rest), 2),
            None => (text, 1),
        };
        let header = rest.lines().next().unwrap_or_default();
        let most = SEPARATORS.into_iter().rev().max_by_key(|mark| outside_quotes(header, *mark));
        Rows { rest, line, separator: said.or(written).or(most).unwrap_or(';') }
    }

    /// What stands between cells.
    pub(crate) fn separator(&self) -> char {
        self.separator
    }

    fn row(&mut self) -> Result<Row<'a>, String> {
        let (line, length) = (self.line, self.rest.len());
        let fault = |what: &str| format!("line {line}: {what}");
        let mut cells = Vec::new();
        loop {
            let (cell, ended) = self.cell().map_err(&fault)?;
            cells.push(cell);
            if length - self.rest.len() > MAX_ROW {
                return Err(fault("this row has more than 64 KiB"));
            }
            if cells.len() > MAX_CELLS {
                return Err(fault("this row has more than 256 cells"));
            }
            if ended {
                return Ok(Row { line, cells });
            }
        }
    }

    /// The next cell, and whether it is the last of its row.
    fn cell(&mut self) -> Result<(Cow<'a, str>, bool), &'static str> {
        let Some(mut quoted) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([self.separator, '\n', '\r']).unwrap_or(self.rest.len());
            let (cell, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Ok((Cow::Borrowed(cell), self.ends()));
        };
        let mut cell = Cow::Borrowed("");
        loop {
            let end = quoted.find('"').ok_or("a quotation mark is opened here and never closed")?;
            if end > MAX_ROW {
                return Err("this row has more than 64 KiB");
            }
            let piece = &quoted[..end];
            self.line += piece.bytes().filter(|byte| *byte == b'\n').count() as u64;
            if cell.is_empty() {
                cell = Cow::Borrowed(piece);
            } else {
                cell.to_mut().push_str(piece);
            }
            quoted = &quoted[end + 1..];
            match quoted.strip_prefix('"') {
                Some(rest) => {
                    cell.to_mut().push('"');
                    quoted = rest;
                }
                None => break,
            }
        }
        self.rest = quoted;
        if !self.rest.is_empty() && !self.rest.starts_with([self.separator, '\n', '\r']) {
            return Err("a quotation mark is closed in the middle of a cell");
        }
        Ok((cell, self.ends()))
    }

    /// Passes what stands after a cell; whether the row ends there.
    fn ends(&mut self) -> bool {
        if let Some(rest) = self.rest.strip_prefix(self.separator) {
            self.rest = rest;
            return false;
        }
        if let Some(rest) = ["\r\n", "\n", "\r"].into_iter().find_map(|end| self.rest.strip_prefix(end)) {
            self.rest = rest;
            self.line += 1;
        }
        true
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Row<'a>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            match self.row() {
                Ok(row) if row.cells.iter().all(|cell| cell.trim().is_empty()) => {}
                Ok(row) => return Some(Ok(row)),
                Err(what) => {
                    self.rest = "";
                    return Some(Err(what));
                }
            }
        }
        None
    }
}

/// How often a mark stands in a line outside quotation marks.
fn outside_quotes(line: &str, mark: char) -> usize {
    line.split('"').step_by(2).map(|piece| piece.matches(mark).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, String> {
        let told = |row: Row<'_>| (row.line, row.cells.into_iter().map(Cow::into_owned).collect());
        Rows::of(text, None).map(|row| row.map(told)).collect()
    }

    fn only(text: &str) -> Vec<Vec<String>> {
        rows(text).expect("it can be read").into_iter().map(|(_, cells)| cells).collect()
    }

    #[test]
    fn cells_are_what_stands_between_separators() {
        for text in ["a;b\n1;2\n", "a,b\r\n1,2", "a\tb\r1\t2\r", "\"a\";\"b\"\n\"1\";\"2\"\n", "sep=,\na,b\n1,2\n"] {
            assert_eq!(only(text), [["a", "b"], ["1", "2"]], "{text:?}");
        }
        assert_eq!(only("a;\"b,c,d\"\n1;2\n"), [["a", "b,c,d"], ["1", "2"]], "what is quoted separates nothing");
        assert_eq!(only("a;b\n\"say \"\"x\"\"\";\"\"\n"), [["a", "b"], ["say \"x\"", ""]]);
    }

    #[test]
    fn every_row_knows_its_line() {
        let text = "a;b\n\n;;\n\"two\nlines\";2\nlast;3";
        let lines: Vec<u64> = rows(text).expect("it can be read").into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 4, 6]);
    }

    #[test]
    fn what_a_spreadsheet_would_compute_is_a_text() {
        assert_eq!(only("a;b\n=1+1;@SUM(A1)\n")[1], ["=1+1", "@SUM(A1)"]);
    }

    #[test]
    fn no_row_swallows_those_after_it() {
        for text in ["a;b\n\"1;2\n3;4\n", "a;b\n\"1;2\n\"3\";4\n"] {
            assert!(rows(text).is_err_and(|what| what.starts_with("line 2: a quotation mark")), "{text:?}");
        }
    }

    #[test]
    fn nothing_grows_beyond_its_bounds() {
        let long = "x".repeat(MAX_ROW + 1);
        for row in [&long, &format!("\"{long}\""), &";".repeat(MAX_CELLS), &format!("\"{}", "\"\"".repeat(MAX_ROW))] {
            assert!(rows(&format!("a;b\n{row}\n")).is_err_and(|what| what.starts_with("line 2: ")), "{row:.9}");
        }
        let fits = format!("a;b\n{};{}\n", "x".repeat(1000), "y".repeat(1000));
        assert!(rows(&fits).is_ok());
    }
}
