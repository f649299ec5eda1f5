//! The services people can open, indexed so that finding the owner of an address or deciding on one service costs the
//! same however many others there are. A table is never changed: reloading makes a new one.

use crate::inspections::may_be_inspected;
use crate::second_key;
use preau_connector_api::MountedService;
use preau_domain::{Levels, ServiceId, TrustedUrl, strict_url};
use preau_policy::{AccessRules, Openings};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A mounted service behind its door.
pub type Door = Arc<MountedService>;

/// The running set of services and the rules of their doors. A copy shares everything.
#[derive(Clone)]
pub struct ServiceTable {
    by_id: Arc<HashMap<ServiceId, Door>>,
    by_origin: Arc<HashMap<(String, String, u16), Paths>>,
    by_entity: Arc<HashMap<String, Door>>,
    ordered: Arc<[Door]>,
    origins: Arc<HashSet<String>>,
    generation: u32,
    /// The compiled rules of every door.
    pub rules: AccessRules,
}

/// The doors of one origin by the path of their rules.
#[derive(Default)]
struct Paths {
    doors: HashMap<String, Door>,
    /// Length of the longest path: nothing longer is looked up.
    longest: usize,
}

/// Numbers the tables of this process, so that what was decided with one is not taken for a decision with the next.
static GENERATION: AtomicU32 = AtomicU32::new(1);

impl ServiceTable {
    /// Puts services together; every problem is told. Two services may share an origin, not an identical address.
    pub fn new(services: Vec<MountedService>) -> Result<ServiceTable, Vec<String>> {
        let mut problems = Vec::new();
        let rules = match AccessRules::compile(services.iter().map(|s| (&s.service.id, &s.audience))) {
            Ok(mut rules) => {
                for service in services.iter().filter(|service| service.two_keys) {
                    rules.lock(&service.service.id, second_key::sheet(service));
                }
                for service in services.iter().filter(|service| may_be_inspected(service)) {
                    rules.receive_visitors(&service.service.id);
                }
                Some(rules)
            }
            Err(found) => {
                problems.extend(found);
                None
            }
        };
        for service in &services {
            let found = preau_policy::check_release(&service.release);
            problems.extend(found.into_iter().map(|(_, what)| format!("{}: release: {what}", service.service.id)));
        }
        let mut by_id = HashMap::new();
        let mut by_origin: HashMap<(String, String, u16), Paths> = HashMap::new();
        let mut by_entity: HashMap<String, Door> = HashMap::new();
        let mut ordered: Vec<Door> = services.into_iter().map(Arc::new).collect();
        ordered.sort_by(|a, b| (a.category, &a.title.fr, &a.service.id).cmp(&(b.category, &b.title.fr, &b.service.id)));
        for door in &ordered {
            let id = &door.service.id;
            if by_id.insert(id.clone(), door.clone()).is_some() {
                problems.push(format!("{id}: mounted twice"));
            }
            if let Some(saml) = &door.saml
                && let Some(other) = by_entity.insert(saml.entity_id.clone(), door.clone())
            {
                problems.push(format!("{id}: its entity id already belongs to {}", other.service.id));
            }
            for rule in &door.service.urls {
                let origin = (rule.scheme.clone(), rule.host.clone(), rule.port);
                let paths = by_origin.entry(origin).or_default();
                paths.longest = paths.longest.max(rule.path.len());
                if let Some(other) = paths.doors.insert(rule.path.clone(), door.clone())
                    && other.service.id != *id
                {
                    problems.push(format!("{id}: its address already belongs to {}", other.service.id));
                }
            }
        }
        for door in &ordered {
            // Else one file would say by itself how another service knows people.
            let sector = door.oidc.as_ref().and_then(|oidc| oidc.sector.as_deref());
            let named = sector.and_then(|sector| by_id.get(&ServiceId::new(sector)));
            if let Some(other) = named.filter(|other| Some(other.sector()) == sector && is_silent(other))
                && other.service.id != door.service.id
            {
                let (id, other) = (&door.service.id, &other.service.id);
                problems
                    .push(format!("{id}: its sector is the service {other}, whose file does not say that sector too"));
            }
        }
        let origins = ordered.iter().flat_map(|door| door.origins()).collect();
        let generation = GENERATION.fetch_add(1, Ordering::Relaxed);
        match (rules, problems.is_empty()) {
            (Some(rules), true) => {
                let (by_id, by_origin, by_entity) = (Arc::new(by_id), Arc::new(by_origin), Arc::new(by_entity));
                let (ordered, origins) = (ordered.into(), Arc::new(origins));
                Ok(ServiceTable { by_id, by_origin, by_entity, ordered, origins, rules, generation })
            }
            _ => Err(problems),
        }
    }

