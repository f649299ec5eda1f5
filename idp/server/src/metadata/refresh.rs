//! The job: twice a minute, and at once when the services changed, it asks the addresses that are due and puts in force what
//! the services need. A service whose metadata are not there, not believed or over answers nobody, and no other service minds.

use super::fetch::{read_file, refresh};
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
    kept: Option<Kept>,
    read: HashMap<PathBuf, Remembered>,
    told: BTreeMap<String, (String, Instant)>,
}

/// What was read of a document, by which rules, and what it was read for.
struct Remembered {
    changed: Option<(SystemTime, u64)>,
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
            kept: None,
            read: HashMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// Asks what is due and puts in force what is good. `ask` is off for whoever only looks.
    pub(crate) async fn turn(&mut self, services: &[Arc<MountedService>], ask: bool) -> Missing {
        self.notes.clear();
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
        if ask {
            self.ask(&documents).await;
        }
        let mut found: Vec<(Origin, Result<Arc<Read>, String>)> = Vec::new();
        for (origin, names) in documents {
            let read = self.document(&origin, &names).await;
            found.push((origin, read));
        }
        let now = self.clock.now();
        let mut in_force = Vec::new();
        for (service, entity_id, wanted) in plans {
            let judged = match wanted {
                Wanted::Written(entity) => sound(*entity, service, now).map(|entity| (entity, "its file".to_owned())),
                Wanted::In(origins) => first(&origins, &found, &entity_id)
                    .and_then(|(entity, place)| Ok((sound(entity, service, now)?, place))),
            };
            match judged {
                Ok((entity, source)) => in_force.push(Peer { entity, source }),
                Err(what) => drop(missing.insert(service.service.id.to_string(), what)),
            }
        }
        // One figure, of the oldest: addresses are no labels, and with a query service there are as many as services.
        let ages = self.notes.iter().filter_map(|note| note.fresh).map(|fresh| (now - fresh) / 1000);
        metrics::gauge!("preau_saml_metadata_age_seconds").set(ages.max().unwrap_or(0) as f64);
        metrics::gauge!("preau_saml_partners").set(in_force.len() as f64);
        metrics::gauge!("preau_saml_partners_missing").set(missing.len() as f64);
        self.peers.set(in_force);
        for (service, what) in &missing {
            self.tell(service, what, now, |what| {
                tracing::error!(service.id = %service, problem = what, "the SAML metadata of a service are not in force");
            });
        }
        let gone: Vec<String> =
            self.told.keys().filter(|key| !missing.contains_key(*key) && !key.contains("://")).cloned().collect();
        gone.iter().for_each(|service| drop(self.told.remove(service)));
        missing
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

    /// Asks the addresses that are due, each once.
    async fn ask(&mut self, documents: &[(Origin, BTreeSet<String>)]) {
        let now = self.clock.now();
        let mut due: Vec<(String, Network, Origin)> = Vec::new();
        let mut names = BTreeSet::new();
        for (origin, _) in documents {
            let Place::Address(url, network) = &origin.place else { continue };
            // A folder that does not open is told when the copy is looked for.
            let Ok(kept) = self.kept() else { return };
            let name = origin.kept_as();
            if kept.note(&name, url).next <= now && names.insert(name) {
                due.push((url.clone(), *network, origin.clone()));
            }
        }
        if due.is_empty() {
            return;
        }
        let Ok(kept) = self.kept() else { return };
        let asked = due.into_iter().map(|(url, network, origin)| {
            let (egress, kept) = (self.egress.clone(), kept.clone());
            async move { (refresh(&egress, &kept, &url, network, &origin, now).await, url) }
        });
        let asked: Vec<((Note, &str), String)> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        for ((note, outcome), url) in asked {
            self.heard(&url, &note, outcome, now);
        }
    }

    /// Tells what came of asking an address.
    fn heard(&mut self, url: &str, note: &Note, outcome: &'static str, now: Instant) {
        metrics::counter!("preau_saml_metadata_fetches_total", "outcome" => outcome).increment(1);
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
        if note.refused.is_none() {
            self.told.remove(url);
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
        let changed = std::fs::metadata(path).ok().and_then(|found| Some((found.modified().ok()?, found.len())));
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

/// The entity in the first of these documents that holds it; else why none does.
fn first(
    origins: &[Origin],
    found: &[(Origin, Result<Arc<Read>, String>)],
    entity_id: &str,
) -> Result<(Entity, String), String> {
    let mut why = Vec::new();
    for origin in origins {
        let read = match found.iter().find(|(known, _)| known == origin) {
            Some((_, Ok(read))) => read,
            Some((_, Err(what))) => {
                why.push(what.clone());
                continue;
            }
            None => continue,
        };
        if let Some(entity) = read.entities.iter().find(|one| one.entity_id == entity_id) {
            return Ok((entity.clone(), origin.place.to_string()));
        }
        let refused = read.refused.iter().find(|one| one.entity_id == entity_id);
        let what = refused.map_or_else(|| format!("{entity_id} is not in it"), |one| one.error.to_string());
        why.push(format!("{}: {what}", origin.place));
    }
    Err(why.join("; "))
}

/// Whether the entity may be the service: it is one, in time, and reached by TLS unless the operator said otherwise.
fn sound(entity: Entity, service: &MountedService, now: Instant) -> Result<Entity, String> {
    if entity.sp.is_none() {
        return Err("its metadata say of no service: SPSSODescriptor is missing".to_owned());
    }
    if let Some(until) = entity.valid_until.filter(|until| *until <= now) {
        return Err(format!("its metadata were valid until {}", until.rfc3339()));
    }
    if service.network == Network::Public
        && let Some(plain) = entity.plain_address()
    {
        return Err(format!("`{plain}` of its metadata is not https; network = \"private\" allows it"));
    }
    Ok(entity)
}

#[cfg(test)]
#[path = "refresh/tests.rs"]
mod tests;
