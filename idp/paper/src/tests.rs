use super::letters::{encoded, width};
use super::*;

fn cards(count: usize) -> Vec<Card> {
    let names = ["Noé Petit", "Lætitia Œuvrard-Saint-Étienne de la Martinière", "Łukasz Şahin", "Maÿlis d’Été"];
    let card = |n: usize| Card {
        name: names[n % names.len()].to_owned(),
        what: "Élève de 6B".to_owned(),
        steps: vec![
            "1. Allez à l’adresse https://ent.example/activate ou photographiez le carré.".to_owned(),
            "2. Tapez le code ci-dessous, puis choisissez votre mot de passe.".to_owned(),
        ],
        code: Some("7K2M-9XQ4-HD3W".to_owned()),
        square: Some("https://ent.example/activate#7k2m9xq4hd3w".to_owned()),
        foot: "Ce code ne sert qu’une fois, jusqu’au 12 janvier 2027. Ne le donnez à personne.".to_owned(),
    };
    (0..count).map(card).collect()
}

fn sheet(count: usize) -> Sheet {
    Sheet {
        title: "Codes d’activation – 6B, élèves".to_owned(),
        subtitle: "Collège des Tilleuls, le 29 novembre 2026".to_owned(),
        note: "À découper et à remettre en main propre.".to_owned(),
        cards: cards(count),
    }
}

#[test]
fn a_class_of_twenty_five_is_three_pages_and_another_begins_on_its_own() {
    let document = pdf("Codes", "fr", &[sheet(25), sheet(3)]);
    let text = String::from_utf8_lossy(&document);
    assert!(document.starts_with(b"%PDF-1.") && text.trim_end().ends_with("%%EOF"));
    assert!(text.contains("/Count 4"), "3 + 1");
    assert_eq!(text.matches("7K2M-9XQ4-HD3W").count(), 28);
    assert_eq!(pdf("Codes", "fr", &[sheet(25), sheet(3)]), document, "the same sheets are the same bytes");
}

#[test]
fn a_letter_that_is_not_there_loses_its_mark_and_nothing_else() {
    assert_eq!(encoded("Łukasz Şahin"), b"Lukasz Sahin");
    assert_eq!(encoded("Maÿlis d’Été"), b"Ma\xfflis d\x92\xc9t\xe9");
    assert_eq!(encoded("e\u{301}"), b"\xe9");
    assert_eq!(encoded("\u{5f20}"), b"?");
}

#[test]
fn what_is_too_long_is_cut_and_says_so() {
    let long = "Lætitia Œuvrard-Saint-Étienne de la Martinière";
    let cut = letters::fitted(Face::Bold, 12.0, long, 120.0);
    assert!(cut.ends_with('…') && width(Face::Bold, 12.0, &cut) <= 120.0, "{cut}");
    let address = "https://environnement-numerique.academie-des-essais.example/activate";
    let lines = letters::wrapped(Face::Plain, 8.5, &format!("Allez à l’adresse {address} ou photographiez"), 100.0);
    assert!(lines.len() > 3 && lines.iter().all(|line| width(Face::Plain, 8.5, line) <= 100.0), "{lines:?}");
    assert!(lines.concat().contains(address), "nothing of an address is lost: {lines:?}");
}

#[test]
fn steps_stay_above_the_code_however_long_the_address_is() {
    let step = |host: &str| format!("1. Photographiez le carré, ou allez à l’adresse https://{host}/activate");
    for host in ["ent.example", "ent.academie-clermont-ferrand.fr", "connexion.environnement-numerique-de-travail.fr"] {
        let rest = [
            "2. Vérifiez ou tapez le code ci-dessous.",
            "3. Choisis ton identifiant et ton mot de passe, et garde-les pour toi.",
        ];
        let steps: Vec<String> = [step(host)].into_iter().chain(rest.map(str::to_owned)).collect();
        let card = Card { steps, ..Card::default() };
        let (size, lines) = super::steps(&card, 160.0, 58.0);
        assert!(lines.len() as f32 * (size + LEADING) <= 58.0 && size >= 6.0, "{host}: {size} {lines:?}");
    }
}

#[test]
fn a_sheet_can_be_looked_at() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sheet.pdf"), pdf("Codes d’activation", "fr", &[sheet(13)])).unwrap();
}