    /// The same table below the rules of these levels.
    pub fn under(self, levels: Arc<Levels>) -> ServiceTable {
        ServiceTable { rules: self.rules.under(levels), ..self }
    }

    /// The same table with these yeses of heads; without any, whatever asks for two keys is closed. Costs the same however many services
    /// and yeses there are.
    pub fn opened(&self, openings: Arc<Openings>) -> ServiceTable {
        let generation = GENERATION.fetch_add(1, Ordering::Relaxed);
        ServiceTable { generation, rules: self.rules.opened(openings), ..self.clone() }
    }

    /// Whether a service asks for two keys.
    pub fn asks_two_keys(&self) -> bool {
        self.ordered.iter().any(|door| door.two_keys)
    }

    /// The service of that name.
    pub fn get(&self, id: &ServiceId) -> Option<&Door> {
        self.by_id.get(id)
    }

    /// The service an address belongs to: the one with the longest matching path. Costs a look-up for each part of the
    /// path, however many services there are.
    pub fn owner_of(&self, address: &str) -> Option<(&Door, TrustedUrl)> {
        let url = strict_url(address)?;
        let origin = (url.scheme().to_owned(), url.host_str()?.to_owned(), url.port_or_known_default()?);
        let door = self.by_origin.get(&origin)?.owner(url.path())?;
        // The service's own rules have the last word.
        Some((door, door.service.trust(address)?))
    }

    /// The service of that name in SAML: byte by byte, however many services there are.
    pub fn owner_of_entity(&self, entity_id: &str) -> Option<&Door> {
        self.by_entity.get(entity_id)
    }

    /// Services at the host of an address that belongs to none of them, as if TLS or its usual port had been forgotten: whoever
    /// integrates one of them may have meant it. At most twenty.
    pub fn neighbours(&self, address: &str) -> Vec<Door> {
        let Ok(url) = url::Url::parse(address) else { return Vec::new() };
        let Some(host) = url.host_str() else { return Vec::new() };
        let own = (url.scheme(), url.port_or_known_default().unwrap_or(443));
        let mut found: Vec<Door> = Vec::new();
        for (scheme, port) in [own, ("https", 443), ("http", 80)] {
            let paths = self.by_origin.get(&(scheme.to_owned(), host.to_owned(), port));
            for door in paths.into_iter().flat_map(|paths| paths.doors.values()).take(20) {
                if found.len() < 20 && !found.iter().any(|known| Arc::ptr_eq(known, door)) {
                    found.push(door.clone());
                }
            }
        }
        found
    }

    /// Whether a service lives at this origin, as a browser writes it.
    pub fn has_origin(&self, origin: &str) -> bool {
        self.origins.contains(origin)
    }

    /// Tells this table from every other one of this process.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Every service, by category and name.
    pub fn all(&self) -> &[Door] {
        &self.ordered
    }
}

/// Whether a service is a sector by itself, without a word of its file.
fn is_silent(door: &Door) -> bool {
    door.oidc.as_ref().is_none_or(|oidc| oidc.sector.is_none())
}

impl Paths {
    /// Whose rule is the longest that holds this path: rules are met from the longest to the shortest, at the places
    /// where one may end.
    fn owner(&self, path: &str) -> Option<&Door> {
        if let Some(door) = self.doors.get(path) {
            return Some(door);
        }
        let reach = path.len().min(self.longest + 1);
        let bytes = path.as_bytes().get(..reach)?;
        (0..bytes.len()).rev().filter(|at| matches!(bytes[*at], b'/' | b';')).find_map(|at| {
            let with_slash =
                if bytes[at] == b'/' { path.get(..=at).and_then(|path| self.doors.get(path)) } else { None };
            with_slash.or_else(|| self.doors.get(path.get(..at)?))
        })
    }
}
