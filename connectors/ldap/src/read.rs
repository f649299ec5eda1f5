//! Reads the whole directory, in bounded memory: the names of the structures, the structures, the pupils, everybody else.
//!
//! One connection, paged searches one after the other; the next page is fetched while the last is being handed over. An
//! entry that does not fit is reported and passed over; the adults whom such a pupil may name are handed over as read in
//! part, since what they may do comes from the pupil's entry. Anything else that goes wrong ends the reading, which then counts
//! as incomplete: what was not read must not be taken for gone.

use crate::config::{Settings, Telling};
use crate::session::{Query, SILENT, Session};
use crate::version;
use crate::wire::Budget;
use async_trait::async_trait;
use ldap3::Scope;
use preau_connector_api::{Changes, Completion, Directory, Known, ReadAll, Record, Unavailable};
use preau_domain::Instant;
use preau_ent::{ENTRY, Entry, Everybody, Rules, Table};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long counting may take before the progress bar does without.
const COUNTING: Duration = Duration::from_secs(2);

/// Hands over everything.
pub(crate) struct Reading {
    pub(crate) settings: Arc<Settings>,
    /// The connection on which the latest mark was taken: the reading that follows goes on there. Behind one name may stand several
    /// copies of a directory, and what one of them lacks yet is not among the changes since the mark of another.
    marked_on: Mutex<Option<Session>>,
}

impl Reading {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Reading { settings, marked_on: Mutex::new(None) }
    }

    /// Keeps the connection of a mark, or forgets the one before.
    pub(crate) fn keep(&self, session: Option<Session>) {
        *self.marked_on.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }

    /// The connection of a reading.
    async fn go_on(&self) -> Result<Session, String> {
        let kept = self.marked_on.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut session) = kept else { return self.open().await };
        if session.is_alive().await {
            return Ok(session);
        }
        Err("the directory dropped the connection on which it said from where changes are told".into())
    }

    /// Opens the connection of a reading and looks whether everything that is always there is.
    pub(crate) async fn open(&self) -> Result<Session, String> {
        timeout(self.settings.total, self.open_unhurried()).await.unwrap_or_else(|_| Err(SILENT.into()))
    }

    async fn open_unhurried(&self) -> Result<Session, String> {
        let settings = &self.settings;
        let mut session = Session::open(&settings.target, Budget::BULK, settings.answer).await?;
        session.bind_service(&settings.account).await?;
        for dn in [&settings.people, &settings.structures].into_iter().chain(&settings.sentinels) {
            if !session.exists(dn).await? {
                return Err(format!(
                    "{dn} is missing: was a branch moved, or is the service account not allowed to see it?"
                ));
            }
        }
        Ok(session)
    }

    pub(crate) fn query(&self, base: &str, filter: &str, attributes: Vec<String>) -> Query {
        Query { base: base.into(), scope: Scope::Subtree, filter: filter.into(), attributes }
    }

    /// Starts one paged search.
    pub(crate) fn pages(&self, mut session: Session, query: Query) -> Pages {
        let (size, time) = (self.settings.page_size, self.settings.page);
        let (send, pages) = mpsc::channel(1);
        let mut task = JoinSet::new();
        task.spawn(async move { session.read(&query, size, time, send).await.map(|()| session) });
        Pages { pages, task }
    }

    /// The names of all structures.
    pub(crate) async fn names(&self, session: Session) -> Result<(Table, Session), String> {
        let settings = &*self.settings;
        let m = &settings.mapping;
        let mut table = Table::default();
        let names = self.query(&settings.structures, &m.structures.filter, m.structure_names());
        let mut pages = self.pages(session, names);
        while let Some(page) = pages.next().await {
            page.iter().for_each(|entry| table.learn(entry, m));
        }
        let session = pages.finish().await?;
        if table.is_empty() {
            return Err(format!("no structure with a national number is under {}", settings.structures));
        }
        Ok((table, session))
    }

    /// What decides on people besides the mapping.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            source: self.settings.source.clone(),
            academy: self.settings.academy.clone(),
            in_charge: self.settings.legal_in_charge,
        }
    }

    /// Attributes asked for of people: when changes are told, the name of the entry as well.
    fn with_entry(&self, mut attributes: Vec<String>) -> Vec<String> {
        attributes.extend((self.settings.telling != Telling::Never).then(|| ENTRY.to_owned()));
        attributes
    }

    async fn read_all(&self, out: &mpsc::Sender<Record>) -> Result<(), String> {
        let settings = &*self.settings;
        let m = &settings.mapping;
        let (table, session) = self.names(self.go_on().await?).await?;

        let structures = self.query(&settings.structures, &m.structures.filter, m.of_structures());
        let mut pages = self.pages(session, structures);
        while let Some(page) = pages.next().await {
            for entry in page {
                let record = table.record(&entry, m).map(Record::Establishment);
                hand_over(out, record.unwrap_or_else(|misfit| Record::Rejected(misfit.rejects(&entry, None)))).await?;
            }
        }
        let session = pages.finish().await?;

        let mut everybody = Everybody::new(&table, self.rules());
        let mut people = 0;
        let pupils = self.query(&settings.people, &m.pupils.filter, self.with_entry(m.of_pupils()));
        let mut pages = self.pages(session, pupils);
        while let Some(page) = pages.next().await {
            people += page.len();
            for entry in page {
                hand_over(out, everybody.pupil(&entry, m)).await?;
            }
        }
        let session = pages.finish().await?;

        everybody.pupils_done();
        let staff = self.query(&settings.people, &m.staff.filter, self.with_entry(m.of_staff()));
        let mut pages = self.pages(session, staff);
        while let Some(page) = pages.next().await {
            people += page.len();
            for entry in page {
                hand_over(out, everybody.adult(&entry, m)).await?;
            }
        }
        pages.finish().await?.close().await;
        if people == 0 {
            return Err(format!("nobody is under {}", settings.people));
        }
        Ok(())
    }

    async fn count(&self) -> Result<u64, String> {
        let settings = &*self.settings;
        let m = &settings.mapping;
        let mut total = 0u64;
        let mut session = self.open().await?;
        let none = || vec!["1.1".to_owned()];
        for query in [
            self.query(&settings.structures, &m.structures.filter, none()),
            self.query(&settings.people, &m.pupils.filter, none()),
            self.query(&settings.people, &m.staff.filter, none()),
        ] {
            let mut pages = self.pages(session, query);
            while let Some(page) = pages.next().await {
                total += page.len() as u64;
            }
            session = pages.finish().await?;
        }
        session.close().await;
        Ok(total)
    }
}

