//! `preau connectors`: the products there are, and one of a site's own, made as the how-to says.

use crate::desk::Desk;

const HOW_TO: &str = include_str!("../../../../docs/how-to/add-a-service.md");

/// The blocks of the how-to in one language, without their indentation.
fn blocks(language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let pieces = HOW_TO.split(&opening).skip(1);
    let texts = pieces.map(|piece| piece.split("```").next().unwrap().to_owned());
    texts
        .map(|text| text.lines().map(|line| format!("{}\n", line.strip_prefix("   ").unwrap_or(line))).collect())
        .collect()
}

#[test]
fn the_how_to_is_followed_to_the_letter() {
    let desk = Desk::new();
    let [configuration, service, cases] = <[String; 3]>::try_from(blocks("toml")).unwrap();
    let [new, rest] = <[String; 2]>::try_from(blocks("sh")).unwrap();
    desk.write("preau.toml", &format!("{}{configuration}", std::fs::read_to_string(desk.path("preau.toml")).unwrap()));
    let run = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (code, out, err) = desk.run(words.strip_prefix(&["preau"]).unwrap());
        assert_eq!(code, 0, "{line}\n{out}{err}");
        out
    };
    let lines = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect::<Vec<_>>();
    lines(&new).iter().map(|line| run(line)).for_each(drop);
    assert!(run("preau connectors check").contains("mon-outil: sound, and 2 answers are as expected"), "as it is made");
    desk.write("products/mon-outil/service.toml", &service);
    let (code, _, err) = desk.run(&["connectors", "check"]);
    assert!(code == 1 && err.contains("cases.toml: teacher: told"), "answers of another product: {err}");
    desk.write("products/mon-outil/cases.toml", &cases);
    let told: Vec<String> = lines(&rest).iter().map(|line| run(line)).collect();
    assert!(told[0].contains("mon-outil: sound"), "{told:?}");
    assert!(told[1].contains("profil       national profiles (recoded, among prof, eleve)"), "{}", told[1]);
    assert!(
        told[2].contains("teacher           displayName = Solène Banc-d’Essai; profil = prof; quota = 500 MB"),
        "{}",
        told[2]
    );
    assert!(told[3].contains("mon-outil  cas"), "{}", told[3]);
}

#[test]
fn products_are_listed_by_category_and_one_says_what_it_is_sent() {
    let desk = Desk::new();
    let (code, out, _) = desk.run(&["connectors"]);
    assert!(code == 0 && out.starts_with("communication\n"), "{out}");
    let (code, out, _) = desk.run(&["connectors", "nextcloud"]);
    for told in [
        "speaks    oidc",
        "for       everyone, guests excepted",
        "quota_pupils Room of a pupil or a parent, as Nextcloud writes it (500 MB unless said otherwise)",
        "(user)       identifier of this service alone",
        "quota        “{quota_staff}” (only National_ENS, National_DIR, National_EVS, National_ETA, National_DOC); else “{quota_pupils}”",
        "purpose",
        "{preau}/.well-known/openid-configuration",
    ] {
        assert!(code == 0 && out.contains(told), "{told}\n{out}");
    }
    let (_, out, _) = desk.run(&["connectors", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(all.as_array().unwrap().len() >= 40 && all[0]["legal"]["purpose"]["fr"].is_string(), "{out}");
    let (code, _, err) = desk.run(&["connectors", "next"]);
    assert!(code == 1 && err.contains("there is nextcloud"), "{err}");
    let (code, _, err) = desk.run(&["connectors", "new", "nextcloud", "--into", "products"]);
    assert!(code == 1 && err.contains("already"), "{err}");
    let (code, _, err) = desk.run(&["connectors", "new", "../evil", "--into", "products"]);
    assert!(code == 1 && err.contains("named by 1 to 64"), "{err}");
    let (code, _, err) = desk.run(&["connectors", "new", "outil"]);
    assert!(code == 1 && err.contains("services.catalogue"), "{err}");
}
