//! One person of the annuaire: who they are, what they are in which structure, and how the entry is written.

use crate::ldif::Entry;
use crate::random::Random;
use crate::structures::{Class, Kind, Structure};
use crate::{Account, Options, names};
use std::io::{self, Write};

/// What a member of the staff does.
#[derive(Clone, Copy)]
pub(crate) struct Post {
    /// Function code.
    pub(crate) function: &'static str,
    /// Its label.
    pub(crate) label: &'static str,
    /// Discipline code and label.
    pub(crate) discipline: (&'static str, &'static str),
    /// National profile.
    pub(crate) profile: &'static str,
    /// Auxiliary class of the entry.
    pub(crate) class: &'static str,
}

/// A person, before being written.
pub(crate) struct Being {
    /// Number in the whole annuaire, from 0: everything opaque derives from it.
    pub(crate) number: u64,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) female: bool,
    pub(crate) login: String,
    pub(crate) password: String,
}

impl Being {
    /// An ordinary invented person.
    pub(crate) fn invent(options: &Options, number: u64, family: Option<&str>) -> Self {
        let mut random = Random::new(options.seed, 0x0b_e1_46 ^ (number << 24));
        let female = random.chance(50);
        let given = names::given(&mut random, female).to_owned();
        let family = family.map_or_else(|| names::family(&mut random), str::to_owned);
        let login = format!("{}.{}{}", names::folded(&given), names::folded(&family), number);
        Being { number, given, family, female, login, password: names::password(&mut random) }
    }

    /// A person whose name, login and password are announced.
    pub(crate) fn known(number: u64, who: &Known) -> Self {
        Being {
            number,
            given: who.given.to_owned(),
            family: who.family.to_owned(),
            female: who.female,
            login: format!("{}.{}", names::folded(who.given), names::folded(who.family)),
            password: who.password.to_owned(),
        }
    }

    /// The opaque name of the account: says nothing of the person.
    pub(crate) fn uid(&self) -> String {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mixed = self.number.wrapping_mul(0x0155_5555).wrapping_add(0x00ab_cdef) & 0x01ff_ffff;
        let tail: String = (0..5).rev().map(|i| char::from(LETTERS[(mixed >> (5 * i) & 31) as usize])).collect();
        format!("N26{tail}")
    }

    /// Name of the entry.
    pub(crate) fn dn(&self, options: &Options) -> String {
        format!("uid={},ou=people,{}", self.uid(), options.suffix)
    }

    /// Join key, without its source.
    pub(crate) fn key(&self) -> u64 {
        4_000_000 + self.number
    }

    /// What the summary says of this person.
    pub(crate) fn account(&self, options: &Options, who: &Known, establishments: &[&Structure]) -> Account {
        Account {
            role: who.role,
            label_fr: who.label_fr,
            label_en: who.label_en,
            profile: who.profile,
            name: format!("{} {}", self.given, self.family),
            login: self.login.clone(),
            password: self.password.clone(),
            dn: self.dn(options),
            key: self.key().to_string(),
            establishments: establishments.iter().map(|s| s.uai.as_str().to_owned()).collect(),
        }
    }

    /// Begins the entry with what everybody has.
    fn begin<'w, W: Write>(&self, options: &Options, out: &'w mut W, classes: &[&str]) -> io::Result<Entry<'w, W>> {
        let mut entry = Entry::begin(out, &self.dn(options))?;
        for class in ["top", "person", "organizationalPerson", "inetOrgPerson", "ENTPerson"].iter().chain(classes) {
            entry.put("objectClass", class);
        }
        let name = format!("{} {}", self.given, self.family);
        entry.put("uid", &self.uid());
        entry.put("cn", &name);
        entry.put("displayName", &name);
        entry.put("sn", &self.family);
        entry.put("givenName", &self.given);
        entry.put("personalTitle", if self.female { "Mme" } else { "M." });
        entry.put("ENTPersonLogin", &self.login);
        entry.put("ENTPersonJointure", &format!("{}${}", options.academy, self.key()));
        entry.put("ENTPersonSexe", if self.female { "F" } else { "M" });
        let salt = Random::new(options.seed, 0x5a17 ^ (self.number << 20)).number().to_le_bytes();
        entry.put_password(&self.password, salt);
        Ok(entry)
    }
}

/// A person the demo announces.
pub(crate) struct Known {
    pub(crate) role: &'static str,
    pub(crate) label_fr: &'static str,
    pub(crate) label_en: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) female: bool,
    pub(crate) password: &'static str,
}

/// A member of the staff and where they work.
pub(crate) struct Staff<'s> {
    pub(crate) being: Being,
    pub(crate) post: Post,
    /// Where, and which classes are taught there; the first structure is home.
    pub(crate) places: Vec<(&'s Structure, Vec<&'s Class>)>,
    /// Subject code and label of a teacher.
    pub(crate) subject: Option<(&'static str, &'static str)>,
    /// Class this teacher is the *professeur principal* of, in the first structure.
    pub(crate) head_of: Option<&'s Class>,
}

