//! Shows a person what is in the files, what would be made of it, and the settings that say so.

use crate::columns::Columns;
use crate::config::{File, Settings};
use crate::files::{Sheet, sheets};
use crate::people::World;
use async_trait::async_trait;
use preau_connector_api::{
    Birth, ColumnPreview, FilePreview, PersonPreview, PersonRecord, Preview, Probe, Unavailable,
};
use preau_domain::display_safe;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest heading that is shown whole.
const MAX_HEADING: usize = 100;

/// Shows what is in the files.
pub(crate) struct Shown {
    pub(crate) settings: Arc<Settings>,
}

#[async_trait]
impl Preview for Shown {
    async fn preview(&self, people: usize) -> Result<Vec<FilePreview>, Unavailable> {
        let settings = Arc::clone(&self.settings);
        let shown = tokio::task::spawn_blocking(move || show(&settings, people)).await;
        shown.map_err(|_| Unavailable("a file holds something that could not be read".into()))
    }
}

fn show(settings: &Settings, people: usize) -> Vec<FilePreview> {
    let read: Vec<Result<(Sheet, Columns), String>> = sheets(settings)
        .into_iter()
        .zip(&settings.files)
        .map(|(sheet, file)| {
            sheet.map(|sheet| {
                let columns = Columns::proposed(&file.columns, &sheet.header, file.who, file.births);
                (sheet, columns)
            })
        })
        .collect();
    let mut shown: Vec<FilePreview> = settings.files.iter().zip(&read).map(|(file, read)| opened(file, read)).collect();
    // A file that cannot be taken apart says nothing of anybody: the others are read without it.
    let mut world = World::default();
    for _ in 0..=shown.len() {
        let sheets: Vec<_> = read.iter().zip(&shown).map(|(read, shown)| usable(read, shown)).collect();
        match World::read(settings, &sheets) {
            Ok(read) => {
                world = read;
                break;
            }
            Err((nth, what)) => shown[nth].trouble = Some(what),
        }
    }
    for (shown, rows) in shown.iter_mut().zip(&world.rows) {
        shown.rows = *rows;
    }
    for (nth, rejected) in world.rejected {
        shown[nth].rejected_rows += 1;
        if shown[nth].rejected.len() < people {
            shown[nth].rejected.push(rejected);
        }
    }
    for somebody in world.people.into_values() {
        // Nobody is shown a date of birth: it is read for a code alone.
        let person = PersonRecord { birth: Birth::Untold, ..somebody.person };
        shown[somebody.file].first.push(PersonPreview { line: somebody.line, person });
    }
    for shown in &mut shown {
        shown.first.sort_by_key(|somebody| somebody.line);
        shown.first.truncate(people);
    }
    shown
}

fn usable<'a>(read: &'a Result<(Sheet, Columns), String>, shown: &FilePreview) -> Option<(&'a Sheet, &'a Columns)> {
    let (sheet, columns) = read.as_ref().ok()?;
    (shown.trouble.is_none() && shown.missing.is_empty()).then_some((sheet, columns))
}

/// What a file is before its rows were read.
fn opened(file: &File, read: &Result<(Sheet, Columns), String>) -> FilePreview {
    let mut shown = FilePreview {
        file: file.shown.clone(),
        people: file.who.word(),
        trouble: read.as_ref().err().cloned(),
        encoding: "",
        separator: ';',
        rows: 0,
        columns: Vec::new(),
        missing: Vec::new(),
        first: Vec::new(),
        rejected_rows: 0,
        rejected: Vec::new(),
        settings: String::new(),
    };
    let Ok((sheet, columns)) = read else { return shown };
    (shown.encoding, shown.separator) = (sheet.encoding.name(), sheet.separator());
    let said = |field, at| {
        let one = file.columns.get(&field).map(|heading| BTreeMap::from([(field, heading.clone())]));
        one.and_then(|one| Columns::named(&one, &sheet.header).ok()).and_then(|columns| columns.at(field)) == Some(at)
    };
    let column = |(at, heading): (usize, &String)| ColumnPreview {
        heading: display_safe(heading, MAX_HEADING),
        read_as: columns.field(at).map(|field| field.word()),
        guessed: columns.field(at).is_some_and(|field| !said(field, at)),
    };
    shown.columns = sheet.header.iter().enumerate().map(column).collect();
    shown.missing = columns.missing(&file.needed()).into_iter().map(|field| field.word()).collect();
    let line = |(field, at): (_, usize)| {
        let heading: String = sheet.header[at].chars().filter(|letter| !letter.is_control()).collect();
        format!("{} = \"{}\"", crate::columns::Field::word(field), heading.replace('\\', "\\\\").replace('"', "\\\""))
    };
    let lines: Vec<String> = columns.iter().map(line).collect();
    shown.settings = format!("columns = {{ {} }}", lines.join(", "));
    shown
}

/// Says whether the files are there.
pub(crate) struct Look {
    pub(crate) settings: Arc<Settings>,
}

#[async_trait]
impl Probe for Look {
    async fn probe(&self) -> Result<String, Unavailable> {
        for file in &self.settings.files {
            let found = tokio::fs::symlink_metadata(&file.path).await;
            if !found.is_ok_and(|found| found.is_file()) {
                return Err(Unavailable(format!("{} is not there, or is no file", file.shown)));
            }
            if file.columns.is_empty() {
                let source = &self.settings.source;
                let what = format!("{}: preau sync preview {source} proposes what its columns are", file.shown);
                return Err(Unavailable(what));
            }
        }
        Ok(format!("{} files", self.settings.files.len()))
    }
}
