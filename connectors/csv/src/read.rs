//! Reads every file and hands everybody over. Anything that keeps one file from being read ends the reading before anything
//! was handed over: what was not read must not be taken for gone.

use crate::columns::Columns;
use crate::config::Settings;
use crate::files::{Sheet, sheets};
use crate::people::World;
use async_trait::async_trait;
use preau_connector_api::{Completion, Directory, FileState, Record};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Raised when another record is made of the same row: what was read before must then be read again.
const READER: u32 = 1;

/// Hands over everybody.
pub(crate) struct Reading {
    pub(crate) settings: Arc<Settings>,
}

#[async_trait]
impl Directory for Reading {
    async fn read(&self, out: mpsc::Sender<Record>) -> Completion {
        let settings = Arc::clone(&self.settings);
        let reading = tokio::task::spawn_blocking(move || {
            let world = world(&settings)?;
            for record in world.records(&settings) {
                out.blocking_send(record).map_err(|_| "nobody reads any more".to_owned())?;
            }
            Ok(())
        });
        match reading.await {
            Ok(Ok(())) => Completion::Complete,
            Ok(Err(sentence)) => Completion::Incomplete(sentence),
            Err(_) => Completion::Incomplete("a file holds something that could not be read".into()),
        }
    }

    async fn estimate(&self) -> Option<u64> {
        None
    }

    async fn version(&self) -> Option<String> {
        let states: Vec<FileState> = self.settings.files.iter().map(|file| FileState::of(&file.path)).collect();
        Some(format!("{READER} {} {:?} {states:?}", env!("CARGO_PKG_VERSION"), self.settings))
    }
}

/// Everybody, by what the settings say of the columns.
fn world(settings: &Settings) -> Result<World, String> {
    let mut read: Vec<(Sheet, Columns)> = Vec::new();
    for (file, sheet) in settings.files.iter().zip(sheets(settings)) {
        let wrong = |what: String| format!("{}: {what}", file.shown);
        if file.columns.is_empty() {
            let source = &settings.source;
            let what = format!("nobody has said which column is what: preau sync preview {source} proposes it");
            return Err(wrong(what));
        }
        let sheet = sheet.map_err(wrong)?;
        let columns = Columns::named(&file.columns, &sheet.header).map_err(wrong)?;
        let missing: Vec<&str> = columns.missing(&file.needed()).into_iter().map(|field| field.word()).collect();
        if !missing.is_empty() {
            return Err(wrong(format!("its columns do not say {}", missing.join(", "))));
        }
        read.push((sheet, columns));
    }
    let read: Vec<_> = read.iter().map(|(sheet, columns)| Some((sheet, columns))).collect();
    World::read(settings, &read).map_err(|(nth, what)| format!("{}: {what}", settings.files[nth].shown))
}
