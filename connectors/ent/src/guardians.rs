//! The adults pupils name, kept from the reading of the pupils until the adults' turn comes: 48 bytes a link and the
//! names, so that a million people fit in memory.

use crate::entry::comparable_dn;
use crate::keys::Seen;
use crate::people::Rules;
use crate::structures::{Place, Table};
use preau_domain::{Affiliation, Child, JoinKey, Legal, Profile};
use std::hash::{BuildHasher, RandomState};

/// Most pupils one adult is taken to answer for.
pub(crate) const MAX_CHILDREN: usize = 50;

/// One link.
struct Link {
    /// Digest of the adult's name, by which links are sorted.
    adult_hash: u64,
    /// Where the adult's name and the pupil's key are in the text.
    adult: (u32, u16),
    pupil: (u32, u16),
    /// Where the number is by which the structure knows the pupil; nowhere when it has no length.
    number: (u32, u16),
    place: Place,
    code: [u8; 4],
    legal: Legal,
}

/// All links.
#[derive(Default)]
pub(crate) struct Links {
    text: String,
    links: Vec<Link>,
    /// Adults named by pupils whose entries were rejected.
    doubtful: Seen,
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
        let same_pupil = self.links.last().map(|last| last.pupil).filter(|at| self.at(*at) == pupil);
        let number = number.unwrap_or_default();
        let same_number = self.links.last().map(|last| last.number).filter(|at| self.at(*at) == number);
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

    fn keep(&mut self, name: &str) -> Option<(u32, u16)> {
        let at = (u32::try_from(self.text.len()).ok()?, u16::try_from(name.len()).ok()?);
        u32::try_from(self.text.len() + name.len()).ok()?;
        self.text.push_str(name);
        Some(at)
    }

    fn at(&self, (start, length): (u32, u16)) -> &str {
        &self.text[start as usize..start as usize + usize::from(length)]
    }

    /// Gets ready to answer: once, when all pupils were read.
    pub(crate) fn sort(&mut self) {
        let text = &self.text;
        let pupil = |link: &Link| &text[link.pupil.0 as usize..link.pupil.0 as usize + usize::from(link.pupil.1)];
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

/// The legal weight a source writes.
pub(crate) fn legal(written: &str) -> Legal {
    match written {
        "1" => Legal::Representative,
        "2" => Legal::InCharge,
        _ => Legal::Contact,
    }
}