impl Staff<'_> {
    /// Writes the entry.
    pub(crate) fn write(&self, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let mut entry = self.being.begin(options, out, &[self.post.class])?;
        entry.put("mail", &format!("{}@{}.example", self.being.login, options.academy.to_lowercase()));
        entry.put("ENTPersonProfils", self.post.profile);
        for (n, (structure, _)) in self.places.iter().enumerate() {
            if n == 0 {
                entry.put("ENTPersonStructRattach", &structure.dn);
            }
            let Post { function, label, discipline, .. } = self.post;
            let vector = format!("{}${function}${label}${}${}", structure.dn, discipline.0, discipline.1);
            entry.put("ENTPersonFonctions", &vector);
        }
        for (structure, classes) in &self.places {
            for class in classes {
                entry.put("ENTAuxEnsClasses", &format!("{}${}", structure.dn, class.code));
                if let Some((code, _)) = self.subject {
                    entry.put("ENTAuxEnsClassesMatieres", &format!("{}${}${code}", structure.dn, class.code));
                }
            }
            if let Some((code, label)) = self.subject {
                entry.put("ENTAuxEnsMatiereEnseignEtab", &format!("{}${label}", structure.dn));
                for (group, from) in &structure.groups {
                    if classes.iter().any(|c| c.code == *from) {
                        entry.put("ENTAuxEnsGroupes", &format!("{}${group}", structure.dn));
                        entry.put("ENTAuxEnsGroupesMatieres", &format!("{}${group}${code}", structure.dn));
                    }
                }
            }
        }
        if let (Some(class), Some((structure, _))) = (self.head_of, self.places.first()) {
            entry.put("ENTAuxEnsClassesPrincipal", &format!("{}${}", structure.dn, class.code));
        }
        entry.end()
    }
}

/// A pupil and the adults around them.
pub(crate) struct Pupil<'s> {
    pub(crate) being: Being,
    pub(crate) school: &'s Structure,
    pub(crate) class: &'s Class,
    /// Join key of the adult, link code, legal weight.
    pub(crate) adults: Vec<(u64, &'static str, u8)>,
}

impl Pupil<'_> {
    /// Their number at their school.
    pub(crate) fn enrolled(&self) -> String {
        (50_000 + self.being.number).to_string()
    }

    /// Writes the entry.
    pub(crate) fn write(&self, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let mut entry = self.being.begin(options, out, &["ENTEleve"])?;
        let level = self.class.level;
        entry.put("ENTPersonProfils", "National_ELV");
        entry.put("ENTPersonStructRattach", &self.school.dn);
        entry.put("ENTEleveStatutEleve", "SCOLAIRE");
        entry.put("ENTEleveMEF", level.mef);
        entry.put("ENTEleveLibelleMEF", level.label);
        entry.put("ENTEleveNivFormation", level.label);
        entry.put("ENTEleveFiliere", "GENERALE");
        entry.put("ENTEleveMajeur", "N");
        entry.put("ENTEleveStructRattachId", &self.enrolled());
        entry.put("ENTEleveClasses", &format!("{}${}", self.school.dn, self.class.code));
        for (group, from) in &self.school.groups {
            if *from == self.class.code {
                entry.put("ENTEleveGroupes", &format!("{}${group}", self.school.dn));
            }
        }
        for (key, link, legal) in &self.adults {
            let flag = u8::from(*legal == 1);
            entry.put("ENTElevePersRelEleve", &format!("{key}${link}${flag}${legal}${flag}${flag}"));
        }
        entry.end()
    }
}

/// An adult of a family.
pub(crate) struct Adult {
    pub(crate) being: Being,
    /// Legal weight for each of the pupils.
    pub(crate) legal: u8,
    pub(crate) wards: Vec<Ward>,
}

/// A pupil, as the adults around them know them.
#[derive(Clone)]
pub(crate) struct Ward {
    /// Entry in the directory.
    pub(crate) dn: String,
    /// Join key.
    pub(crate) key: u64,
    /// Whether the school is an école.
    pub(crate) ecole: bool,
}

impl Ward {
    pub(crate) fn of(options: &Options, being: &Being, school: &Structure) -> Self {
        Ward { dn: being.dn(options), key: being.key(), ecole: school.kind == Kind::Ecole }
    }
}

impl Adult {
    /// Writes the entry.
    pub(crate) fn write(&self, options: &Options, out: &mut impl Write) -> io::Result<()> {
        let mut entry = self.being.begin(options, out, &["ENTAuxPersRelEleve"])?;
        entry.put("mail", &format!("{}@courriel.example", self.being.login));
        entry.put("ENTPersonProfils", "National_TUT");
        entry.put("ENTPersonAdresseDiffusion", "N");
        for ward in &self.wards {
            entry.put("ENTAuxPersRelEleveEleve", &ward.dn);
        }
        entry.end()
    }
}