/// A paged search under way, in a task of its own: it fetches one page ahead, and should the library panic on an answer,
/// the reading is incomplete and nothing else. Dropping it ends it.
pub(crate) struct Pages {
    pages: mpsc::Receiver<Vec<Entry>>,
    task: JoinSet<Result<Session, String>>,
}

impl Pages {
    /// The next page; `None` at the end, whatever ended it.
    pub(crate) async fn next(&mut self) -> Option<Vec<Entry>> {
        self.pages.recv().await
    }

    /// How it ended, and the connection back.
    pub(crate) async fn finish(mut self) -> Result<Session, String> {
        match self.task.join_next().await {
            Some(Ok(ended)) => ended,
            _ => Err("the directory answered something that could not be read".into()),
        }
    }
}

#[async_trait]
impl Directory for Reading {
    async fn read(&self, out: mpsc::Sender<Record>) -> Completion {
        match self.read_all(&out).await {
            Ok(()) => Completion::Complete,
            Err(sentence) => Completion::Incomplete(sentence),
        }
    }

    async fn estimate(&self) -> Option<u64> {
        timeout(COUNTING, self.count()).await.ok()?.ok()
    }

    async fn version(&self) -> Option<String> {
        let ask = async {
            let mut session = self.open().await.ok()?;
            let version = version::version(&mut session, &self.settings).await;
            session.close().await;
            version
        };
        timeout(self.settings.total, ask).await.ok()?
    }

    async fn as_of(&self) -> Vec<String> {
        let ask = async {
            let mut session = self.open().await.ok()?;
            let told = version::hours(&mut session, &self.settings).await;
            session.close().await;
            told
        };
        timeout(self.settings.total, ask).await.ok().flatten().unwrap_or_default()
    }

    async fn mark(&self, now: Instant) -> Option<String> {
        self.marked(now).await
    }

    async fn changes(&self, mark: &str, known: &dyn Known, now: Instant) -> Result<Changes, ReadAll> {
        self.changed_since(mark, known, now).await.map_err(ReadAll)
    }

    async fn changed(&self, mark: &str) -> Option<Result<(), Unavailable>> {
        self.rung(mark).await
    }
}

async fn hand_over(out: &mpsc::Sender<Record>, record: Record) -> Result<(), String> {
    out.send(record).await.map_err(|_| "nobody reads any more".to_owned())
}
