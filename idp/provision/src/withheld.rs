//! Minimisation: what a source tells of people and is not stored, because no service needs it.
//!
//! Much never comes this far: connectors hand over no national number and no address, and a date of birth only where the source was told to
//! ask for it (`births`). What they do hand over some academy needs; an academy that does not says so, profile by profile.

use preau_connector_api::PersonRecord;
use preau_domain::Profile;

/// What may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attribute {
    Title,
    Mail,
    Mef,
    HeadTeacherOf,
    Enrolment,
}

impl Attribute {
    const ALL: [Attribute; 5] =
        [Attribute::Title, Attribute::Mail, Attribute::Mef, Attribute::HeadTeacherOf, Attribute::Enrolment];

    fn as_str(self) -> &'static str {
        match self {
            Attribute::Title => "title",
            Attribute::Mail => "mail",
            Attribute::Mef => "mef",
            Attribute::HeadTeacherOf => "head_teacher_of",
            Attribute::Enrolment => "enrolment",
        }
    }
}

/// What is not stored of people of each profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Withheld([u8; Profile::ALL.len()]);

impl Withheld {
    /// Reads entries such as `National_ELV:mail`; of one that says nothing, why.
    pub fn read<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut withheld = Withheld::default();
        for entry in entries {
            let (profile, attribute) = entry.split_once(':').unwrap_or((entry, ""));
            let profile: Profile =
                profile.parse().map_err(|()| format!("{} names no profile", entry.escape_debug()))?;
            let attribute = Attribute::ALL.into_iter().find(|one| one.as_str() == attribute).ok_or_else(|| {
                let known: Vec<&str> = Attribute::ALL.into_iter().map(Attribute::as_str).collect();
                format!("{} names no attribute; there is: {}", entry.escape_debug(), known.join(", "))
            })?;
            if let Some(bits) = withheld.0.get_mut(place(profile)) {
                *bits |= 1 << attribute as u8;
            }
        }
        Ok(withheld)
    }

    fn holds(self, profile: Profile, attribute: Attribute) -> bool {
        self.0.get(place(profile)).is_some_and(|bits| bits & (1 << attribute as u8) != 0)
    }

    /// Takes out of a record what is not stored. What belongs to the person goes when it is stored for none of their profiles.
    pub(crate) fn leave_out(self, record: &mut PersonRecord) {
        if self == Withheld::default() {
            return;
        }
        let nobody = |attribute| {
            !record.affiliations.is_empty() && record.affiliations.iter().all(|at| self.holds(at.profile, attribute))
        };
        let (title, mail) = (nobody(Attribute::Title), nobody(Attribute::Mail));
        if title {
            record.title = None;
        }
        if mail {
            record.mail = None;
        }
        for at in &mut record.affiliations {
            if self.holds(at.profile, Attribute::Mef) {
                at.mef = None;
            }
            if self.holds(at.profile, Attribute::HeadTeacherOf) {
                at.head_teacher_of.clear();
            }
            if self.holds(at.profile, Attribute::Enrolment) {
                at.enrolment = None;
            }
        }
        if self.holds(Profile::Guardian, Attribute::Enrolment) {
            record.children.iter_mut().for_each(|child| child.enrolment = None);
            record.ties.iter_mut().for_each(|tie| *tie = unnumbered(tie));
        }
    }

    /// The same in a text, for whoever must notice that it changed; empty when everything is stored.
    pub(crate) fn mark(self) -> String {
        if self == Withheld::default() { String::new() } else { format!("{:?}", self.0) }
    }
}

/// A tie without the numbers of the pupil: the third part holds places as `number of the school:number of the pupil`.
fn unnumbered(tie: &str) -> String {
    let mut parts: Vec<&str> = tie.splitn(4, '|').collect();
    let places = parts.get(2).map(|places| {
        let plain = places.split(' ').map(|place| place.split(':').next().unwrap_or_default());
        plain.map(|place| format!("{place}:")).collect::<Vec<_>>().join(" ")
    });
    if let (Some(part), Some(places)) = (parts.get_mut(2), &places) {
        *part = places;
    }
    parts.join("|")
}

fn place(profile: Profile) -> usize {
    Profile::ALL.into_iter().position(|one| one == profile).unwrap_or(Profile::ALL.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Affiliation, Child, Enrolment, JoinKey, Legal, SourceId};

    fn whole(profiles: &[Profile]) -> PersonRecord {
        let enrolment = || {
            Some(Box::new(Enrolment {
                establishment: "0990001N".parse().unwrap(),
                number: "7".into(),
                first_degree: false,
            }))
        };
        let affiliation = |profile: &Profile| Affiliation {
            mef: Some("10010012110".into()),
            head_teacher_of: vec!["6B".into()],
            enrolment: enrolment(),
            ..Affiliation::new("0990001N".parse().unwrap(), *profile)
        };
        PersonRecord {
            key: "1".into(),
            given_name: "Iris".into(),
            family_name: "Basalte".into(),
            title: Some("Mme".into()),
            login: Some("iris".into()),
            mail: Some("iris@college.example".into()),
            affiliations: profiles.iter().map(affiliation).collect(),
            children: vec![Child {
                pupil: JoinKey { source: SourceId::new("aaf"), key: "2".into() },
                link: "10".into(),
                legal: Legal::Representative,
                enrolment: enrolment(),
            }],
            entry: Some("e1".into()),
            ties: vec!["1|10|0990001N:7 0990002P:|9".into()],
            birth: preau_connector_api::Birth::Untold,
        }
    }

    #[test]
    fn what_no_service_needs_of_a_profile_is_left_out_for_it_alone() {
        use Profile::{Guardian, Pupil, Teacher};
        let everything = |profile: Profile| {
            let entries: Vec<String> =
                Attribute::ALL.map(|one| format!("{}:{}", profile.code(), one.as_str())).to_vec();
            Withheld::read(entries.iter().map(String::as_str)).unwrap()
        };
        let left = |withheld: Withheld, profiles: &[Profile]| {
            let mut record = whole(profiles);
            withheld.leave_out(&mut record);
            record
        };
        assert_eq!(left(Withheld::default(), &[Pupil]), whole(&[Pupil]));
        assert_eq!(left(everything(Pupil), &[Teacher, Guardian]), whole(&[Teacher, Guardian]));
        let pupil = left(everything(Pupil), &[Pupil]);
        assert_eq!((&pupil.title, &pupil.mail, &pupil.login), (&None, &None, &Some("iris".into())));
        assert_eq!(pupil.affiliations, [Affiliation::new("0990001N".parse().unwrap(), Pupil)]);
        let both = left(everything(Guardian), &[Teacher, Guardian]);
        assert_eq!((both.mail, &both.affiliations[0].mef), (whole(&[]).mail, &Some("10010012110".into())));
        assert_eq!((&both.affiliations[1].mef, &both.children[0].enrolment), (&None, &None));
        assert_eq!(both.ties, ["1|10|0990001N: 0990002P:|9"], "nor is the number kept in a tie");
        assert_eq!(left(everything(Pupil), &[]), whole(&[]), "of whom is nothing, nothing is known to be needless");
    }

    #[test]
    fn an_entry_that_says_nothing_is_told() {
        for (entry, why) in [("National_ELV", "attribute"), ("National_ELV:login", "attribute"), ("mail", "profile")] {
            assert!(Withheld::read([entry]).unwrap_err().contains(why), "{entry}");
        }
        assert_ne!(
            Withheld::read(["National_ELV:mail"]).unwrap().mark(),
            Withheld::read(["Invite:mail"]).unwrap().mark()
        );
        assert_eq!(Withheld::default().mark(), "");
    }
}
