//! A decision in one sentence, French and English: which population let somebody in, or what is missing. The long answer is the
//! [`Explanation`] itself; what the person at the door reads is written in `idp/web`.

use crate::access::Decision;
use crate::explain::Explanation;
use crate::population::{Criterion, Miss};
use crate::reason::{Change, Reason};
use crate::second_key::Locked;
use preau_domain::{Affiliation, Day, Hours, Inspection, LocalTime, Population, Profile, Role, Weekday, Window};

impl Explanation {
    /// The decision in a French sentence.
    pub fn fr(&self) -> String {
        match &self.decision {
            decision if decision.is_inspection() => {
                let spaces: Vec<String> = self.inspections.iter().map(inspection_fr).collect();
                format!("Ouvert en inspection, avec le rôle visiteur : {}.", spaces.join(" ; "))
            }
            Decision::Allow { rule, affiliations } => {
                let who = affiliations.iter().filter_map(|index| self.affiliations.get(*index)).map(as_fr).next();
                let population =
                    self.populations.iter().find(|check| check.rule == *rule).map(|one| asked_fr(&one.population));
                let role = self.role.map(|role| format!(", avec le rôle {}", role_fr(role)));
                let two = self.two_factors.as_ref().map(|rule| format!(" La règle {rule} demande un second facteur."));
                format!(
                    "Ouvert {} : la règle {rule} accueille {}{}.{}",
                    who.unwrap_or_default(),
                    population.unwrap_or_default(),
                    role.unwrap_or_default(),
                    two.unwrap_or_default()
                )
            }
            Decision::StepUp(refusal) => {
                let rule = refusal.rule.as_deref().unwrap_or_default();
                format!("Fermé jusqu’au second facteur : la règle {rule} le demande.")
            }
            Decision::Deny(refusal) => {
                let changes: Vec<String> = refusal.would_change.iter().map(|change| self.change_fr(change)).collect();
                let rule = refusal.rule.as_ref().filter(|_| refusal.reason == Reason::Excepted);
                let because = rule.map(|rule| format!(" par la règle {rule}")).unwrap_or_default();
                format!("Fermé{because} : {}.", changes.join(" ; "))
            }
        }
    }

    fn change_fr(&self, change: &Change) -> String {
        match change {
            Change::Mount => "aucun service de ce nom n’est monté".to_owned(),
            Change::Reactivate => "le compte n’est pas actif".to_owned(),
            Change::Affiliate => "la personne n’appartient à aucun établissement".to_owned(),
            Change::LeaveExcepted(rule) => {
                let population = self.populations.iter().find(|check| check.rule == *rule);
                format!(
                    "la personne fait partie de {}",
                    population.map(|one| asked_fr(&one.population)).unwrap_or_default()
                )
            }
            Change::NameGuests => "le service ne nomme pas les invités".to_owned(),
            Change::MountInSpace => "aucun espace en cours où la personne est invitée ne l’utilise".to_owned(),
            Change::RepresentPupil => "la personne n’est représentante légale d’aucun élève".to_owned(),
            Change::NameAudience => "le service n’est encore ouvert à personne".to_owned(),
            Change::Level { establishment, level } => {
                format!("une règle du niveau {level} le réserve à d’autres dans {establishment}")
            }
            Change::Open { establishment, why } => match why {
                Locked::NotOpened => {
                    format!("la direction de {establishment} n’a pas ouvert le service, ou la date est passée")
                }
                Locked::ForOthers => format!("la direction de {establishment} l’a ouvert pour d’autres"),
                Locked::SheetChanged => {
                    format!("la fiche du service a changé depuis que la direction de {establishment} l’a acceptée")
                }
            },
            Change::ProveTwo => "la personne n’a prouvé qu’un facteur".to_owned(),
            Change::AdmitCards => "la personne est venue avec une carte de classe".to_owned(),
            Change::TellVisitor => {
                "la personne consulte un espace en visiteur, et le service ne demande pas ce qui le lui dirait"
                    .to_owned()
            }
            Change::RepairRules => "les règles du service sont à réparer".to_owned(),
            Change::Have { establishment, profile, miss } => {
                format!("{} dans {establishment}, {}", of_profile_fr(*profile), miss_fr(miss))
            }
        }
    }
}

