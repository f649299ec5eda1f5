//! Runs and what they rejected, as tables for a spreadsheet: cells between `;`, by RFC 4180.

use super::{FIGURES, Report};
use preau_store::{RunOutcome, RunRecord};

/// What came of a run, in a word.
pub fn word(outcome: RunOutcome) -> &'static str {
    match outcome {
        // Under way, or its process was killed: nobody is left to say which.
        RunOutcome::Running => "unfinished",
        RunOutcome::Applied => "applied",
        RunOutcome::Held => "held",
        RunOutcome::Incomplete => "incomplete",
        RunOutcome::Failed => "failed",
        RunOutcome::Undone => "undo",
    }
}

/// Runs as rows of a table.
pub fn table(runs: &[RunRecord]) -> String {
    let headings = ["run", "started", "finished", "outcome"].into_iter().chain(FIGURES);
    let headings: Vec<&str> = headings.chain(["rejected", "milliseconds", "peak_memory", "changes", "why"]).collect();
    let mut out = row(&headings);
    for run in runs {
        let report = Report::of(run);
        let figure = |figure: Option<u64>| figure.map(|count| count.to_string()).unwrap_or_default();
        let finished = run.finished.map(|at| at.rfc3339()).unwrap_or_default();
        let mut cells = vec![run.id.to_string(), run.started.rfc3339(), finished, word(run.outcome).to_owned()];
        cells.extend(FIGURES.map(|name| figure(report.people.get(name).copied())));
        let rejected = (!report.people.is_empty()).then_some(report.rejected.total);
        cells.extend([figure(rejected), figure(report.duration_ms), figure(report.peak_memory)]);
        cells.push(figure(report.delta.as_ref().and_then(|delta| delta.get("entries").copied())));
        let why: Vec<&str> =
            report.held.iter().chain(&report.incomplete).chain(&report.failure).map(String::as_str).collect();
        cells.push(why.join("; "));
        out += &row(&cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    out
}

/// What a run rejected, as rows of a table.
pub fn rejected(report: &Report) -> String {
    let rows = report.rejected.entries.iter().map(|entry| row(&[&entry.dn, &entry.reason]));
    rows.fold(row(&["entry", "reason"]), |out, row| out + &row)
}

/// A row by RFC 4180. A cell that a spreadsheet would compute begins with an apostrophe.
pub fn row(cells: &[&str]) -> String {
    let cell = |text: &&str| {
        let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(";") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_text_in_any_spreadsheet() {
        assert_eq!(row(&["a", "say \"x\"; y", ""]), "\"a\";\"say \"\"x\"\"; y\";\"\"\r\n");
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(row(&[formula]), format!("\"'{formula}\"\r\n"));
        }
    }
}
