//! The services people can open, indexed so that finding the owner of an address or deciding on one service costs the
//! same however many others there are. A table is never changed: reloading makes a new one.

use preau_connector_api::MountedService;
use preau_domain::{ServiceId, TrustedUrl, strict_url};
use preau_policy::AccessRules;
use std::collections::HashMap;
use std::sync::Arc;

/// A mounted service behind its door.
pub type Door = Arc<MountedService>;

/// The running set of services and the rules of their doors.
pub struct ServiceTable {
    by_id: HashMap<ServiceId, Door>,
    by_origin: HashMap<(String, String, u16), Vec<Door>>,
    ordered: Vec<Door>,
    /// The compiled rules of every door.
    pub rules: AccessRules,
}

impl ServiceTable {
    /// Puts services together; every problem is told. Two services may share an origin, not an identical address.
    pub fn new(services: Vec<MountedService>) -> Result<ServiceTable, Vec<String>> {
        let mut problems = Vec::new();
        let rules = match AccessRules::compile(services.iter().map(|s| (&s.service.id, &s.audience))) {
            Ok(rules) => Some(rules),
            Err(found) => {
                problems.extend(found);
                None
            }
        };
        for service in &services {
            let found = preau_policy::check_release(&service.release);
            problems.extend(found.into_iter().map(|what| format!("{}: release: {what}", service.service.id)));
        }
        let mut by_id = HashMap::new();
        let mut by_origin: HashMap<(String, String, u16), Vec<Door>> = HashMap::new();
        let mut taken: HashMap<(String, String, u16, String), ServiceId> = HashMap::new();
        let mut ordered: Vec<Door> = services.into_iter().map(Arc::new).collect();
        ordered.sort_by(|a, b| (a.category, &a.title.fr, &a.service.id).cmp(&(b.category, &b.title.fr, &b.service.id)));
        for door in &ordered {
            let id = &door.service.id;
            if by_id.insert(id.clone(), door.clone()).is_some() {
                problems.push(format!("{id}: mounted twice"));
            }
            for rule in &door.service.urls {
                let origin = (rule.scheme.clone(), rule.host.clone(), rule.port);
                let address = (rule.scheme.clone(), rule.host.clone(), rule.port, rule.path.clone());
                if let Some(other) = taken.insert(address, id.clone()) {
                    if other != *id {
                        problems.push(format!("{id}: its address already belongs to {other}"));
                    }
                    continue;
                }
                let doors = by_origin.entry(origin).or_default();
                if !doors.iter().any(|d| d.service.id == *id) {
                    doors.push(door.clone());
                }
            }
        }
        match (rules, problems.is_empty()) {
            (Some(rules), true) => Ok(ServiceTable { by_id, by_origin, ordered, rules }),
            _ => Err(problems),
        }
    }

    /// The service of that name.
    pub fn get(&self, id: &ServiceId) -> Option<&Door> {
        self.by_id.get(id)
    }

    /// The service an address belongs to: the one with the longest matching path.
    pub fn owner_of(&self, address: &str) -> Option<(&Door, TrustedUrl)> {
        let url = strict_url(address)?;
        let origin = (url.scheme().to_owned(), url.host_str()?.to_owned(), url.port_or_known_default()?);
        let longest = |door: &&Door| {
            door.service.urls.iter().filter(|r| url.path().starts_with(r.path.as_str())).map(|r| r.path.len()).max()
        };
        let doors = self.by_origin.get(&origin)?;
        let door = doors.iter().filter(|d| d.service.trust(address).is_some()).max_by_key(longest)?;
        Some((door, door.service.trust(address)?))
    }

    /// Every service, by category and name.
    pub fn all(&self) -> &[Door] {
        &self.ordered
    }
}
