//! The tiles of the home page: which ones match a search, in which order they stand. Pure.

use crate::{Door, Locale};
use preau_connector_api::Category;
use preau_domain::ServiceId;
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
    /// It does not match the search. It is on the page nevertheless, so that a script can show it again.
    pub hidden: bool,
}

/// Sorts doors into sections and hides what the search does not name.
pub fn sections<'a>(
    doors: impl Iterator<Item = &'a Door>,
    locale: Locale,
    search: &str,
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
        let (title, summary) = match locale {
            Locale::Fr => (&door.title.fr, &door.summary.fr),
            Locale::En => (&door.title.en, &door.summary.en),
        };
        let hidden = !words.is_empty() && {
            let text = folded(&format!("{title} {summary} {}", section.label));
            !words.iter().all(|word| text.contains(word.as_str()))
        };
        let tile = Tile { id: door.service.id.clone(), title: title.clone(), summary: summary.clone(), hidden };
        section.tiles.push(tile);
    }
    let mut sections: Vec<Section> =
        by_category.into_iter().map(|(_, section)| section).filter(|section| !section.tiles.is_empty()).collect();
    for section in &mut sections {
        section.tiles.sort_by_cached_key(|tile| (folded(&tile.title), tile.id.clone()));
        section.hidden = section.tiles.iter().all(|tile| tile.hidden);
    }
    sections
}

/// How many tiles the search leaves.
pub fn shown(sections: &[Section]) -> usize {
    sections.iter().flat_map(|section| &section.tiles).filter(|tile| !tile.hidden).count()
}

/// The words of a search, without case or accents.
fn words(search: &str) -> Vec<String> {
    let search: String = search.chars().take(MAX_SEARCH).collect();
    folded(&search).split_whitespace().map(str::to_owned).collect()
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
