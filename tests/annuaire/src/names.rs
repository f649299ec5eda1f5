//! Names that nobody bears: given names are moons, asteroids and stars, family names are stones, plants and winds, towns
//! are made of both. Whoever reads one knows at once that the person was invented.

use crate::random::Random;

const GIVEN_F: [&str; 40] = [
    "Amphitrite",
    "Astérope",
    "Bellatrix",
    "Bellone",
    "Callisto",
    "Calypso",
    "Céléno",
    "Cérès",
    "Daphné",
    "Despina",
    "Dioné",
    "Égérie",
    "Électre",
    "Eunomie",
    "Europe",
    "Flore",
    "Galatée",
    "Hygie",
    "Io",
    "Iris",
    "Irène",
    "Junon",
    "Larissa",
    "Leda",
    "Maïa",
    "Mérope",
    "Métis",
    "Mira",
    "Miranda",
    "Néréide",
    "Pallas",
    "Pandore",
    "Phœbé",
    "Psyché",
    "Rhéa",
    "Taygète",
    "Thalie",
    "Thémis",
    "Titania",
    "Véga",
];

const GIVEN_M: [&str; 36] = [
    "Adhara",
    "Aldébaran",
    "Algol",
    "Altaïr",
    "Antarès",
    "Arcturus",
    "Ariel",
    "Atlas",
    "Canopus",
    "Castor",
    "Charon",
    "Deimos",
    "Deneb",
    "Encelade",
    "Ganymède",
    "Hypérion",
    "Janus",
    "Japet",
    "Mimas",
    "Mizar",
    "Nashira",
    "Obéron",
    "Phobos",
    "Pollux",
    "Procyon",
    "Prométhée",
    "Protée",
    "Régulus",
    "Rigel",
    "Saïph",
    "Sirius",
    "Télesto",
    "Titan",
    "Triton",
    "Umbriel",
    "Ymir",
];

const FAMILY: [&str; 84] = [
    "Agate",
    "Ajonc",
    "Alizé",
    "Alun",
    "Améthyste",
    "Anémone",
    "Angélique",
    "Aquilon",
    "Ardoise",
    "Argile",
    "Arnica",
    "Aubépine",
    "Autan",
    "Azurite",
    "Barytine",
    "Basalte",
    "Béryl",
    "Bise",
    "Borée",
    "Bourrache",
    "Bruyère",
    "Calcite",
    "Camomille",
    "Cers",
    "Chardon",
    "Cinabre",
    "Citrine",
    "Craie",
    "Datura",
    "Diabase",
    "Diorite",
    "Dolomie",
    "Églantine",
    "Ellébore",
    "Feldspath",
    "Fluorine",
    "Foehn",
    "Fougère",
    "Gabbro",
    "Galène",
    "Galerne",
    "Gaillet",
    "Genêt",
    "Gneiss",
    "Granite",
    "Grenat",
    "Grès",
    "Gypse",
    "Harmattan",
    "Jaspe",
    "Joubarbe",
    "Khamsin",
    "Lavande",
    "Levant",
    "Malachite",
    "Marne",
    "Mélisse",
    "Mica",
    "Mistral",
    "Molasse",
    "Notos",
    "Obsidienne",
    "Olivine",
    "Onyx",
    "Opale",
    "Ortie",
    "Ponant",
    "Prêle",
    "Pyrite",
    "Quartz",
    "Sarriette",
    "Schiste",
    "Silex",
    "Simoun",
    "Sirocco",
    "Sureau",
    "Topaze",
    "Tramontane",
    "Trèfle",
    "Troène",
    "Tuf",
    "Verveine",
    "Zéphyr",
    "Zircon",
];

const TOWN_HEAD: [&str; 40] = [
    "Agaterive",
    "Ajoncval",
    "Alunière",
    "Ardoisille",
    "Argilette",
    "Aubépinoux",
    "Autanville",
    "Azurac",
    "Basaltou",
    "Bisevent",
    "Boréac",
    "Bruyérolles",
    "Calcimont",
    "Chardonnac-le-Vent",
    "Cinabret",
    "Craienne",
    "Doloméac",
    "Fougeraie",
    "Gabbronne",
    "Galernac",
    "Genestoux",
    "Gneissac",
    "Granitou",
    "Grenatie",
    "Gypsières",
    "Jaspin",
    "Lavandol",
    "Marnouze",
    "Mélissac",
    "Micasson",
    "Molassier",
    "Obsidan",
    "Olivinac",
    "Ortillac",
    "Pyritou",
    "Quartzillac",
    "Schistoux",
    "Silexane",
    "Trèflemont",
    "Zéphyrac",
];

const TOWN_TAIL: [&str; 25] = [
    "sous-Alizé",
    "sous-Aquilon",
    "sous-Autan",
    "sous-Bise",
    "sous-Borée",
    "sous-Cers",
    "sous-Foehn",
    "sous-Galerne",
    "sous-Harmattan",
    "sous-Levant",
    "sous-Marin",
    "sous-Mistral",
    "sous-Notos",
    "sous-Ponant",
    "sous-Simoun",
    "sous-Sirocco",
    "sous-Tramontane",
    "sous-Zéphyr",
    "sur-Brume",
    "sur-Givre",
    "sur-Grésil",
    "sur-Nuée",
    "sur-Ondée",
    "sur-Rosée",
    "sur-Verglas",
];

/// A given name.
pub(crate) fn given(random: &mut Random, female: bool) -> &'static str {
    if female { random.pick(&GIVEN_F) } else { random.pick(&GIVEN_M) }
}

/// A family name, one in three of two parts.
pub(crate) fn family(random: &mut Random) -> String {
    let first = random.pick(&FAMILY);
    let second = random.pick(&FAMILY);
    if first != second && random.chance(33) { format!("{first}-{second}") } else { first.to_owned() }
}

/// The town of a sector: a thousand different ones, then with a number.
pub(crate) fn town(sector: usize) -> String {
    let head = TOWN_HEAD[sector % TOWN_HEAD.len()];
    let tail = TOWN_TAIL[(sector / TOWN_HEAD.len() + sector) % TOWN_TAIL.len()];
    let round = sector / (TOWN_HEAD.len() * TOWN_TAIL.len());
    if round == 0 { format!("{head}-{tail}") } else { format!("{head}-{tail}-{}", round + 1) }
}

/// The name of a school: a stone, a plant or a wind.
pub(crate) fn school(number: usize) -> &'static str {
    FAMILY[number.wrapping_mul(31) % FAMILY.len()]
}

/// A password that is easy to type and the same for the same person.
pub(crate) fn password(random: &mut Random) -> String {
    let word = |random: &mut Random| folded(random.pick(&FAMILY));
    format!("{}-{}-{:02}", word(random), word(random), random.below(100))
}

/// A name in small letters without accents, for logins.
pub(crate) fn folded(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'à' | 'â' | 'ä' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'î' | 'ï' => out.push('i'),
            'ô' | 'ö' => out.push('o'),
            'ù' | 'û' | 'ü' => out.push('u'),
            'ç' => out.push('c'),
            'œ' => out.push_str("oe"),
            c if c.is_ascii_alphanumeric() || c == '-' => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_name_is_plain() {
        assert_eq!(folded("Phœbé"), "phoebe");
        assert!(GIVEN_F.iter().chain(&GIVEN_M).chain(&FAMILY).all(|n| folded(n).len() >= n.chars().count()));
    }

    #[test]
    fn towns_differ() {
        let towns: std::collections::HashSet<String> = (0..3000).map(town).collect();
        assert_eq!(towns.len(), 3000);
    }
}
