//! Who lives in a sector: the staff of its schools, then families until the number asked for is reached. One sector is
//! in memory at a time, so that a million people weigh no more than a thousand.

use crate::known::{
    CPE, HEAD, HEAD_NEXT, INSPECTOR, LIBRARIAN, MUNICIPAL, PARENT, PUPIL_6E, PUPIL_CM2, PUPIL_LYCEE, PUPIL_NEXT,
    TEACHER, TEACHER_ECOLE, TEACHER_NEXT, TEACHER_TWO,
};
use crate::people::{Adult, Being, Known, Post, Pupil, Staff, Ward};
use crate::random::Random;
use crate::structures::{Class, Sector, Structure};
use crate::{Account, Options, Sink, names};
use anyhow::Result;

/// People of one sector, when it is full.
pub(crate) const PER_SECTOR: usize = 1500;

const TEACHER_POST: &str = "ENTAuxEnseignant";
const SCHOOL_POST: &str = "ENTAuxNonEnsEtab";

/// Discipline code and label, subject code and label.
const SUBJECTS: [(&str, &str, &str, &str); 11] = [
    ("L0202", "LETTRES MODERNES", "020700", "FRANCAIS"),
    ("L1300", "MATHEMATIQUES", "061300", "MATHEMATIQUES"),
    ("L1000", "HISTOIRE ET GEOGRAPHIE", "043700", "HISTOIRE-GEOGRAPHIE"),
    ("L0422", "ANGLAIS", "030201", "ANGLAIS LV1"),
    ("L0426", "ESPAGNOL", "030602", "ESPAGNOL LV2"),
    ("L1600", "SCIENCES DE LA VIE ET DE LA TERRE", "062900", "SCIENCES VIE & TERRE"),
    ("L1500", "PHYSIQUE CHIMIE", "062300", "PHYSIQUE-CHIMIE"),
    ("L1400", "TECHNOLOGIE", "070400", "TECHNOLOGIE"),
    ("L1900", "EDUCATION PHYSIQUE ET SPORTIVE", "100100", "ED.PHYSIQUE & SPORT."),
    ("L1800", "ARTS PLASTIQUES", "090100", "ARTS PLASTIQUES"),
    ("L1700", "EDUCATION MUSICALE", "080100", "EDUCATION MUSICALE"),
];

const fn post(function: &'static str, label: &'static str, profile: &'static str, class: &'static str) -> Post {
    Post { function, label, discipline: ("-", "-"), profile, class }
}

/// Staff who do not teach, of a collège and of a lycée.
const OFFICE: [Post; 11] = [
    post("DIR", "PERSONNELS DE DIRECTION", "National_DIR", SCHOOL_POST),
    post("EDU", "EDUCATION", "National_EVS", SCHOOL_POST),
    post("DOC", "DOCUMENTATION", "National_DOC", TEACHER_POST),
    post("DIR", "PERSONNELS DE DIRECTION", "National_DIR", SCHOOL_POST),
    post("ADF", "PERSONNELS ADMINISTRATIFS", "National_ETA", SCHOOL_POST),
    post("ADM", "PERSONNELS ADMINISTRATIFS", "National_ETA", SCHOOL_POST),
    post("AED", "ASSISTANT D'EDUCATION", "National_EVS", SCHOOL_POST),
    post("AED", "ASSISTANT D'EDUCATION", "National_EVS", SCHOOL_POST),
    post("AED", "ASSISTANT D'EDUCATION", "National_EVS", SCHOOL_POST),
    post("ORI", "PERSONNELS D'ORIENTATION", "National_ETA", SCHOOL_POST),
    post("LAB", "PERSONNELS DE LABORATOIRE", "National_ETA", SCHOOL_POST),
];
const ECOLE_HEAD: Post = post("DEC", "DIRECTION ECOLE", "National_DIR", SCHOOL_POST);
const ECOLE_TEACHER: Post = Post {
    function: "ENS",
    label: "ENSEIGNEMENT",
    discipline: ("G0000", "1ER DEGRE"),
    profile: "National_ENS",
    class: TEACHER_POST,
};
const INSPECTION: Post = post("INS", "INSPECTION", "National_ACA", "ENTAuxNonEnsServAc");
const COMMUNE: Post = post("COLTER", "COLLECTIVITE TERRITORIALE", "National_COL", "ENTAuxNonEnsCollLoc");

/// Everything being written.
pub(crate) struct Population<'w> {
    pub(crate) options: &'w Options,
    pub(crate) out: &'w mut dyn Sink,
    /// Called with everybody: role, login, password.
    pub(crate) each: &'w mut dyn FnMut(&str, &str, &str) -> std::io::Result<()>,
    pub(crate) made: usize,
    pub(crate) accounts: Vec<Account>,
}

