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
    assert!(code == 1 && err.contains("cases.toml:3 case[0]: teacher: told"), "answers of another product: {err}");
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

/// The line of a text on which something begins.
fn line(text: &str, what: &str) -> usize {
    text.lines().position(|line| line.starts_with(what)).unwrap() + 1
}

#[test]
fn whatever_is_wrong_with_a_product_is_told_with_its_file_and_line() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["connectors", "new", "outil", "--into", "products"]).0, 0);
    let check = || desk.run(&["connectors", "check", "products"]);
    assert!(check().1.contains("outil: sound"), "control");
    let at = |file: &str| format!("products/outil/{file}");
    let read = |file: &str| std::fs::read_to_string(desk.path(&at(file))).unwrap();
    let (icon, huge) = (read("icon.svg"), "#".repeat(10 << 20));
    let bomb = format!("<!DOCTYPE svg [<!ENTITY a '&a;'>]>\n{icon}");
    let second = "[[release]]\nname = \"two words\"\ncopy = \"mail\"\n\n# Who";
    for (file, from, to, mark, told) in [
        ("service.toml", "category =", "on_load = 1\ncategory =", "on_load", "on_load: unknown field"),
        ("service.toml", "category =", "home = \"x\"\ncategory =", "home = \"x\"", ""),
        ("service.toml", "{url}/\"\nurls", "{url}/{{7*7}}\"\nurls", "home", "home: an address holds"),
        ("service.toml", "copy = \"display_name\"", "add = [\"{env}\"]", "[[release]]", "release[0]: `{env}` names"),
        ("service.toml", "# Who", second, "[[release]]\nname = \"two", "release[1]: two words: a name begins"),
        ("service.toml", "[cas]\nsingle_logout = true", "[oidc]", "[oidc]\n", "oidc.redirect_uris: at least one"),
        (
            "service.toml",
            "[title]",
            "[parameters.loop]\nfr = \"x\"\nen = \"x\"\ndefault = \"{loop}\"\n[title]",
            "default",
            "parameters.loop.default: a value holds no brace",
        ),
        ("service.toml", "\n", &*huge, "", "larger than 64 KiB"),
        ("icon.svg", "</svg>", "\n<script>0</script></svg>", "<script", "<script> does not belong here"),
        ("icon.svg", &*icon, &*bomb, "<!DOCTYPE", "declarations"),
        (
            "cases.toml",
            "expect = \"profile\"",
            "expect = \"profile\"\nexpct = 1",
            "expct",
            "case[1].expct: unknown field",
        ),
        (
            "cases.toml",
            "expect = \"profile\"",
            "expect = \"guest\"",
            "[[case]]\nperson = \"sixth",
            "case[1]: sixth-pupil: refused: profile",
        ),
        ("cases.toml", "\n", &*huge, "", "larger than 64 KiB"),
    ] {
        let whole = read(file);
        assert!(whole.contains(from), "{from}");
        let broken = whole.replacen(from, to, 1);
        desk.write(&at(file), &broken);
        let (code, _, err) = check();
        let place = match mark {
            "" => at(file),
            mark => format!("{}:{}", at(file), broken[..broken.find(mark).unwrap()].matches('\n').count() + 1),
        };
        assert!(
            code == 1 && err.lines().any(|line| line.contains(&place) && line.contains(told)),
            "{place} {told}\n{err}"
        );
        assert!(err.len() < 2_000, "what is told is short: {err}");
        desk.write(&at(file), &whole);
    }
    assert!(check().1.contains("outil: sound"), "control");
}

#[test]
fn whatever_is_wrong_with_what_is_mounted_is_told_with_its_file_and_line() {
    let desk = Desk::new();
    let configuration = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    desk.write("preau.toml", &format!("{configuration}[services]\ncatalogue = \"products\"\n"));
    assert_eq!(desk.run(&["connectors", "new", "outil"]).0, 0);
    let product = std::fs::read_to_string(desk.path("products/outil/service.toml")).unwrap();
    let instance = "connector = \"outil\"\n[parameters]\nurl = \"https://outil.example\"\n[[audience.allow]]\nprofiles = []\n\
                    [[audience.allow]]\nclasses = [\"6B\"]\n";
    desk.write("services/outil.toml", instance);
    assert!(desk.run(&["services"]).1.contains("outil"), "control");
    let long = instance.replace("6B", &"6".repeat(200));
    desk.write("services/outil.toml", &long);
    let (code, out, err) = desk.run(&["services"]);
    let place = format!("services/outil.toml:{} audience.allow[1]: ", line(&long, "classes") - 1);
    assert!(code != 0 && err.contains(&place), "{place}\n{out}{err}");
    desk.write("services/outil.toml", instance);
    let spaced = product.replace("name = \"displayName\"", "name = \"display name\"");
    desk.write("products/outil/service.toml", &spaced);
    let (code, out, err) = desk.run(&["services"]);
    let place = format!("products/outil/service.toml:{} release[0]: display name", line(&spaced, "[[release]]"));
    assert!(code != 0 && err.contains(&place), "{place}\n{out}{err}");
}
