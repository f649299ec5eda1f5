//! The deliveries of one degree, as a list of records: the complete one, as the deltas have changed it.

use crate::config::Place;
use crate::delivery::{self, Chain};
use crate::name::{Kind, READ};
use crate::overlay::Overlay;
use crate::xml::{self, Attributes, Verb};
use preau_connector_api::Rejected;
use preau_ent::{Entry, Keys, Mapping, bare_key};
use std::collections::HashSet;

/// What the adults of pupils are: their files have no profile.
const RELATIVE: &str = "National_TUT";

/// One degree.
pub(super) struct Degree<'s> {
    pub(super) called: &'static str,
    pub(super) mapping: &'s Mapping,
    chain: Chain,
    overlay: Overlay,
    wanted: [HashSet<String>; READ.len()],
}

/// One record.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) entry: Entry,
    /// Why it cannot be used, if it cannot.
    pub(super) fault: Option<String>,
}

impl<'s> Degree<'s> {
    /// Chooses the deliveries in force.
    pub(super) fn open(place: &'s Place, gap: i64) -> Result<Self, String> {
        let mapping = &place.mapping;
        let chain = delivery::chain(delivery::list(&place.path)?, gap)?;
        let wanted = READ.map(|kind| {
            let names = match kind {
                Kind::Structures => mapping.of_structures(),
                Kind::Pupils => mapping.of_pupils(),
                _ => mapping.of_staff(),
            };
            names.into_iter().collect()
        });
        Ok(Degree { called: place.called, mapping, chain, overlay: Overlay::default(), wanted })
    }

    /// Why a delta that is there was not taken.
    pub(super) fn broken(&self) -> Option<&str> {
        self.chain.broken.as_deref()
    }

    /// Reads what the deltas change.
    pub(super) fn load_deltas(&mut self, keys: &Keys, rejected: &mut Vec<Rejected>) -> Result<(), String> {
        let (overlay, wanted, mapping) = (&mut self.overlay, &self.wanted, self.mapping);
        for delta in &self.chain.deltas {
            delta.files(&READ, |name, bytes| {
                xml::each(bytes, name.kind.word(), &wanted[at(name.kind)], |mut request| {
                    let (id, origin) = (request.id.clone(), format!("{name}:{}", request.line));
                    let fault = match request.fault.take() {
                        Some(fault) => Some(fault),
                        None => overlay.take(name, request)?.err(),
                    };
                    // A record whose change cannot be used stays as it is.
                    if let (Some(reason), true) = (fault, rejected.len() < MOST_REJECTED) {
                        let item = item(mapping, name.kind, id, origin, Vec::new(), Some(reason.clone()));
                        let person = name.kind != Kind::Structures && !item.id.is_empty();
                        let key = person.then(|| keys.of(&item.entry, &mapping.people.key).ok()).flatten();
                        rejected.push(Rejected { dn: item.entry.shown_dn(), key, reason });
                    }
                    Ok(())
                })
            })?;
        }
        Ok(())
    }

    /// Calls `each` with every record of these kinds.
    pub(super) fn records<F>(&mut self, kinds: &[Kind], mut each: F) -> Result<(), String>
    where
        F: FnMut(Kind, Item) -> Result<(), String>,
    {
        let (overlay, wanted, mapping) = (&mut self.overlay, &self.wanted, self.mapping);
        kinds.iter().for_each(|kind| overlay.begin(*kind));
        self.chain.complete.files(kinds, |name, bytes| {
            let kind = name.kind;
            xml::each(bytes, kind.word(), &wanted[at(kind)], |request| {
                let origin = format!("{name}:{}", request.line);
                let adds =
                    (request.verb != Verb::Add).then(|| "a complete delivery adds and does nothing else".to_owned());
                let fault = request.fault.or(adds);
                let Some(attributes) = overlay.now(kind, &request.id, request.attributes) else { return Ok(()) };
                each(kind, item(mapping, kind, request.id, origin, attributes, fault))
            })
        })?;
        for kind in kinds {
            for left in overlay.rest(*kind) {
                let fault = (!left.whole).then(|| "it changes a record that no delivery adds".to_owned());
                let (id, origin) = (left.id.to_owned(), left.origin.to_owned());
                each(*kind, item(mapping, *kind, id, origin, left.attributes.clone(), fault))?;
            }
        }
        Ok(())
    }
}

/// Rejections of deltas that are told.
const MOST_REJECTED: usize = 10_000;

fn at(kind: Kind) -> usize {
    READ.iter().position(|read| *read == kind).unwrap_or_default()
}

/// A record as the ENT schema reads it: its identifier is its join key.
fn item(
    mapping: &Mapping,
    kind: Kind,
    id: String,
    origin: String,
    attributes: Attributes,
    fault: Option<String>,
) -> Item {
    let mut attributes = attributes;
    let key = if kind == Kind::Structures { &mapping.structures.key } else { &mapping.people.key };
    let said = attributes.iter().filter(|(name, _)| name == key).flat_map(|(_, values)| values);
    let differs =
        said.filter_map(|value| std::str::from_utf8(value).ok()).any(|value| bare_key(value) != bare_key(&id));
    let fault = fault.or_else(|| differs.then(|| format!("its identifier and its {key} differ")));
    attributes.retain(|(name, _)| name != key);
    attributes.push((key.clone(), vec![id.clone().into_bytes()]));
    if kind == Kind::Relatives {
        attributes.push((mapping.people.profiles.clone(), vec![RELATIVE.into()]));
    }
    Item { id, entry: Entry::new(origin, attributes), fault }
}
