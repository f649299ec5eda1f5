//! Whose an address is.

use super::*;
use crate::{catalogue, mount};

fn service(id: &str, url: &str) -> MountedService {
    let text = format!("connector = \"grr\"\nnetwork = \"private\"\n[parameters]\nurl = \"{url}\"\n");
    mount("f.toml", id, &text, catalogue()).unwrap().expect("enabled")
}

fn owner(mounted: &Mounted, address: &str) -> Option<String> {
    mounted.owner_of(address).map(|(service, trusted)| {
        assert!(service.service.trust(trusted.as_str()).is_some());
        service.service.id.to_string()
    })
}

#[test]
fn the_longest_path_wins_and_nobody_owns_the_rest() {
    let mounted = Mounted::new([
        service("root", "https://a.example"),
        service("one", "https://a.example/one"),
        service("deep", "https://a.example/one/two/three"),
        service("port", "https://a.example:8443/one"),
        service("plain", "http://a.example"),
        service("lone", "https://b.example/lone"),
    ])
    .unwrap();
    for (address, expected) in [
        ("https://a.example/", Some("root")),
        ("https://a.example", Some("root")),
        ("https://A.example:443/x?service=https://b.example/lone/", Some("root")),
        ("https://a.example/one", Some("root")),
        ("https://a.example/one/", Some("one")),
        ("https://a.example/one/index.php?a=1#b", Some("one")),
        ("https://a.example/one/two/", Some("one")),
        ("https://a.example/one/two/three/four/five", Some("deep")),
        ("https://a.example/one/two/threefour/", Some("one")),
        ("https://a.example/onetwo/", Some("root")),
        ("https://a.example:8443/one/", Some("port")),
        ("https://a.example:8443/", None),
        ("http://a.example/one/", Some("plain")),
        ("https://b.example/lone/x", Some("lone")),
        ("https://b.example/lone", None),
        ("https://b.example/", None),
        ("https://b.example/other/lone/", None),
        ("https://c.example/", None),
        ("https://a.example/one/../deep", None),
        ("https://user@a.example/", None),
        ("javascript:alert(1)", None),
        ("", None),
    ] {
        assert_eq!(owner(&mounted, address).as_deref(), expected, "{address}");
    }
    let deep = format!("https://a.example/{}", "a/".repeat(2000));
    assert_eq!(owner(&mounted, &deep).as_deref(), Some("root"));
}

#[test]
fn a_thousand_services_on_one_host_are_told_apart() {
    let many = (0..1000).map(|n| service(&format!("s{n}"), &format!("https://a.example/{n}")));
    let mounted = Mounted::new(many).unwrap();
    assert_eq!(mounted.len(), 1000);
    assert_eq!(mounted.audiences().count(), 1000);
    for n in [0, 1, 10, 100, 999] {
        assert_eq!(owner(&mounted, &format!("https://a.example/{n}/x")), Some(format!("s{n}")));
    }
    assert_eq!(owner(&mounted, "https://a.example/1000/"), None);
}

#[test]
fn two_services_do_not_share_a_name() {
    let both = [service("a", "https://a.example"), service("a", "https://b.example")];
    assert!(Mounted::new(both).is_err());
    assert!(Mounted::new([]).unwrap().is_empty());
}
