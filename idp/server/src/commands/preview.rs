//! `preau sync preview`: what is in the files of a source, and what would be made of it.

use crate::cli::Failure;
use crate::config::Loaded;
use crate::output::{self, say};
use crate::{assembly, commands};
use preau_connector_api::{FilePreview, PersonPreview};
use preau_domain::display_safe;
use std::fmt::Write;

/// Shows it. A file that a synchronisation could not go by is a finding.
pub async fn run(loaded: &Loaded, source: &str, rows: u32, json: bool) -> Result<(), Failure> {
    let source = commands::source(loaded, source)?;
    let connector = assembly::connector(loaded, &source).map_err(Failure::Config)?;
    let preview =
        connector.preview.ok_or_else(|| Failure::new(format!("{source} is no source of files with columns")))?;
    let shown = preview.preview(rows as usize).await.map_err(Failure::new)?;
    if json {
        say!("{:#}", serde_json::to_value(&shown).map_err(Failure::new)?)?;
    } else {
        for file in &shown {
            output::text(&text(file))?;
        }
    }
    let ready = |file: &FilePreview| {
        file.trouble.is_none() && file.missing.is_empty() && file.columns.iter().all(|column| !column.guessed)
    };
    if shown.iter().all(ready) { Ok(()) } else { Err(Failure::Found) }
}

/// A file as people read it.
fn text(file: &FilePreview) -> String {
    let mut out = format!("{}: {}", file.file, file.people);
    if let Some(trouble) = &file.trouble {
        return out + &format!("\n  it cannot be read: {trouble}\n\n");
    }
    let between = if file.separator == '\t' { "a tab".to_owned() } else { format!("{}", file.separator) };
    out += &format!(", {} rows, {}, cells between {between}\n", file.rows, file.encoding);
    for column in &file.columns {
        let read_as = column.read_as.unwrap_or("-");
        let guessed = if column.guessed { "  (a guess)" } else { "" };
        let _written = writeln!(out, "  {:<40} {read_as}{guessed}", column.heading);
    }
    if !file.missing.is_empty() {
        let _written = writeln!(out, "  no column seems to be: {}", file.missing.join(", "));
    }
    for PersonPreview { line, person } in &file.first {
        let name = display_safe(&format!("{} {}", person.given_name, person.family_name), 80);
        let at = person.affiliations.iter().map(|at| {
            let classes = if at.classes.is_empty() { String::new() } else { format!(" ({})", at.classes.join(", ")) };
            format!("{} {}{classes}", at.profile.code(), at.establishment)
        });
        let children =
            person.children.iter().map(|child| format!("answers for {} ({:?})", child.pupil.key, child.legal));
        let told: Vec<String> = at.chain(children).collect();
        let key = display_safe(&person.key, 40);
        let _written = writeln!(out, "  line {line:<6} {key}  {name}: {}", display_safe(&told.join("; "), 200));
    }
    if file.rejected_rows > 0 {
        let _written = writeln!(out, "  rows that do not fit: {}", file.rejected_rows);
    }
    for rejected in &file.rejected {
        let _written = writeln!(out, "    {}: {}", rejected.dn, rejected.reason);
    }
    if file.columns.iter().any(|column| column.guessed) {
        let _written = writeln!(
            out,
            "  Look at each column; what is right goes below this file's [[…files]]:\n    {}",
            file.settings
        );
    }
    out.push('\n');
    out
}
