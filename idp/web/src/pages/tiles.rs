//! The tiles of the home page: which ones match a search, in which order they stand. Pure.

use crate::{Door, Locale};
use preau_connector_api::Category;
use preau_domain::{AtHand, ServiceId};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest search, in characters; the rest is not read.
pub const MAX_SEARCH: usize = 100;

/// A category of the home page, with its tiles.
pub struct Section {
    /// Its word in addresses.
    pub category: &'static str,
    /// What people read.
    pub label: String,
    /// Its tiles, by name.
    pub tiles: Vec<Tile>,
    /// No tile of it matches the search.
    pub hidden: bool,
}

/// A service on the home page.
pub struct Tile {
    /// Which service.
    pub id: ServiceId,
    /// Its name.
    pub title: String,
    /// What it is for.
    pub summary: String,
    /// The word of its category in addresses.
    pub category: &'static str,
    /// It does not match the search. It is on the page nevertheless, so that a script can show it again.
    pub hidden: bool,
    /// The person marked it.
    pub favourite: bool,
    /// Its drawing is not needed before the page is scrolled.
    pub later: bool,
}

/// Drawings that a browser asks for at once: no more tiles are seen before somebody scrolls.
const AT_ONCE: usize = 12;

/// A service as a tile.
pub fn tile(door: &Door, locale: Locale, at_hand: &AtHand) -> Tile {
    let (title, summary) = words_of(door, locale);
    Tile {
        id: door.service.id.clone(),
        title: title.to_owned(),
        summary: summary.to_owned(),
        category: door.category.as_str(),
        hidden: false,
        favourite: at_hand.favourites.contains(&door.service.id),
        later: false,
    }
}

/// Its name and what it is for.
fn words_of(door: &Door, locale: Locale) -> (&str, &str) {
    match locale {
        Locale::Fr => (&door.title.fr, &door.summary.fr),
        Locale::En => (&door.title.en, &door.summary.en),
    }
}

/// Whether the name of a service holds all these words.
pub fn named(door: &Door, locale: Locale, words: &[String]) -> bool {
    holds(words_of(door, locale).0, words)
}

/// Sorts doors into sections and hides what the search does not name.
pub fn sections<'a>(
    doors: impl Iterator<Item = &'a Door>,
    locale: Locale,
    search: &str,
    at_hand: &AtHand,
    label: impl Fn(&str) -> String,
) -> Vec<Section> {
    let words = words(search);
    let mut by_category: Vec<(Category, Section)> = Category::ALL
        .into_iter()
        .map(|category| {
            let word = category.as_str();
            let label = label(&format!("category-{word}"));
            (category, Section { category: word, label, tiles: Vec::new(), hidden: false })
        })
        .collect();
    for door in doors {
        let Some((_, section)) = by_category.iter_mut().find(|(category, _)| *category == door.category) else {
            continue;
        };
        let (title, summary) = words_of(door, locale);
        let hidden = !words.is_empty() && {
            let text = folded(&format!("{title} {summary} {}", section.label));
            !words.iter().all(|word| text.contains(word.as_str()))
        };
        section.tiles.push(Tile { hidden, ..tile(door, locale, at_hand) });
    }
    let mut sections: Vec<Section> =
        by_category.into_iter().map(|(_, section)| section).filter(|section| !section.tiles.is_empty()).collect();
    for section in &mut sections {
        section.tiles.sort_by_cached_key(|tile| (folded(&tile.title), tile.id.clone()));
        section.hidden = section.tiles.iter().all(|tile| tile.hidden);
    }
    let seen = sections.iter_mut().filter(|section| !section.hidden).flat_map(|section| &mut section.tiles);
    seen.filter(|tile| !tile.hidden).skip(AT_ONCE).for_each(|tile| tile.later = true);
    sections
}

/// How many tiles the search leaves.
pub fn shown(sections: &[Section]) -> usize {
    sections.iter().flat_map(|section| &section.tiles).filter(|tile| !tile.hidden).count()
}

/// The words of a search, without case or accents.
pub fn words(search: &str) -> Vec<String> {
    let search: String = search.chars().take(MAX_SEARCH).collect();
    folded(&search).split_whitespace().map(str::to_owned).collect()
}

/// Whether a text holds all words of a search.
pub fn holds(text: &str, words: &[String]) -> bool {
    let text = folded(text);
    words.iter().all(|word| text.contains(word.as_str()))
}

/// A text without case or accents, so that `vie scolaire` finds `Vie Scolaire` and `eleve` finds `élève`, and with the apostrophe
/// of keyboards, so that `l'agenda` finds `L’agenda`. The script of the page does the same.
fn folded(text: &str) -> String {
    let plain = text.nfd().filter(|c| !is_combining_mark(*c));
    plain.map(|c| if matches!(c, '’' | 'ʼ') { '\'' } else { c }).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_typed_as_keyboards_type() {
        assert!(folded("L’Agenda de l’Élève").contains(&folded("l'agenda de l'eleve")));
        assert!(!folded("L’agenda").contains(&words("lagenda")[0]), "control");
    }
}
