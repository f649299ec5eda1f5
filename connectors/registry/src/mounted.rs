//! The services people can open, no two of which claim one address. Whose an address is is `ServiceTable`'s matter, in
//! `idp/web`.

use preau_connector_api::{MountedService, Problem};
use preau_domain::{Audience, Service, ServiceId, UrlRule};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A set of mounted services. It never changes: a reload makes another one and puts it in the place of this.
#[derive(Debug, Default)]
pub struct Mounted {
    services: BTreeMap<ServiceId, MountedService>,
}

impl Mounted {
    /// Puts services together. Two of them with the same id, or with a rule for the same path of the same origin, are
    /// refused: no address may belong to two services. One path below another is fine, the longer one wins. A problem is told by
    /// the id of the service and the key it is about.
    pub fn new(services: impl IntoIterator<Item = MountedService>) -> Result<Mounted, Vec<Problem>> {
        let mut mounted = Mounted::default();
        let mut problems = Vec::new();
        let mut claimed: HashMap<(String, String), ServiceId> = HashMap::new();
        let mut entities: HashMap<String, ServiceId> = HashMap::new();
        for service in services {
            let id = service.service.id.clone();
            for rule in &service.service.urls {
                let origin = origin_of_rule(rule);
                let bare = rule.path.trim_end_matches('/').to_owned();
                match claimed.get(&(origin.clone(), bare.clone())) {
                    Some(other) if *other != id => problems.push(Problem::new(
                        format!("{id} parameters.url"),
                        format!("{origin}{} already belongs to the service `{other}`", rule.path),
                    )),
                    _ => {
                        claimed.insert((origin.clone(), bare), id.clone());
                    }
                }
            }
            if let Some(saml) = &service.saml
                && let Some(other) = entities.insert(saml.entity_id.clone(), id.clone())
            {
                let shown = preau_domain::display_safe(&saml.entity_id, 100);
                let what = format!("`{shown}` is the entity id of `{other}` already");
                problems.push(Problem::new(format!("{id} saml.entity_id"), what));
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
        let mut entities: HashMap<&str, BTreeSet<ServiceId>> = HashMap::new();
        for (saml, id) in services.iter().filter_map(|one| Some((one.saml.as_ref()?, &one.service.id))) {
            entities.entry(&saml.entity_id).or_default().insert(id.clone());
        }
        let mut disputed: BTreeMap<ServiceId, (&str, String)> = BTreeMap::new();
        for ((origin, path), claimants) in claims.iter().filter(|(_, claimants)| claimants.len() > 1) {
            let names: Vec<&str> = claimants.iter().map(ServiceId::as_str).collect();
            let what = format!("{origin}{path}/ is claimed by {}: none of them is mounted", names.join(" and "));
            disputed.extend(claimants.iter().map(|id| (id.clone(), ("parameters.url", what.clone()))));
        }
        for (entity, claimants) in entities.iter().filter(|(_, claimants)| claimants.len() > 1) {
            let names: Vec<&str> = claimants.iter().map(ServiceId::as_str).collect();
            let shown = preau_domain::display_safe(entity, 100);
            let what = format!("the entity id {shown} is claimed by {}: none of them is mounted", names.join(" and "));
            disputed.extend(claimants.iter().map(|id| (id.clone(), ("saml.entity_id", what.clone()))));
        }
        services.retain(|service| !disputed.contains_key(&service.service.id));
        let mut problems: Vec<Problem> =
            disputed.into_iter().map(|(id, (key, what))| Problem::new(format!("{id} {key}"), what)).collect();
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
