use super::super::{Weak, judge};
use super::*;

/// Words of the list, one of each of its parts.
const STEMS: [&str; 40] = [
    "motdepasse",
    "password",
    "azerty",
    "bonjour",
    "jetaime",
    "doudou",
    "princesse",
    "maman",
    "famille",
    "ecole",
    "college",
    "maitresse",
    "cartable",
    "janvier",
    "septembre",
    "printemps",
    "chaton",
    "dauphin",
    "chocolat",
    "soleil",
    "papillon",
    "dragon",
    "licorne",
    "pokemon",
    "minecraft",
    "football",
    "marseille",
    "toulouse",
    "bretagne",
    "camille",
    "nicolas",
    "mathilde",
    "mohamed",
    "sandrine",
    "guitare",
    "ferrari",
    "shadow",
    "superman",
    "anthony",
    "mickey",
];

/// The forms in which people really write a word when eight characters are asked for.
fn written(word: &str) -> Vec<String> {
    let mut first = word.to_owned();
    first[..1].make_ascii_uppercase();
    let masked: String = word
        .chars()
        .map(|c| match c {
            'o' => '0',
            'e' => '3',
            'a' => '@',
            's' => '5',
            'i' => '1',
            other => other,
        })
        .collect();
    let backwards: String = word.chars().rev().collect();
    let mut all: Vec<String> = Vec::new();
    for one in [word.to_owned(), first, word.to_uppercase(), masked, backwards] {
        for around in [
            "1", "12", "123", "1234", "12345", "01", "13", "59", "69", "75", "93", "007", "!", "!!", "1!", "123!",
            "@1", "*",
        ] {
            all.push(format!("{one}{around}"));
        }
        all.extend((1990..=2030).map(|year| format!("{one}{year}")));
        all.extend([format!("{one}{one}"), format!("123{one}"), format!("{one}-2026!"), one]);
    }
    all.into_iter().filter(|one| one.chars().count() >= 8).collect()
}

#[test]
fn the_thousands_that_people_choose_are_common() {
    let all: HashSet<String> = STEMS.iter().flat_map(|word| written(word)).collect();
    assert!(all.len() > 3_000, "{}", all.len());
    let taken: Vec<&String> = all.iter().filter(|one| judge(one, 8, &[]) != Err(Weak::Common)).collect();
    assert!(taken.is_empty(), "{} of {}: {:?}", taken.len(), all.len(), &taken[..taken.len().min(20)]);
}

#[test]
fn every_word_of_the_list_is_common() {
    assert!(WORDS.len() > 2_000, "{}", WORDS.len());
    for word in WORDS.iter() {
        let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(plain && WORD.contains(&word.len()), "{word}");
        assert_eq!(judge(&format!("{word}2026!"), 8, &[]), Err(Weak::Common), "{word}");
    }
}

#[test]
fn keys_days_and_figures_are_common() {
    for common in [
        "1q2w3e4r",
        "1qaz2wsx",
        "1a2z3e4r",
        "qazwsxedc",
        "zaq12wsx",
        "azerqsdf",
        "a1z2e3r4",
        "poiuytreza",
        "qwertz123",
        "abcd1234",
        "1234abcd",
        "abc123abc",
        "aqwzsxedc",
        "123456789",
        "1234567890",
        "0987654321",
        "12344321",
        "11223344",
        "10203040",
        "147258369",
        "789456123",
        "13131313",
        "20102010",
        "123123123",
        "12121212",
        "01012011",
        "31121999",
        "19990421",
        "14-07-1989",
        "0612345678",
        "06 12 34 56 78",
        "20252026",
        "24681012",
        "00000000",
        "a1b2c3d4",
    ] {
        assert_eq!(judge(common, 8, &[]), Err(Weak::Common), "{common}");
    }
    for good in ["83920174", "kz8!qpWm", "9274-6153", "0172 9385 4416"] {
        assert_eq!(judge(good, 8, &[]), Ok(()), "{good}");
    }
}

#[test]
fn a_word_is_known_in_every_dress() {
    for common in [
        "m0td3p@sse",
        "M0t-D3-P4ss3",
        "p.a.s.s.w.o.r.d",
        "drowssap",
        "3ss@p3d70m",
        "s0le1l2026",
        "5o1ei1!!",
        "jet'aime2",
        "sésame,ouvre-toi",
        "Éléphant12",
        "motdepassemotdepasse",
        "CHAT-chien12",
        "loulou59!",
    ] {
        assert_eq!(judge(common, 8, &[]), Err(Weak::Common), "{common}");
    }
}

#[test]
fn a_sentence_of_ones_own_is_taken() {
    for good in [
        "girafe-lente-verte",
        "tortue-pressée-rose",
        "trois-girafes-lentes",
        "soleil couchant vert",
        "wagonbleu",
        "craie-Blanche-41",
        "le piano du voisin",
        "chat soleil guitare",
        "mon vélo grince un peu",
        "pluie sur le toit",
        "quatre moufles grises",
        "un ours en pyjama",
        "tartine sans beurre",
        "Zut, encore raté !",
        "parapluie troué",
        "nuage-de-craie",
        "la trottinette bleue",
        "deux éclairs au café",
        "kangourou myope",
        "bottes pleines de sable",
        "7 souris vertes",
        "vent-debout-8",
    ] {
        assert_eq!(judge(good, 8, &[]), Ok(()), "{good}");
    }
}

#[test]
fn the_longest_password_is_judged_at_once() {
    let began = std::time::Instant::now();
    for long in ["soleil-".repeat(585), "ab3-xq".repeat(682), "azerty motdepasse bonjour ".repeat(157)] {
        let _ = judge(&long, 8, &[]);
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
}