/// What somebody is, such as "en tant qu’enseignant dans 0990001N".
fn as_fr(affiliation: &Affiliation) -> String {
    format!("{} dans {}", of_profile_fr(affiliation.profile), affiliation.establishment)
}

fn of_profile_fr(profile: Profile) -> String {
    format!("en tant que {}", profile.code())
}

fn miss_fr(miss: &Miss) -> String {
    let what = criterion_fr(miss.criterion);
    if let Some(window) = &miss.window {
        let now = miss.has.first().map(|at| format!(" ; il y est {at}")).unwrap_or_default();
        return format!("l’heure ne convient pas : ouvert {}{now}", window_fr(window));
    }
    let asked = crate::population::listed(&miss.asked, "ou", "autres");
    match miss.has.as_slice() {
        [] => format!("aucun élément pour {what}, il faudrait {asked}"),
        has => format!("{what} vaut {}, il faudrait {asked}", crate::population::listed(has, "et", "autres")),
    }
}

fn criterion_fr(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Profile => "le profil",
        Criterion::Establishment => "l’établissement",
        Criterion::Level => "le niveau",
        Criterion::Class => "la classe",
        Criterion::Group => "le groupe",
        Criterion::Subject => "la matière",
        Criterion::Function => "la fonction",
        Criterion::Delegation => "la délégation",
        Criterion::Account => "le compte",
        Criterion::Time => "l’heure",
    }
}

/// What a population asks, in French.
fn asked_fr(p: &Population) -> String {
    let texts = |values: &[String]| values.to_vec();
    let lists: [(&str, Vec<String>); 9] = [
        ("profil", p.profiles.iter().map(ToString::to_string).collect()),
        ("établissement", p.establishments.iter().map(ToString::to_string).collect()),
        ("niveau", texts(&p.levels)),
        ("classe", texts(&p.classes)),
        ("groupe", texts(&p.groups)),
        ("matière", texts(&p.subjects)),
        ("fonction", texts(&p.functions)),
        ("délégation", texts(&p.delegations)),
        ("compte", p.persons.iter().map(ToString::to_string).collect()),
    ];
    let said = lists.iter().filter(|(_, values)| !values.is_empty());
    let mut said: Vec<String> =
        said.map(|(word, values)| format!("{word} {}", crate::population::listed(values, "ou", "autres"))).collect();
    said.extend(p.during.iter().map(|window| window_fr(window)));
    if said.is_empty() { "tout le monde, hors invités".to_owned() } else { format!("« {} »", said.join(" ; ")) }
}

/// Whose space, until when and why.
fn inspection_fr(one: &Inspection) -> String {
    let until = LocalTime::at(&one.establishment, one.until).map(|at| at.to_string()).unwrap_or_default();
    format!("espace de {} dans {}, jusqu’au {until}, motif « {} »", one.teacher, one.establishment, one.reason)
}

fn role_fr(role: Role) -> &'static str {
    match role {
        Role::Visiteur => "visiteur",
        Role::Redacteur => "rédacteur",
        Role::RedacteurPublication => "rédacteur avec mise en ligne",
        Role::Moderateur => "modérateur",
        Role::Gestionnaire => "gestionnaire",
    }
}

