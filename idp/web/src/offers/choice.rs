//! For whom and until when a head opens a service, as a form says it: profiles, of which pupils and whoever answers for them may be
//! narrowed to levels and classes. What a form cannot say is said by `preau service open`.

use crate::{Door, Fault, Fields};
use preau_domain::{Day, Instant, LocalTime, Opening, Population, Profile, Uai};

/// Levels or classes named at most, and characters of one.
const MOST_NAMED: usize = 50;
const LONGEST: usize = 64;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Who.
    pub profiles: Vec<Profile>,
    /// Pupils and parents of these levels; of all of them when it is empty.
    pub levels: Vec<String>,
    /// Of these classes, likewise.
    pub classes: Vec<String>,
    /// The last day.
    pub until: Option<Day>,
    /// The same people as now, whoever they are, in place of all the above: the digest of how that was said when it was read.
    pub kept: Option<String>,
}

impl Choice {
    /// What a form holds; what is no profile or day is as if it were not there.
    pub fn read(fields: &Fields) -> Result<Choice, Fault> {
        let named = |field: &str| -> Result<Vec<String>, Fault> {
            let text = fields.one(field)?.unwrap_or_default();
            let mut all: Vec<String> = text.split([',', ';', '\n']).map(|one| one.trim().to_owned()).collect();
            all.retain(|one| !one.is_empty());
            Ok(all)
        };
        let ticked = fields.iter().filter(|(name, _)| *name == "profile");
        let mut profiles: Vec<Profile> =
            ticked.filter_map(|(_, code)| Profile::ALL.into_iter().find(|one| one.code() == code)).collect();
        profiles.sort_unstable();
        profiles.dedup();
        let until = fields.one("until")?.and_then(|day| day.parse().ok());
        let kept = fields.one("kept")?.map(str::to_owned);
        Ok(Choice { profiles, levels: named("levels")?, classes: named("classes")?, until, kept })
    }

    /// What was opened, when a form can say it: anything finer is never poured into one.
    pub fn of(opening: &Opening, offered: &[Profile]) -> Option<Choice> {
        let mut choice = Choice { until: Some(opening.until), ..Choice::default() };
        for population in &opening.allow {
            choice.profiles.extend(population.profiles.iter().filter(|one| offered.contains(one)));
            choice.levels.extend(population.levels.iter().cloned());
            choice.classes.extend(population.classes.iter().cloned());
        }
        choice.profiles.sort_unstable();
        choice.profiles.dedup();
        Some(choice).filter(|choice| choice.allow() == opening.allow)
    }

    /// The populations it stands for, over what is open now; absent where that is not what was read.
    pub fn whom(&self, now: Option<&Opening>) -> Option<Vec<Population>> {
        match &self.kept {
            Some(kept) => now.filter(|now| kept_as(now) == *kept).map(|now| now.allow.clone()),
            None => Some(self.allow()),
        }
    }

    /// The populations a form stands for: pupils and parents of what was named, and everybody else of the profiles.
    pub fn allow(&self) -> Vec<Population> {
        let (families, others): (Vec<Profile>, Vec<Profile>) = self.profiles.iter().partition(|one| is_family(**one));
        let families =
            Population { levels: self.levels.clone(), classes: self.classes.clone(), ..of_profiles(families) };
        [families, of_profiles(others)].into_iter().filter(|one| !one.profiles.is_empty()).collect()
    }

    /// The key of what is wrong with it, if anything.
    pub fn problem(&self, door: &Door, at: &Uai, now: Instant, open: Option<&Opening>) -> Option<&'static str> {
        let today = LocalTime::at(at, now).map(|now| now.day);
        let named = self.levels.len() + self.classes.len();
        let too_long = |one: &String| one.chars().count() > LONGEST || one.chars().any(char::is_control);
        match self.until {
            None => return Some("offer-problem-day"),
            Some(until) if today.is_none_or(|today| until < today) => return Some("offer-problem-over"),
            Some(until) if today.is_none_or(|today| until > Opening::latest(today)) => {
                return Some("offer-problem-far");
            }
            Some(_) => {}
        }
        if self.kept.is_some() {
            return self.whom(open).is_none().then_some("offer-problem-kept");
        }
        let offered = profiles_of(door, at);
        if self.profiles.is_empty() || self.profiles.iter().any(|one| !offered.contains(one)) {
            return Some("offer-problem-nobody");
        }
        if named > 0 && !self.profiles.iter().any(|one| is_family(*one)) {
            return Some("offer-problem-families");
        }
        (named > MOST_NAMED || self.levels.iter().chain(&self.classes).any(too_long)).then_some("offer-problem-many")
    }
}

/// How it was said for whom a service is open, as a form names it.
pub(crate) fn kept_as(opening: &Opening) -> String {
    // Populations that cannot be written are equal to none that was read.
    preau_keys::digest(&serde_json::to_string(&opening.allow).unwrap_or_else(|_| opening.service.to_string()))
}

fn is_family(profile: Profile) -> bool {
    matches!(profile, Profile::Pupil | Profile::Guardian)
}

fn of_profiles(profiles: Vec<Profile>) -> Population {
    Population { profiles, ..Population::default() }
}

/// The profiles a service is for in an establishment: guests only where they are named.
pub(crate) fn profiles_of(door: &Door, at: &Uai) -> Vec<Profile> {
    let here = |one: &&Population| one.establishments.is_empty() || one.establishments.contains(at);
    let all = door.audience.allow.iter().filter(here);
    let named: Vec<&Population> = all.collect();
    let wanted = |profile: &Profile| {
        named
            .iter()
            .any(|one| one.profiles.contains(profile) || (one.profiles.is_empty() && *profile != Profile::Guest))
    };
    Profile::ALL.into_iter().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_classes_narrow_families_and_nobody_else() {
        let fields = Fields::parse(
            "profile=National_ELV&profile=National_ENS&profile=National_XXX&profile=National_ELV&levels=6EME%2C+5EME&until=2027-07-05",
        )
        .unwrap();
        let choice = Choice::read(&fields).unwrap();
        let [families, others] = &choice.allow()[..] else { panic!("{choice:?}") };
        assert_eq!(
            (&families.profiles[..], &families.levels[..]),
            (&[Profile::Pupil][..], &["6EME".to_owned(), "5EME".into()][..])
        );
        assert_eq!((&others.profiles[..], others.levels.len()), (&[Profile::Teacher][..], 0));
        assert!(Choice::read(&Fields::parse("until=soon").unwrap()).unwrap().until.is_none());
        assert!(Choice::read(&Fields::parse("until=2027-07-05&until=2028-07-05").unwrap()).is_err());
        assert!(Choice::default().allow().is_empty(), "nobody ticked is nobody, not everybody");
    }
}
