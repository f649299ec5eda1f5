//! What paper says: what is the same on every card, and a sheet of activation codes.

use super::{Lot, shown};
use crate::{Hub, Locale, Texts, Visitor};
use preau_domain::{Instant, LocalTime, Public};
use preau_paper::{Card, Sheet};

/// What is the same on every card.
pub struct Printed<'a> {
    /// The texts of the house.
    pub texts: &'a Texts,
    /// The language of the paper.
    pub locale: Locale,
    /// Our own address, without a final slash.
    pub base: &'a str,
    /// Name of the digital workspace.
    pub workspace: &'a str,
    /// Name of the establishment.
    pub establishment: &'a str,
    /// When it was made.
    pub made: Instant,
}

impl<'a> Printed<'a> {
    /// Of an establishment, in the language of whoever has it printed, now.
    pub(crate) fn now(hub: &'a Hub, visitor: &Visitor, establishment: &'a str) -> Printed<'a> {
        Printed {
            texts: &hub.texts,
            locale: visitor.locale,
            base: hub.base(),
            workspace: &hub.config.name,
            establishment,
            made: hub.now(),
        }
    }

    pub(crate) fn t(&self, key: &str) -> String {
        self.texts.text(self.locale, key)
    }

    pub(crate) fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.texts.with(self.locale, key, values)
    }

    /// A day as people write it.
    pub(crate) fn day(&self, at: Instant) -> String {
        let text = LocalTime::in_paris(at).map_or_else(|| at.rfc3339(), |local| local.to_string());
        let mut date = text.get(..10).unwrap_or_default().split('-');
        let [year, month, day] = [(); 3].map(|()| date.next().unwrap_or_default());
        let nth = if day == "01" { "first" } else { "other" };
        let month = format!("m{month}");
        self.with("day", &[("year", year), ("month", &month), ("nth", nth), ("day", day.trim_start_matches('0'))])
    }
}

/// The sheet of a lot; the codes, which are good until then, stand in the order of its people.
pub fn sheet(printed: &Printed<'_>, lot: &Lot, codes: &[String], expires: Instant) -> Sheet {
    let public = printed.t(&format!("sheet-{}", lot.public.as_str()));
    let title = match lot.class.as_str() {
        "" => public,
        class => printed.with("sheet-title", &[("class", class), ("public", &public)]),
    };
    let (made, expires) = (printed.day(printed.made), printed.day(expires));
    let address = format!("{}/activate", printed.base);
    let steps = [
        printed.with("sheet-step-1", &[("address", &address)]),
        printed.t("sheet-step-2"),
        printed.t(if lot.public == Public::Pupil { "sheet-step-3-pupil" } else { "sheet-step-3" }),
    ];
    let foot = printed.with("sheet-foot", &[("until", &expires), ("workspace", printed.workspace)]);
    let card = |((person, child), code): (&(preau_domain::Person, Option<String>), &String)| Card {
        name: person.display_name(),
        what: match (child, lot.class.as_str()) {
            (Some(child), _) => printed.with("sheet-parent-of", &[("child", child)]),
            (None, "") => printed.establishment.to_owned(),
            (None, class) => printed.with("sheet-of-class", &[("class", class), ("place", printed.establishment)]),
        },
        steps: steps.to_vec(),
        code: Some(shown(code)),
        // Behind the mark that browsers keep to themselves: no server, no journal and no referrer sees the code.
        square: Some(format!("{address}#{code}")),
        foot: foot.clone(),
    };
    Sheet {
        title,
        subtitle: printed.with("sheet-subtitle", &[("place", printed.establishment), ("day", &made)]),
        note: printed.t("sheet-note"),
        cards: lot.people.iter().zip(codes).map(card).collect(),
    }
}