impl Population<'_> {
    fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made as u64 - 1
    }

    fn left(&self) -> usize {
        self.options.people - self.made
    }

    /// Writes one member of the staff; does nothing once the number asked for is reached.
    fn staff<'s>(
        &mut self,
        known: Option<&Known>,
        post: Post,
        places: Vec<(&'s Structure, Vec<&'s Class>)>,
        subject: Option<(&'static str, &'static str)>,
        head_of: Option<&'s Class>,
    ) -> Result<()> {
        if self.left() == 0 {
            return Ok(());
        }
        let number = self.next_number();
        let being = match known {
            Some(who) => Being::known(number, who),
            None => Being::invent(self.options, number, None),
        };
        if let Some(who) = known {
            let at: Vec<&Structure> = places.iter().map(|(s, _)| *s).collect();
            self.accounts.push(being.account(self.options, who, &at));
        }
        (self.each)(post.profile, &being.login, &being.password)?;
        Ok(self.out.staff(self.options, &Staff { being, post, places, subject, head_of })?)
    }

    /// Fills the n-th sector with at most [`PER_SECTOR`] people.
    pub(crate) fn fill(&mut self, number: usize, sector: &Sector, academy: &Structure) -> Result<()> {
        let end = self.options.people.min(self.made + PER_SECTOR);
        let first = number == 0;
        self.second_degree(&sector.college, 26, first, Some(&sector.lycee))?;
        for (n, ecole) in sector.ecoles.iter().enumerate() {
            self.ecole(ecole, None, (first && n == 0).then_some(&TEACHER_ECOLE))?;
        }
        self.second_degree(&sector.lycee, 33, false, None)?;
        self.staff(first.then_some(&INSPECTOR), INSPECTION, vec![(academy, vec![])], None, None)?;
        let [one, two] = &sector.ecoles;
        for n in 0..3 {
            let mut places = vec![(&sector.commune, vec![])];
            if n == 0 {
                places.extend([(one, vec![]), (two, vec![])]);
            }
            self.staff((first && n == 0).then_some(&MUNICIPAL), COMMUNE, places, None, None)?;
        }
        let mut random = Random::new(self.options.seed, 0x5ec7_0000 + number as u64);
        if first && self.left() > 8 {
            self.known_families(sector)?;
        }
        while self.made + 1 < end {
            self.family(&mut random, sector, end - self.made)?;
        }
        if self.made < end {
            self.staff(None, OFFICE[6], vec![(&sector.college, vec![])], None, None)?;
        }
        Ok(())
    }

    /// The écoles of a sector and nobody else: their staff, and pupils with one adult each until the number asked for is reached.
    pub(crate) fn fill_ecoles(&mut self, ecoles: &[Structure; 2]) -> Result<()> {
        for (n, ecole) in ecoles.iter().enumerate() {
            let known = n == 0;
            self.ecole(ecole, known.then_some(&HEAD_NEXT), known.then_some(&TEACHER_NEXT))?;
        }
        let mut random = Random::new(self.options.seed, 0x0ec0_1e50);
        let mut known = Some(&PUPIL_NEXT);
        while self.left() >= 2 {
            let school = if known.is_some() { &ecoles[0] } else { &ecoles[random.below(2)] };
            let class = &school.classes[if known.is_some() { 4 } else { random.below(school.classes.len()) }];
            let (adult, young) = (self.next_number(), self.next_number());
            let being = match known.take() {
                Some(who) => {
                    let being = Being::known(young, who);
                    self.accounts.push(being.account(self.options, who, &[school]));
                    being
                }
                None => Being::invent(self.options, young, None),
            };
            let adult = Being::invent(self.options, adult, Some(&being.family));
            let (ward, link) = (Ward::of(self.options, &being, school), if adult.female { "10" } else { "20" });
            self.pupil(Pupil { being, school, class, adults: vec![(adult.key(), link, 1)] })?;
            self.adult(adult, 1, &[ward])?;
        }
        Ok(())
    }

    /// The staff of an école; `teacher` has its CM2.
    fn ecole(&mut self, ecole: &Structure, head: Option<&Known>, teacher: Option<&Known>) -> Result<()> {
        self.staff(head, ECOLE_HEAD, vec![(ecole, vec![])], None, None)?;
        for (number, class) in ecole.classes.iter().enumerate() {
            let known = teacher.filter(|_| number == 4);
            self.staff(known, ECOLE_TEACHER, vec![(ecole, vec![class])], None, None)?;
        }
        Ok(())
    }

    /// The staff of a collège or a lycée. Some teachers also teach in `also`.
    fn second_degree(
        &mut self,
        school: &Structure,
        teachers: usize,
        first: bool,
        also: Option<&Structure>,
    ) -> Result<()> {
        for (n, post) in OFFICE.iter().enumerate() {
            let known = match (first, n) {
                (true, 0) => Some(&HEAD),
                (true, 1) => Some(&CPE),
                (true, 2) => Some(&LIBRARIAN),
                _ => None,
            };
            self.staff(known, *post, vec![(school, vec![])], None, None)?;
        }
        for n in 0..teachers {
            let subject = n % SUBJECTS.len();
            let rank = n / SUBJECTS.len();
            let colleagues = (teachers - subject).div_ceil(SUBJECTS.len());
            let (code, label, subject_code, subject_label) = SUBJECTS[subject];
            let mine = |school: &'_ Structure, i: usize| i % colleagues == rank && i < school.classes.len();
            let classes: Vec<(usize, &Class)> =
                school.classes.iter().enumerate().filter(|(i, _)| mine(school, *i)).collect();
            let head_of = classes.iter().find(|(i, _)| i % SUBJECTS.len() == subject).map(|(_, c)| *c);
            let mut places = vec![(school, classes.into_iter().map(|(_, c)| c).collect::<Vec<_>>())];
            if let (Some(other), 1) = (also, subject) {
                places.push((other, other.classes.iter().skip(rank).step_by(2).collect()));
            }
            let known = match (first, n) {
                (true, 0) => Some(&TEACHER),
                (true, 1) => Some(&TEACHER_TWO),
                _ => None,
            };
            let post = Post { discipline: (code, label), ..ECOLE_TEACHER };
            self.staff(known, post, places, Some((subject_code, subject_label)), head_of)?;
        }
        Ok(())
    }

    /// The families of the announced parent and pupils.
    fn known_families(&mut self, sector: &Sector) -> Result<()> {
        let [ecole, _] = &sector.ecoles;
        let (mother, father, aunt) = (self.next_number(), self.next_number(), self.next_number());
        let (little, big) = (self.next_number(), self.next_number());
        let links = vec![(mother + 4_000_000, "10", 1), (father + 4_000_000, "20", 1), (aunt + 4_000_000, "39", 3)];
        let mut wards = Vec::new();
        for (number, who, school, class) in [
            (little, &PUPIL_CM2, ecole, &ecole.classes[4]),
            (big, &PUPIL_6E, &sector.college, &sector.college.classes[0]),
        ] {
            let being = Being::known(number, who);
            wards.push(Ward::of(self.options, &being, school));
            self.accounts.push(being.account(self.options, who, &[school]));
            self.pupil(Pupil { being, school, class, adults: links.clone() })?;
        }
        let being = Being::known(mother, &PARENT);
        self.accounts.push(being.account(self.options, &PARENT, &[ecole, &sector.college]));
        self.adult(being, 1, &wards)?;
        self.adult(Being::invent(self.options, father, Some(PARENT.family)), 1, &wards)?;
        self.adult(Being::invent(self.options, aunt, None), 3, &wards)?;

        let (adult, young) = (self.next_number(), self.next_number());
        let adult = Being::invent(self.options, adult, Some(PUPIL_LYCEE.family));
        let being = Being::known(young, &PUPIL_LYCEE);
        let (ward, link) = (Ward::of(self.options, &being, &sector.lycee), if adult.female { "10" } else { "20" });
        self.accounts.push(being.account(self.options, &PUPIL_LYCEE, &[&sector.lycee]));
        let (school, class) = (&sector.lycee, &sector.lycee.classes[4]);
        self.pupil(Pupil { being, school, class, adults: vec![(adult.key(), link, 1)] })?;
        self.adult(adult, 1, &[ward])
    }

    /// One invented family of at most `most` people.
    fn family(&mut self, random: &mut Random, sector: &Sector, most: usize) -> Result<()> {
        let adults = match random.below(100) {
            0..12 => 1,
            12..94 => 2,
            _ => 3,
        }
        .min(most - 1);
        let children = match random.below(100) {
            0..45 => 1,
            45..88 => 2,
            _ => 3,
        }
        .min(most - adults);
        let family = names::family(random);
        let ecole = &sector.ecoles[random.below(2)];
        let adults: Vec<Being> = (0..adults)
            .map(|n| {
                let number = self.next_number();
                let same = n == 0 || random.chance(50);
                Being::invent(self.options, number, same.then_some(family.as_str()))
            })
            .collect();
        let links: Vec<(u64, &'static str, u8)> = adults
            .iter()
            .enumerate()
            .map(|(n, adult)| match n {
                2 if random.chance(50) => (adult.key(), "38", 3),
                2 => (adult.key(), "43", 2),
                _ => (adult.key(), if adult.female { "10" } else { "20" }, 1),
            })
            .collect();
        let mut wards = Vec::new();
        for _ in 0..children {
            let school = match random.below(12) {
                0..5 => ecole,
                5..9 => &sector.college,
                _ => &sector.lycee,
            };
            let class = &school.classes[random.below(school.classes.len())];
            let number = self.next_number();
            let being = Being::invent(self.options, number, Some(&family));
            wards.push(Ward::of(self.options, &being, school));
            self.pupil(Pupil { being, school, class, adults: links.clone() })?;
        }
        adults.into_iter().zip(&links).try_for_each(|(adult, (_, _, legal))| self.adult(adult, *legal, &wards))
    }

    fn pupil(&mut self, pupil: Pupil<'_>) -> Result<()> {
        (self.each)("National_ELV", &pupil.being.login, &pupil.being.password)?;
        Ok(self.out.pupil(self.options, &pupil)?)
    }

    fn adult(&mut self, being: Being, legal: u8, wards: &[Ward]) -> Result<()> {
        (self.each)("National_TUT", &being.login, &being.password)?;
        Ok(self.out.adult(self.options, &Adult { being, legal, wards: wards.to_vec() })?)
    }
}
