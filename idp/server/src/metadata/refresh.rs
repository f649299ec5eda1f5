//! The job: twice a minute, and at once when the services changed, it asks the addresses that are due and puts in force what
//! the services need. A service whose metadata are not there, not believed or over answers nobody, and no other service minds.
//!
//! A document that changed for the worse changes nothing: a service that it would lose goes on with the last document that was
//! good for everybody ([`Kept::whole`]), by the same signature and until its time is over, and everybody is told.

use super::fetch::{read_file, refresh};
use super::judged::{first, held, sound};
use super::kept::{Kept, Note};
use super::origin::{Origin, Place, Wanted, wanted};
use crate::config::Loaded;
use futures::stream::{self, StreamExt};
use preau_connector_api::{MountedService, Network};
use preau_domain::{Clock, Instant, Seconds};
use preau_egress::Egress;
use preau_saml::metadata::{Entity, Peer, Peers, Read};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A copy that nobody could confirm for that long is told every hour.
const STALE: Seconds = Seconds(24 * 3600);
/// Addresses asked at once: one that answers drop by drop keeps nobody else's metadata waiting.
const AT_ONCE: usize = 4;

/// What the job works with.
pub(crate) struct Partners {
    pub(crate) loaded: Loaded,
    pub(crate) egress: Egress,
    pub(crate) peers: Arc<Peers>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What is known of the documents that are fetched, since the latest turn.
    pub(crate) notes: Vec<Note>,
    /// Services that go on with their last good copy, and why, since the latest turn.
    pub(crate) on_last: Missing,
    kept: Option<Kept>,
    /// Documents of which the last good copy was kept, as they were then.
    saved: HashMap<PathBuf, Changed>,
    read: HashMap<PathBuf, Remembered>,
    told: BTreeMap<String, (String, Instant)>,
}

/// When a file was written, and how long it is; nothing for one that is not there.
type Changed = Option<(SystemTime, u64)>;

/// What was read of a document, by which rules, and what it was read for.
struct Remembered {
    changed: Changed,
    origin: Origin,
    wanted: BTreeSet<String>,
    read: Result<Arc<Read>, String>,
}

/// Why the services that have none have no metadata, by the name of the service.
pub(crate) type Missing = BTreeMap<String, String>;

