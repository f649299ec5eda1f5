//! What may stand side by side.

use super::*;
use crate::{catalogue, mount};

fn service(id: &str, url: &str) -> MountedService {
    let text = format!("connector = \"grr\"\nnetwork = \"private\"\n[parameters]\nurl = \"{url}\"\n");
    mount("f.toml", id, &text, catalogue()).unwrap().expect("enabled")
}

#[test]
fn a_thousand_services_stand_on_one_host() {
    let many = (0..1000).map(|n| service(&format!("s{n}"), &format!("https://a.example/{n}")));
    let mounted = Mounted::new(many).unwrap();
    assert_eq!(mounted.len(), 1000);
    assert_eq!(mounted.audiences().count(), 1000);
}

#[test]
fn two_services_do_not_share_a_name() {
    let both = [service("a", "https://a.example"), service("a", "https://b.example")];
    assert!(Mounted::new(both).is_err());
    assert!(Mounted::new([]).unwrap().is_empty());
}
