//! The deliveries of one degree, as a list of records: the complete one, as the deltas have changed it.

use crate::config::Place;
use crate::delivery::{self, Chain};
use crate::name::{Kind, Name, READ};
use crate::overlay::Overlay;
use crate::xml::{self, Attributes, Verb};
use preau_connector_api::Rejected;
use preau_ent::{Entry, Keys, Mapping, bare_key};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What the adults of pupils are: their files have no profile.
const RELATIVE: &str = "National_TUT";

/// One degree.
pub(super) struct Degree<'s> {
    pub(super) called: &'static str,
    pub(super) mapping: &'s Mapping,
    chain: Chain,
    overlay: Overlay,
    wanted: [HashSet<String>; READ.len()],
    /// How many requests each file of the complete delivery holds, as far as it was read.
    sizes: BTreeMap<Name, u64>,
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
        let (overlay, sizes) = (Overlay::default(), BTreeMap::new());
        Ok(Degree { called: place.called, mapping, chain, overlay, wanted, sizes })
    }

    /// Why a delta that is there was not taken.
    pub(super) fn broken(&self) -> Option<&str> {
        self.chain.broken.as_deref()
    }

    /// Why the complete delivery may lack its last file of a kind, once all was read.
    pub(super) fn cut(&self) -> Option<String> {
        cut(&self.sizes)
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
        let (overlay, wanted, mapping, sizes) = (&mut self.overlay, &self.wanted, self.mapping, &mut self.sizes);
        kinds.iter().for_each(|kind| overlay.begin(*kind));
        self.chain.complete.files(kinds, |name, bytes| {
            let (kind, mut size) = (name.kind, 0);
            xml::each(bytes, kind.word(), &wanted[at(kind)], |request| {
                size += 1;
                let origin = format!("{name}:{}", request.line);
                let adds =
                    (request.verb != Verb::Add).then(|| "a complete delivery adds and does nothing else".to_owned());
                let fault = request.fault.or(adds);
                let Some(attributes) = overlay.now(kind, &request.id, request.attributes) else { return Ok(()) };
                each(kind, item(mapping, kind, request.id, origin, attributes, fault))
            })?;
            sizes.insert(name.clone(), size);
            Ok(())
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

/// Files are numbered and not counted: nothing says how many there are of a kind. But whoever cuts a feed into files fills each
/// before the next, and the last one seldom comes out full: one that is may have another after it.
fn cut(sizes: &BTreeMap<Name, u64>) -> Option<String> {
    let mut files = sizes.iter().peekable();
    let (mut full, mut last) = (BTreeSet::new(), Vec::new());
    while let Some((name, size)) = files.next() {
        match files.peek() {
            Some((next, _)) if next.kind == name.kind => drop(full.insert(*size)),
            _ => last.push((name, *size)),
        }
    }
    // Files that are cut otherwise say nothing.
    let [full] = full.into_iter().collect::<Vec<_>>()[..] else { return None };
    let (name, _) = last.into_iter().find(|(_, size)| *size >= full)?;
    let next = name.numbered(name.sequence.saturating_add(1));
    Some(format!(
        "{name} holds {full} records like every file that is not the last of its kind: is {next} missing? If it is the last, say \
         full_file_may_be_last = true"
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_file_that_is_full_may_not_be_the_last() {
        type Row = (&'static [(&'static str, &'static [u64])], Option<&'static str>);
        let table: [Row; 7] = [
            (&[("Eleve", &[10, 10, 3]), ("PersRelEleve", &[10, 4])], None),
            (&[("Eleve", &[10, 10]), ("PersRelEleve", &[10, 4])], Some("Eleve_0002.xml missing")),
            (&[("Eleve", &[10, 10, 3]), ("PersRelEleve", &[10])], Some("PersRelEleve_0001.xml missing")),
            (&[("Eleve", &[10]), ("PersRelEleve", &[10])], None),
            (&[("Eleve", &[10, 7, 3]), ("PersRelEleve", &[10])], None),
            (&[("Eleve", &[10, 0]), ("PersRelEleve", &[4])], None),
            (&[("Eleve", &[10, 3]), ("PersRelEleve", &[14])], Some("PersRelEleve_0001.xml missing")),
        ];
        for (kinds, expected) in table {
            let name =
                |kind: &str, n: usize| Name::parse(&format!("E_Complet_20260901_{kind}_{n:04}.xml")).expect("a name");
            let files = kinds
                .iter()
                .flat_map(|(kind, sizes)| sizes.iter().enumerate().map(move |(n, size)| (name(kind, n), *size)));
            let found = cut(&files.collect());
            assert_eq!(found.is_some(), expected.is_some(), "{kinds:?}: {found:?}");
            assert!(found.is_none_or(|found| found.contains(expected.unwrap_or_default())), "{kinds:?}");
        }
    }
}