impl Partners {
    pub(crate) fn new(loaded: Loaded, egress: Egress, peers: Arc<Peers>, clock: Arc<dyn Clock>) -> Partners {
        Partners {
            loaded,
            egress,
            peers,
            clock,
            notes: Vec::new(),
            on_last: Missing::new(),
            kept: None,
            saved: HashMap::new(),
            read: HashMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// Asks what is due and puts in force what is good. `ask` is off for whoever only looks.
    pub(crate) async fn turn(&mut self, services: &[Arc<MountedService>], ask: bool) -> Missing {
        self.notes.clear();
        self.on_last.clear();
        let mut missing = Missing::new();
        let mut plans = Vec::new();
        for service in services {
            let Some(saml) = &service.saml else { continue };
            match wanted(&self.loaded, service, saml) {
                Ok(wanted) => plans.push((service, saml.entity_id.clone(), wanted)),
                Err(what) => drop(missing.insert(service.service.id.to_string(), what)),
            }
        }
        // Each document once, with everybody who is looked for in it.
        let mut documents: Vec<(Origin, BTreeSet<String>)> = Vec::new();
        for (_, entity_id, wanted) in &plans {
            let Wanted::In(origins) = wanted else { continue };
            for origin in origins {
                match documents.iter_mut().find(|(known, _)| known == origin) {
                    Some((_, names)) => drop(names.insert(entity_id.clone())),
                    None => documents.push((origin.clone(), BTreeSet::from([entity_id.clone()]))),
                }
            }
        }
        let unheld = if ask { self.ask(&documents).await } else { Vec::new() };
        let mut found: Vec<(Origin, Result<Arc<Read>, String>)> = Vec::new();
        for (origin, names) in &documents {
            let read = self.document(origin, names).await;
            found.push((origin.clone(), read));
        }
        let now = self.clock.now();
        let loaded = self.loaded.clone();
        let mut in_force = Vec::new();
        // Documents that served somebody, and those whose last good copy somebody needs.
        let (mut served, mut needed) = (BTreeSet::new(), BTreeSet::new());
        for (service, entity_id, wanted) in plans {
            let id = service.service.id.to_string();
            let fits = |entity: &Entity| sound(entity, service, &loaded, now);
            let origins = match wanted {
                Wanted::Written(entity) => {
                    match fits(&entity) {
                        Ok(()) => in_force.push(Peer { entity: *entity, source: "its file".to_owned() }),
                        Err(what) => drop(missing.insert(id, what)),
                    }
                    continue;
                }
                Wanted::In(origins) => origins,
            };
            let lost = match first(&origins, &found, &entity_id, fits) {
                Ok((entity, origin)) => {
                    served.insert(origin.kept_as());
                    in_force.push(Peer { entity, source: origin.place.to_string() });
                    continue;
                }
                Err(lost) => lost,
            };
            match self.last_good(&lost.spoilt, &documents, &entity_id, fits).await {
                Some((entity, origin)) => {
                    needed.insert(origin.kept_as());
                    in_force.push(Peer { entity, source: format!("the last good copy of {}", origin.place) });
                    self.on_last.insert(id, lost.why);
                }
                None => drop(missing.insert(id, lost.why)),
            }
        }
        if ask {
            let good = found.iter().filter(|(_, read)| read.is_ok()).map(|(origin, _)| origin);
            let good = good.filter(|origin| served.contains(&origin.kept_as()) && !needed.contains(&origin.kept_as()));
            good.for_each(|origin| self.save(origin));
        }
        // An address that has nothing of somebody who is found elsewhere is no trouble.
        let names: BTreeSet<&str> = in_force.iter().map(|peer| peer.entity.entity_id.as_str()).collect();
        let elsewhere = |url: &str| {
            let at = |origin: &Origin| matches!(&origin.place, Place::Address(known, _) if known == url);
            let all = documents.iter().filter(|(origin, _)| at(origin)).flat_map(|(_, names)| names);
            all.into_iter().all(|name| names.contains(name.as_str()))
        };
        self.notes.retain(|note| note.fresh.is_some() || !elsewhere(&note.url));
        let (calm, unheld): (Vec<_>, Vec<_>) = unheld.into_iter().partition(|(url, _)| elsewhere(url));
        for (url, why) in calm {
            tracing::debug!(url, why, "no SAML metadata there; who is looked for is found elsewhere");
        }
        for (url, why) in unheld {
            self.tell(&url, &why, now, |why| {
                tracing::error!(url, why, "SAML metadata cannot be had, and there is no copy of them");
            });
        }
        // One figure, of the oldest: addresses are no labels, and with a query service there are as many as services.
        let ages = self.notes.iter().filter_map(|note| note.fresh).map(|fresh| (now - fresh) / 1000);
        metrics::gauge!("preau_saml_metadata_age_seconds").set(ages.max().unwrap_or(0) as f64);
        metrics::gauge!("preau_saml_partners").set(in_force.len() as f64);
        metrics::gauge!("preau_saml_partners_missing").set(missing.len() as f64);
        metrics::gauge!("preau_saml_partners_on_last_copy").set(self.on_last.len() as f64);
        self.peers.set(in_force);
        for (service, what) in &missing {
            self.tell(service, what, now, |what| {
                tracing::error!(service.id = %service, problem = what, "the SAML metadata of a service are not in force");
            });
        }
        for (service, what) in self.on_last.clone() {
            self.tell(&service, &what, now, |what| {
                tracing::error!(
                    service.id = %service, problem = what,
                    "the SAML metadata of a service are not taken; its last good copy stays in force"
                );
            });
        }
        let troubled =
            |key: &String| missing.contains_key(key) || self.on_last.contains_key(key) || key.contains("://");
        let well: Vec<String> = self.told.keys().filter(|key| !troubled(key)).cloned().collect();
        for service in well {
            self.told.remove(&service);
            if services.iter().any(|one| one.service.id.as_str() == service) {
                tracing::info!(service.id = %service, "the SAML metadata of a service are good again, and in force");
            }
        }
        missing
    }

    /// The entity as the last good copies of these documents have it.
    async fn last_good(
        &mut self,
        spoilt: &[Origin],
        documents: &[(Origin, BTreeSet<String>)],
        entity_id: &str,
        fits: impl Fn(&Entity) -> Result<(), String>,
    ) -> Option<(Entity, Origin)> {
        for origin in spoilt {
            let copy = self.copies()?.whole(&origin.kept_as());
            let names = documents.iter().find(|(known, _)| known == origin).map(|(_, names)| names)?;
            if !copy.exists() {
                continue;
            }
            if let Ok(read) = self.remembered(&copy, origin, names).await
                && let Ok(entity) = held(&read, entity_id)
                && fits(entity).is_ok()
            {
                return Some((entity.clone(), origin.clone()));
            }
        }
        None
    }

    /// Keeps a document that is good for everybody who is served by it.
    fn save(&mut self, origin: &Origin) {
        let Ok(kept) = self.kept() else { return };
        let name = origin.kept_as();
        let path = match &origin.place {
            Place::File(path) => path.clone(),
            Place::Address(..) => kept.copy(&name),
        };
        let changed = changed(&path);
        if self.read.get(&path).is_none_or(|read| read.changed != changed) || self.saved.get(&path) == Some(&changed) {
            return;
        }
        // A server that starts finds the copies of the one before.
        let (known, copy) = (self.saved.contains_key(&path), self::changed(&kept.whole(&name)));
        let as_before = changed.zip(copy).is_some_and(|(now, copy)| now.1 == copy.1 && now.0 <= copy.0);
        if (known || !as_before)
            && let Err(error) = kept.keep_whole(&name, &path, matches!(origin.place, Place::File(_)))
        {
            tracing::warn!(document = %origin.place, %error, "no copy was kept of SAML metadata that are good");
            return;
        }
        self.saved.insert(path, changed);
    }

    /// The folder of copies, if there is one or one may be made.
    fn copies(&mut self) -> Option<Kept> {
        let there = self.kept.is_some() || self.loaded.path(&self.loaded.config.saml.metadata_dir).is_dir();
        if there { self.kept().ok() } else { None }
    }

    /// A document of this machine, or the copy of one.
    async fn document(&mut self, origin: &Origin, names: &BTreeSet<String>) -> Result<Arc<Read>, String> {
        let path = match &origin.place {
            Place::File(path) => path.clone(),
            Place::Address(url, _) => {
                let kept = self.kept()?;
                let name = origin.kept_as();
                let note = kept.note(&name, url);
                self.watch(url, &note);
                self.notes.push(note.clone());
                let copy = kept.copy(&name);
                if !copy.exists() {
                    let why = note.refused.unwrap_or_else(|| "not fetched yet".to_owned());
                    return Err(format!("{url}: {why}"));
                }
                copy
            }
        };
        self.remembered(&path, origin, names).await.map_err(|what| format!("{}: {what}", origin.place))
    }

    /// The folder of copies, opened when the first is needed.
    fn kept(&mut self) -> Result<Kept, String> {
        if self.kept.is_none() {
            let folder = self.loaded.path(&self.loaded.config.saml.metadata_dir);
            let opened = Kept::open(folder.clone()).map_err(|error| format!("{}: {error}", folder.display()))?;
            self.kept = Some(opened);
        }
        self.kept.clone().ok_or_else(|| "no folder for metadata".to_owned())
    }

    /// Asks the addresses that are due, each once. Gives back those of which there is nothing, and why.
    async fn ask(&mut self, documents: &[(Origin, BTreeSet<String>)]) -> Vec<(String, String)> {
        let now = self.clock.now();
        let mut due: Vec<(String, Network, Origin)> = Vec::new();
        let mut names = BTreeSet::new();
        for (origin, _) in documents {
            let Place::Address(url, network) = &origin.place else { continue };
            // A folder that does not open is told when the copy is looked for.
            let Ok(kept) = self.kept() else { return Vec::new() };
            let name = origin.kept_as();
            if kept.note(&name, url).next <= now && names.insert(name) {
                due.push((url.clone(), *network, origin.clone()));
            }
        }
        let Ok(kept) = self.kept() else { return Vec::new() };
        let asked = due.into_iter().map(|(url, network, origin)| {
            let (egress, kept) = (self.egress.clone(), kept.clone());
            async move { (refresh(&egress, &kept, &url, network, &origin, now).await, url) }
        });
        let asked: Vec<((Note, &str), String)> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        let mut unheld = Vec::new();
        for ((note, outcome), url) in asked {
            match &note.refused {
                Some(why) if note.fresh.is_none() => unheld.push((url.clone(), why.clone())),
                _ => self.heard(&url, &note, now, outcome),
            }
            metrics::counter!("preau_saml_metadata_fetches_total", "outcome" => outcome).increment(1);
        }
        unheld
    }

    /// Tells what came of asking an address.
    fn heard(&mut self, url: &str, note: &Note, now: Instant, outcome: &'static str) {
        match &note.refused {
            None if outcome == "taken" => tracing::info!(url, entities = note.count, "SAML metadata taken"),
            None => {}
            Some(why) => {
                let left = note.valid_until.map(Instant::rfc3339);
                self.tell(url, why, now, |why| {
                    tracing::error!(url, why, valid_until = left, "SAML metadata refused; the copy in force stays");
                });
            }
        }
        if note.refused.is_none() && self.told.remove(url).is_some() {
            tracing::info!(url, "SAML metadata can be had again");
        }
    }

    /// Tells of a copy that is old.
    fn watch(&mut self, url: &str, note: &Note) {
        let now = self.clock.now();
        let Some(fresh) = note.fresh else { return };
        if (now - fresh) / 1000 > STALE.0 {
            let since = fresh.rfc3339();
            self.tell(&format!("{url}#age"), &since, now, |since| {
                tracing::error!(url, since, "SAML metadata could not be confirmed for a long time");
            });
        }
    }

    /// Tells something once an hour, and at once when it changes.
    fn tell(&mut self, key: &str, what: &str, now: Instant, say: impl FnOnce(&str)) {
        let known = self.told.get(key).is_some_and(|(before, at)| before == what && now - *at < 3_600_000);
        if !known {
            say(what);
            self.told.insert(key.to_owned(), (what.to_owned(), now));
        }
    }

    /// Reads a document of this machine, unless it was read for the same people and did not change; one whose time is over
    /// since is found out when its entities are looked at.
    async fn remembered(
        &mut self,
        path: &Path,
        origin: &Origin,
        names: &BTreeSet<String>,
    ) -> Result<Arc<Read>, String> {
        let changed = changed(path);
        if let Some(known) = self.read.get(path)
            && known.changed == changed
            && known.origin == *origin
            && known.wanted == *names
        {
            return known.read.clone();
        }
        let (now, file, judged, wanted) = (self.clock.now(), path.to_owned(), origin.clone(), names.clone());
        let task =
            tokio::task::spawn_blocking(move || read_file(&file, &judged, now, None, |name| wanted.contains(name)));
        let read = task.await.map_err(|error| error.to_string())?.map(Arc::new);
        let known = Remembered { changed, origin: origin.clone(), wanted: names.clone(), read: read.clone() };
        self.read.insert(path.to_owned(), known);
        read
    }
}

fn changed(path: &Path) -> Changed {
    std::fs::metadata(path).ok().and_then(|found| Some((found.modified().ok()?, found.len())))
}

#[cfg(test)]
#[path = "refresh/tests.rs"]
mod tests;
