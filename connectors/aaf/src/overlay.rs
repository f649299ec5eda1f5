//! What the deltas since the complete delivery change, record by record. Folded as it is read, so that the memory taken is
//! that of the records changed, and bounded.

use crate::name::{Kind, Name, READ};
use crate::xml::{Attributes, Request, Verb};
use std::collections::BTreeMap;

/// Most bytes of changes held.
const MOST: usize = 256 << 20;
/// What a record costs besides its letters.
const OVERHEAD: usize = 128;

/// What became of a record.
#[derive(Debug)]
enum State {
    Gone,
    /// Added: this is all of it.
    Whole(Attributes),
    /// Some attributes have other values than the complete delivery says.
    Changed(Attributes),
}

#[derive(Debug)]
struct Change {
    state: State,
    /// Whether the complete delivery had the record, as far as it was read.
    met: bool,
    /// File and line of the latest request, and what orders files.
    origin: String,
    file: (crate::name::Day, u16),
}

/// All changes.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    kinds: [BTreeMap<String, Change>; READ.len()],
    bytes: usize,
}

/// A record that only the deltas know of.
pub(crate) struct Leftover<'a> {
    pub(crate) id: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) attributes: &'a Attributes,
    /// Whether it was added, and not merely changed.
    pub(crate) whole: bool,
}

fn place(kind: Kind) -> usize {
    READ.iter().position(|read| *read == kind).unwrap_or_default()
}

impl Overlay {
    /// Takes a sound request of a delta; what is wrong with it on top of what came before is the error inside.
    pub(crate) fn take(&mut self, name: &Name, request: Request) -> Result<Result<(), String>, String> {
        let (origin, file) = (format!("{name}:{}", request.line), (name.day, name.sequence));
        self.bytes += OVERHEAD + request.id.len() + origin.len() + weight(&request.attributes);
        if self.bytes > MOST {
            return Err("the deltas since the complete delivery hold more than is held in memory: ask for a complete \
                        delivery"
                .into());
        }
        let changes = &mut self.kinds[place(name.kind)];
        if changes.get(&request.id).is_some_and(|before| before.file > file) {
            return Err("files of one day stand in the archive in another order than their numbers".into());
        }
        let before = changes.remove(&request.id).map(|change| change.state);
        let (state, told) = match (request.verb, before) {
            (Verb::Add, _) => (State::Whole(request.attributes), Ok(())),
            (Verb::Delete, _) => (State::Gone, Ok(())),
            (Verb::Modify, None) => (State::Changed(request.attributes), Ok(())),
            (Verb::Modify, Some(State::Whole(mut all))) => {
                replace(&mut all, request.attributes);
                (State::Whole(all), Ok(()))
            }
            (Verb::Modify, Some(State::Changed(mut some))) => {
                replace(&mut some, request.attributes);
                (State::Changed(some), Ok(()))
            }
            (Verb::Modify, Some(State::Gone)) => {
                (State::Gone, Err("it changes a record that was deleted before".to_owned()))
            }
        };
        changes.insert(request.id, Change { state, met: false, origin, file });
        Ok(told)
    }

    /// Begins to go through the records of a kind.
    pub(crate) fn begin(&mut self, kind: Kind) {
        self.kinds[place(kind)].values_mut().for_each(|change| change.met = false);
    }

    /// What a record of the complete delivery is by now; `None` when it is gone.
    pub(crate) fn now(&mut self, kind: Kind, id: &str, mut attributes: Attributes) -> Option<Attributes> {
        let Some(change) = self.kinds[place(kind)].get_mut(id) else { return Some(attributes) };
        change.met = true;
        match &change.state {
            State::Gone => None,
            State::Whole(all) => Some(all.clone()),
            State::Changed(some) => {
                replace(&mut attributes, some.clone());
                Some(attributes)
            }
        }
    }

    /// The records of a kind that the complete delivery did not have.
    pub(crate) fn rest(&self, kind: Kind) -> impl Iterator<Item = Leftover<'_>> {
        self.kinds[place(kind)].iter().filter(|(_, change)| !change.met).filter_map(|(id, change)| {
            let (attributes, whole) = match &change.state {
                State::Gone => return None,
                State::Whole(attributes) => (attributes, true),
                State::Changed(attributes) => (attributes, false),
            };
            Some(Leftover { id, origin: &change.origin, attributes, whole })
        })
    }
}

