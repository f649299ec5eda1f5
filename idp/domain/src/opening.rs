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
    /// The name the store keeps it by: no service is called so.
    pub fn name(service: &ServiceId, establishment: &Uai) -> ServiceId {
        ServiceId::new(format!("{service}@{establishment}"))
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
