//! The services people can open, and which of them an address belongs to.

use preau_connector_api::{MountedService, Problem};
use preau_domain::{Audience, Service, ServiceId, TrustedUrl, UrlRule, strict_url};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use url::Url;

/// A set of mounted services. It never changes: a reload makes another one and puts it in the place of this.
#[derive(Debug, Default)]
pub struct Mounted {
    services: BTreeMap<ServiceId, MountedService>,
    origins: HashMap<String, Origin>,
}

/// What belongs to whom below one scheme, host and port.
#[derive(Debug, Default)]
struct Origin {
    /// By path, as the rules write it.
    paths: HashMap<String, ServiceId>,
    /// Length of the longest of them: nothing beyond it is looked up.
    longest: usize,
}

impl Mounted {
    /// Puts services together. Two of them with the same id, or with a rule for the same path of the same origin, are
    /// refused: no address may belong to two services. One path below another is fine, the longer one wins.
    pub fn new(services: impl IntoIterator<Item = MountedService>) -> Result<Mounted, Vec<Problem>> {
        let mut mounted = Mounted::default();
        let mut problems = Vec::new();
        let mut claimed: HashMap<(String, String), ServiceId> = HashMap::new();
        for service in services {
            let id = service.service.id.clone();
            for rule in &service.service.urls {
                let origin = origin_of_rule(rule);
                let bare = rule.path.trim_end_matches('/').to_owned();
                match claimed.get(&(origin.clone(), bare.clone())) {
                    Some(other) if *other != id => problems.push(Problem::new(
                        id.as_str(),
                        format!("{origin}{} already belongs to the service `{other}`", rule.path),
                    )),
                    _ => {
                        claimed.insert((origin.clone(), bare), id.clone());
                    }
                }
                let place = mounted.origins.entry(origin).or_default();
                place.longest = place.longest.max(rule.path.len());
                place.paths.insert(rule.path.clone(), id.clone());
            }
            if mounted.services.insert(id.clone(), service).is_some() {
                problems.push(Problem::new(id.as_str(), "two services have this name"));
            }
        }
        if problems.is_empty() { Ok(mounted) } else { Err(problems) }
    }

    /// Puts together those that claim no address of another, and tells which do: none of those is mounted.
    pub(crate) fn sound(mut services: Vec<MountedService>) -> (Mounted, Vec<Problem>) {
        let mut claims: HashMap<(String, String), BTreeSet<ServiceId>> = HashMap::new();
        for service in &services {
            for rule in &service.service.urls {
                let address = (origin_of_rule(rule), rule.path.trim_end_matches('/').to_owned());
                claims.entry(address).or_default().insert(service.service.id.clone());
            }
        }
        let mut disputed: BTreeMap<ServiceId, String> = BTreeMap::new();
        for ((origin, path), claimants) in claims.iter().filter(|(_, claimants)| claimants.len() > 1) {
            let names: Vec<&str> = claimants.iter().map(ServiceId::as_str).collect();
            let what = format!("{origin}{path}/ is claimed by {}: none of them is mounted", names.join(" and "));
            disputed.extend(claimants.iter().map(|id| (id.clone(), what.clone())));
        }
        services.retain(|service| !disputed.contains_key(&service.service.id));
        let mut problems: Vec<Problem> =
            disputed.into_iter().map(|(id, what)| Problem::new(id.as_str(), what)).collect();
        match Mounted::new(services) {
            Ok(mounted) => (mounted, problems),
            Err(found) => {
                problems.extend(found);
                (Mounted::default(), problems)
            }
        }
    }

    /// The service of that name.
    pub fn by_id(&self, id: &ServiceId) -> Option<&MountedService> {
        self.services.get(id)
    }

    /// Every service, ordered by name.
    pub fn services(&self) -> impl Iterator<Item = &MountedService> {
        self.services.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.services.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Every service's audience: what the rules of `policy` are compiled from.
    pub fn audiences(&self) -> impl Iterator<Item = (&ServiceId, &Audience)> {
        self.services.iter().map(|(id, service)| (id, &service.audience))
    }

    /// The service an address belongs to, and the address made trusted; `None` for any address that is not strict or
    /// belongs to nobody. Where one service lies below another the longer path wins. The cost depends on the depth of
    /// the path and not on how many services there are.
    pub fn owner_of(&self, address: &str) -> Option<(&MountedService, TrustedUrl)> {
        let url = strict_url(address)?;
        let id = self.origins.get(&origin_of(&url)?)?.owner(url.path())?;
        let service = self.services.get(id)?;
        // The service's own rules have the last word.
        Some((service, service.service.trust(address)?))
    }
}

impl Origin {
    /// Whose rule is the longest that holds this path: rules are met from the longest to the shortest, at the places
    /// where one may end.
    fn owner(&self, path: &str) -> Option<&ServiceId> {
        if let Some(id) = self.paths.get(path) {
            return Some(id);
        }
        let reach = path.len().min(self.longest + 1);
        let bytes = path.as_bytes().get(..reach)?;
        (0..bytes.len()).rev().filter(|at| matches!(bytes[*at], b'/' | b';')).find_map(|at| {
            let with_slash =
                if bytes[at] == b'/' { path.get(..=at).and_then(|path| self.paths.get(path)) } else { None };
            with_slash.or_else(|| self.paths.get(path.get(..at)?))
        })
    }
}

fn origin_of(url: &Url) -> Option<String> {
    Some(format!("{}://{}:{}", url.scheme(), url.host_str()?, url.port_or_known_default()?))
}

fn origin_of_rule(rule: &UrlRule) -> String {
    format!("{}://{}:{}", rule.scheme, rule.host, rule.port)
}

/// Whether every one of these addresses belongs to the service.
pub(crate) fn owns(service: &Service, address: &str) -> bool {
    service.trust(address).is_some()
}

#[cfg(test)]
#[path = "mounted/tests.rs"]
mod tests;