fn weight(attributes: &Attributes) -> usize {
    let values = |values: &[Vec<u8>]| values.iter().map(|value| value.len() + OVERHEAD).sum::<usize>();
    attributes.iter().map(|(name, all)| name.len() + OVERHEAD + values(all)).sum()
}

/// Gives attributes other values; a change carries all values of an attribute.
fn replace(attributes: &mut Attributes, by: Attributes) {
    attributes.retain(|(name, _)| by.iter().all(|(other, _)| other != name));
    attributes.extend(by);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(verb: Verb, id: &str, class: &str) -> Request {
        let values = if class.is_empty() { vec![] } else { vec![class.as_bytes().to_vec()] };
        let attributes = if verb == Verb::Delete { vec![] } else { vec![("class".to_owned(), values)] };
        Request { verb, id: id.into(), line: 1, attributes, fault: None }
    }

    fn name(day: u32, sequence: u16) -> Name {
        Name::parse(&format!("E_Delta_202609{day:02}_Eleve_{sequence:04}.xml")).expect("a name")
    }

    fn class(attributes: &Attributes) -> Option<&str> {
        let (_, values) = attributes.iter().find(|(name, _)| name == "class")?;
        std::str::from_utf8(values.first()?).ok()
    }

    /// What becomes of record 1, in class 6A in the complete delivery or not there, after these requests of a day each.
    fn after(known: bool, requests: &[(Verb, &str)]) -> (Option<String>, usize, bool) {
        let mut overlay = Overlay::default();
        let mut all_told = true;
        for (day, (verb, value)) in (2..).zip(requests) {
            all_told &= overlay.take(&name(day, 0), request(*verb, "1", value)).expect("in order").is_ok();
        }
        let attributes = vec![("class".to_owned(), vec![b"6A".to_vec()]), ("sn".to_owned(), vec![b"x".to_vec()])];
        overlay.begin(Kind::Pupils);
        let now = if known { overlay.now(Kind::Pupils, "1", attributes) } else { None };
        let rest: Vec<bool> = overlay.rest(Kind::Pupils).map(|left| left.whole).collect();
        assert!(rest.iter().all(|whole| !known || !whole));
        let told = now.as_ref().and_then(class).map(str::to_owned);
        let added = overlay.rest(Kind::Pupils).find(|left| left.whole).and_then(|left| class(left.attributes));
        (told.or(added.map(str::to_owned)), rest.len(), all_told)
    }

    #[test]
    fn a_record_is_what_its_last_change_made_of_it() {
        use Verb::{Add, Delete, Modify};
        let is = |class: &str| Some(class.to_owned());
        for (known, requests, becomes) in [
            (true, vec![], (is("6A"), 0, true)),
            (true, vec![(Modify, "6B")], (is("6B"), 0, true)),
            (true, vec![(Modify, "6B"), (Modify, "6C")], (is("6C"), 0, true)),
            (true, vec![(Modify, "")], (None, 0, true)),
            (true, vec![(Delete, "")], (None, 0, true)),
            (true, vec![(Delete, ""), (Add, "5A")], (is("5A"), 0, true)),
            (true, vec![(Delete, ""), (Modify, "5A")], (None, 0, false)),
            (true, vec![(Add, "5A")], (is("5A"), 0, true)),
            (false, vec![(Add, "5A")], (is("5A"), 1, true)),
            (false, vec![(Add, "5A"), (Modify, "5B")], (is("5B"), 1, true)),
            (false, vec![(Add, "5A"), (Delete, "")], (None, 0, true)),
            (false, vec![(Delete, "")], (None, 0, true)),
            (false, vec![(Modify, "5A")], (None, 1, true)),
        ] {
            assert_eq!(after(known, &requests), becomes, "{known} {requests:?}");
        }
    }

    #[test]
    fn files_out_of_order_do_not_turn_time_back() {
        let mut overlay = Overlay::default();
        assert!(overlay.take(&name(2, 1), request(Verb::Add, "1", "6A")).is_ok());
        assert!(overlay.take(&name(2, 0), request(Verb::Add, "2", "6A")).is_ok(), "control: another record");
        assert!(overlay.take(&name(2, 0), request(Verb::Delete, "1", "")).is_err());
    }
}
