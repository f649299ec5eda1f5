//! What a site may add to the catalogue.

use super::*;
use std::path::PathBuf;

const ICON: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M0 0"/></svg>"#;

fn descriptor() -> String {
    fs::read_to_string("../services/grr/service.toml").unwrap()
}

fn folder(dir: &Path, name: &str, text: &str, icon: &str) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("service.toml"), text).unwrap();
    fs::write(path.join("icon.svg"), icon).unwrap();
    path
}

#[test]
fn a_site_adds_its_own_products() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path(), "intranet", &descriptor(), ICON);
    let all = catalogue().load_extra(dir.path()).unwrap();
    assert!(all.product("intranet").is_some() && all.product("grr").is_some());
    assert!(catalogue().product("intranet").is_none());
}

#[test]
fn an_addition_with_a_problem_is_refused_with_its_place() {
    for (name, text, icon, told) in [
        ("grr", descriptor(), ICON, "already has this name"),
        ("Grand", descriptor(), ICON, "named by 1 to 64"),
        ("a", descriptor(), "<svg><script/></svg>", "icon.svg: <script>"),
        ("a", descriptor().replace("urls = [\"{url}/\"]", "urls = []"), ICON, "service.toml:2 urls: at least one"),
        (
            "a",
            descriptor().replace("\"{url}/\"]", "\"{host}/\"]"),
            ICON,
            "service.toml:2 urls: `{host}/` names a parameter",
        ),
        ("a", descriptor().replace("\"{url}/\"]", "\"{url}/{X}\"]"), ICON, "no other brace"),
        ("a", descriptor().replace("[parameters.url]", "[parameters.preau]"), ICON, "neither `preau` nor `id`"),
        ("a", descriptor().replace("home =", "homme = 1\nhome ="), ICON, "service.toml:1 homme: unknown field"),
        ("a", descriptor().replace("{preau}", "{praeu}"), ICON, "other_side: `{praeu}`"),
        (
            "a",
            descriptor().replace("copy = \"mail\"", "copy = \"birth_date\""),
            ICON,
            "release[2].copy: unknown variant",
        ),
        ("a", "x".repeat(70_000), ICON, "larger than 64 KiB"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        folder(dir.path(), name, &text, icon);
        let problems = catalogue().load_extra(dir.path()).unwrap_err();
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(all.iter().any(|problem| problem.contains(told)), "{told}\n{all:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    let path = folder(dir.path(), "a", &descriptor(), ICON);
    assert!(catalogue().load_extra(dir.path()).is_ok(), "control");
    fs::remove_file(path.join("icon.svg")).unwrap();
    assert!(catalogue().load_extra(dir.path()).is_err());
    assert!(catalogue().load_extra(&dir.path().join("absent")).is_err());
}

#[test]
fn a_broken_product_of_the_site_leaves_the_others_and_every_change_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let product = catalogue().product("grr").unwrap();
    let text = include_str!("../../../services/grr/service.toml");
    let add = |name: &str, text: &str| {
        std::fs::create_dir_all(dir.path().join(name)).unwrap();
        std::fs::write(dir.path().join(name).join("service.toml"), text).unwrap();
        std::fs::write(dir.path().join(name).join("icon.svg"), &product.icon).unwrap();
    };
    let empty = product_signature(dir.path());
    assert_ne!(empty, product_signature(&dir.path().join("absent")));
    add("ours", text);
    let first = product_signature(dir.path());
    assert_ne!(empty, first);
    assert_eq!(first, product_signature(dir.path()));
    add("broken", "title = ");
    assert_ne!(first, product_signature(dir.path()));
    let (all, problems) = catalogue().load_extra_sound(dir.path());
    assert!(all.product("ours").is_some() && all.product("broken").is_none() && all.product("grr").is_some());
    assert!(problems.len() == 1 && problems[0].at.contains("broken/service.toml"), "{problems:?}");
    let before = product_signature(dir.path());
    add("ours", &format!("{text}# changed\n"));
    assert_ne!(before, product_signature(dir.path()), "inside a folder as well");
}
