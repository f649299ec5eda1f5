//! The adults pupils name, kept from the reading of the pupils until the adults' turn comes: 32 bytes a link and the
//! names, so that a million people fit in memory.

use crate::entry::comparable_dn;
use crate::people::Rules;
use crate::structures::{Place, Table};
use preau_connector_api::Met;
use preau_domain::{Affiliation, Child, JoinKey, Legal, Profile};
use std::hash::{BuildHasher, RandomState};

/// Most pupils one adult is taken to answer for.
pub(crate) const MAX_CHILDREN: usize = 50;

/// Where a name is in the text: its length stands before it.
type At = u32;

/// No name.
const NOWHERE: At = At::MAX;

/// One link.
struct Link {
    /// Digest of the adult's name, by which links are sorted.
    adult_hash: u64,
    adult: At,
    pupil: At,
    /// The number by which the structure knows the pupil, if it knows one.
    number: At,
    place: Place,
    code: [u8; 4],
    legal: Legal,
}

/// All links.
#[derive(Default)]
pub(crate) struct Links {
    text: Vec<u8>,
    links: Vec<Link>,
    /// Adults named by pupils whose entries were rejected.
    doubtful: Met,
    state: RandomState,
    sorted: bool,
}

impl Links {
    /// Keeps that a pupil, in this structure, which knows the pupil by that number, names this adult by join key or DN. False
    /// when there is no room left.
    pub(crate) fn add(
        &mut self,
        adult: &str,
        pupil: &str,
        number: Option<&str>,
        place: Place,
        code: &str,
        legal: Legal,
    ) -> bool {
        let adult = if adult.contains('=') { comparable_dn(adult) } else { adult.to_owned() };
        let last = self.links.last().map(|last| (last.pupil, last.number));
        let same_pupil = last.map(|(pupil, _)| pupil).filter(|at| self.at(*at) == pupil);
        let number = number.unwrap_or_default();
        let same_number = last.map(|(_, number)| number).filter(|at| self.at(*at) == number);
        let kept =
            (self.keep(&adult), same_pupil.or_else(|| self.keep(pupil)), same_number.or_else(|| self.keep(number)));
        let (Some(adult_at), Some(pupil_at), Some(number)) = kept else { return false };
        let mut short = [0u8; 4];
        for (to, from) in short.iter_mut().zip(code.bytes()) {
            *to = from;
        }
        let adult_hash = self.state.hash_one(&adult);
        self.links.push(Link { adult_hash, adult: adult_at, pupil: pupil_at, number, place, code: short, legal });
        self.sorted = false;
        true
    }

    /// Notes that a rejected pupil may name this adult by join key or DN: what is read of the adult is not all.
    pub(crate) fn doubt(&mut self, adult: &str) {
        if adult.contains('=') {
            self.doubtful.first_time(&comparable_dn(adult));
        } else {
            self.doubtful.first_time(adult);
        }
    }

    /// Whether a rejected pupil may name an adult who has these names.
    pub(crate) fn doubts(&self, names: [&str; 2]) -> bool {
        names.into_iter().any(|name| self.doubtful.has(name))
    }

    fn keep(&mut self, name: &str) -> Option<At> {
        if name.is_empty() {
            return Some(NOWHERE);
        }
        let at = At::try_from(self.text.len()).ok().filter(|at| *at < NOWHERE)?;
        self.text.extend(u16::try_from(name.len()).ok()?.to_le_bytes());
        self.text.extend(name.as_bytes());
        Some(at)
    }

    fn at(&self, at: At) -> &str {
        name_at(&self.text, at)
    }

    /// Gets ready to answer: once, when all pupils were read.
    pub(crate) fn sort(&mut self) {
        let text = &self.text;
        let pupil = |link: &Link| name_at(text, link.pupil);
        self.links.sort_unstable_by(|a, b| (a.adult_hash, pupil(a), a.place).cmp(&(b.adult_hash, pupil(b), b.place)));
        self.text.shrink_to_fit();
        self.sorted = true;
    }

    fn of<'a>(&'a self, adult: &'a str) -> impl Iterator<Item = &'a Link> + 'a {
        debug_assert!(self.sorted, "links are sorted before they are asked for");
        let hash = self.state.hash_one(adult);
        let first = self.links.partition_point(|link| link.adult_hash < hash);
        let same = self.links[first..].iter().take_while(move |link| link.adult_hash == hash);
        same.filter(move |link| self.at(link.adult) == adult)
    }

    /// What an adult is through the pupils who name them: the children, and an affiliation for each of their
    /// establishments when the legal weight allows it.
    pub(crate) fn adult(&self, names: [&str; 2], table: &Table, rules: &Rules) -> (Vec<Affiliation>, Vec<Child>) {
        let mut places: Vec<Place> = Vec::new();
        let mut children: Vec<Child> = Vec::new();
        for link in names.into_iter().flat_map(|name| self.of(name)) {
            let weighs = link.legal == Legal::Representative || (link.legal == Legal::InCharge && rules.in_charge);
            if weighs && !places.contains(&link.place) {
                places.push(link.place);
            }
            let key = self.at(link.pupil);
            let number = Some(self.at(link.number)).filter(|number| !number.is_empty());
            let enrolment = number.map(|number| table.enrolment(link.place, number));
            let room = children.len() < MAX_CHILDREN;
            match children.iter_mut().find(|child| child.pupil.key == key) {
                Some(known) if known.enrolment.is_none() => known.enrolment = enrolment,
                None if room => {
                    let code = link.code.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
                    let pupil = JoinKey { source: rules.source.clone(), key: key.to_owned() };
                    children.push(Child { pupil, link: code, legal: link.legal, enrolment });
                }
                _ => {}
            }
        }
        let uais = places.into_iter().map(|place| table.uai(place).clone());
        (uais.map(|uai| Affiliation::new(uai, Profile::Guardian)).collect(), children)
    }
}

/// The name that was kept there.
fn name_at(text: &[u8], at: At) -> &str {
    let Some([low, high, rest @ ..]) = text.get(at as usize..) else { return "" };
    let name = rest.get(..usize::from(u16::from_le_bytes([*low, *high])));
    name.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
}

/// The legal weight a source writes.
pub(crate) fn legal(written: &str) -> Legal {
    match written {
        "1" => Legal::Representative,
        "2" => Legal::InCharge,
        _ => Legal::Contact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_takes_thirty_two_bytes() {
        assert_eq!(std::mem::size_of::<Link>(), 32);
    }
}
