//! The yes of the head of an establishment to a service the academy vouches for.

use crate::{Day, Instant, PersonId, Population, Registration, RegistrationKind, Seconds, ServiceId, Uai};
use serde::{Deserialize, Serialize};

/// A service switched on in one establishment. It narrows what the audience of the service allows, and adds to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Which service.
    pub service: ServiceId,
    /// Where.
    pub establishment: Uai,
    /// For whom there, among those the service is for.
    pub allow: Vec<Population>,
    /// Its last day.
    pub until: Day,
    /// Digest of the sheet that was read: what the service receives, why, where and how long.
    pub sheet: String,
    /// Who said yes.
    pub by: PersonId,
    /// When.
    pub at: Instant,
}

impl Opening {
    /// The latest last day of one that is said today: the end of the next school year. A yes is said again each year or two.
    pub fn latest(today: Day) -> Day {
        Day::end_of_school_year(today.school_year() + 1)
    }

    /// The name the store keeps it by: no service is called so.
    pub fn name(service: &ServiceId, establishment: &Uai) -> ServiceId {
        ServiceId::new(format!("{service}@{establishment}"))
    }

    /// What a name of the store says: which service, and where.
    pub fn named(name: &ServiceId) -> Option<(ServiceId, Uai)> {
        let (service, at) = name.as_str().rsplit_once('@')?;
        Some((ServiceId::new(service), at.parse().ok()?))
    }

    /// As the store keeps it, with its text.
    pub fn registration(&self, doc: String) -> Registration {
        let (year, month, day) = self.until.parts();
        let end = Instant::french_day(year, month, day).map(|(_, end)| end);
        Registration {
            id: Opening::name(&self.service, &self.establishment),
            kind: RegistrationKind::Opening,
            owner: Some(self.by.clone()),
            doc,
            created: self.at,
            // No clock of France is a day behind that of Paris: the day itself is judged by the clock of the establishment.
            expires: end.map(|end| end + Seconds(86_400)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_lasts_until_the_end_of_the_next_school_year_at_most() {
        let latest = |today: &str| Opening::latest(today.parse().unwrap()).to_string();
        for (today, day) in [("2026-09-14", "2028-07-31"), ("2027-07-31", "2028-07-31"), ("2027-08-01", "2029-07-31")] {
            assert_eq!(latest(today), day);
        }
    }

    #[test]
    fn a_name_says_which_service_and_where() {
        let (service, at) = (ServiceId::new("kiosque"), "0990001N".parse().unwrap());
        let name = Opening::name(&service, &at);
        assert_eq!(Opening::named(&name), Some((service, at)));
        assert_eq!(Opening::named(&ServiceId::new("kiosque")), None);
    }
}