/// When something is open, in French: "du 1er septembre 2026 au 5 juillet 2027, les lundi et mardi, de 8 h à 18 h".
pub fn window_fr(window: &Window) -> String {
    let day = |day: Day| {
        let (year, month, number) = day.parts();
        let month = FRENCH_MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or_default();
        format!("{number}{} {month} {year}", if number == 1 { "er" } else { "" })
    };
    let days = match (window.from, window.until) {
        (Some(from), Some(until)) => Some(format!("du {} au {} inclus", day(from), day(until))),
        (Some(from), None) => Some(format!("à partir du {}", day(from))),
        (None, Some(until)) => Some(format!("jusqu’au {} inclus", day(until))),
        (None, None) => None,
    };
    let week: Vec<&str> = window.days.iter().map(|day| weekday_fr(*day)).collect();
    let week =
        (!week.is_empty()).then(|| format!("{} {}", if week.len() == 1 { "le" } else { "les" }, and(&week, "et")));
    let minute = |minute: u16| match (minute / 60, minute % 60) {
        (hour, 0) => format!("{hour} h"),
        (hour, rest) => format!("{hour} h {rest:02}"),
    };
    let hours = |hours: &Hours| format!("de {} à {}", minute(hours.minutes().0), minute(hours.minutes().1));
    let hours: Vec<String> = window.hours.iter().map(hours).collect();
    let hours = (!hours.is_empty()).then(|| and(&hours, "et"));
    [days, week, hours].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The same in English: "from 1 September 2026 to 5 July 2027, on Monday and Tuesday, from 08:00 to 18:00".
pub fn window_en(window: &Window) -> String {
    let day = |day: Day| {
        let (year, month, number) = day.parts();
        let month = ENGLISH_MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or_default();
        format!("{number} {month} {year}")
    };
    let days = match (window.from, window.until) {
        (Some(from), Some(until)) => Some(format!("from {} to {} inclusive", day(from), day(until))),
        (Some(from), None) => Some(format!("from {} on", day(from))),
        (None, Some(until)) => Some(format!("until {} inclusive", day(until))),
        (None, None) => None,
    };
    let week: Vec<&str> = window.days.iter().map(|day| weekday_en(*day)).collect();
    let week = (!week.is_empty()).then(|| format!("on {}", and(&week, "and")));
    let minute = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let hours = |hours: &Hours| format!("from {} to {}", minute(hours.minutes().0), minute(hours.minutes().1));
    let hours: Vec<String> = window.hours.iter().map(hours).collect();
    let hours = (!hours.is_empty()).then(|| and(&hours, "and"));
    [days, week, hours].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A list as a sentence has it.
fn and<T: AsRef<str>>(values: &[T], word: &str) -> String {
    let all: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    match all.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} {word} {last}", before.join(", ")),
        None => String::new(),
    }
}

const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn weekday_fr(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "lundi",
        Weekday::Tuesday => "mardi",
        Weekday::Wednesday => "mercredi",
        Weekday::Thursday => "jeudi",
        Weekday::Friday => "vendredi",
        Weekday::Saturday => "samedi",
        Weekday::Sunday => "dimanche",
    }
}

fn weekday_en(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_said_as_people_say_it() {
        let window = |text: &str| toml::from_str::<Window>(text).unwrap();
        let licence = window("from = '2026-09-01'\nuntil = '2027-07-05'");
        assert_eq!(window_fr(&licence), "du 1er septembre 2026 au 5 juillet 2027 inclus");
        assert_eq!(window_en(&licence), "from 1 September 2026 to 5 July 2027 inclusive");
        let class = window("days = ['monday', 'tuesday', 'thursday']\nhours = ['08:00-12:00', '13:30-18:00']");
        assert_eq!(window_fr(&class), "les lundi, mardi et jeudi, de 8 h à 12 h et de 13 h 30 à 18 h");
        assert_eq!(window_en(&class), "on Monday, Tuesday and Thursday, from 08:00 to 12:00 and from 13:30 to 18:00");
        assert_eq!(window_fr(&window("from = '2026-09-02'")), "à partir du 2 septembre 2026");
        assert_eq!(
            window_fr(&window("until = '2026-09-02'\ndays = ['sunday']")),
            "jusqu’au 2 septembre 2026 inclus, le dimanche"
        );
    }
}
