//! Whose an address is: the table every protocol asks before it sends anybody anywhere.

use preau_domain::Profile;
use preau_flows::app_service;
use preau_web::ServiceTable;

fn table(services: &[(&str, &str)]) -> ServiceTable {
    let mounted = services.iter().map(|(id, url)| app_service(id, id, url, &Profile::ALL));
    ServiceTable::new(mounted.collect()).expect("the services fit together")
}

fn owner(table: &ServiceTable, address: &str) -> Option<String> {
    table.owner_of(address).map(|(door, trusted)| {
        assert!(door.service.trust(trusted.as_str()).is_some());
        door.service.id.to_string()
    })
}

#[test]
fn the_longest_path_wins_and_nobody_owns_the_rest() {
    let table = table(&[
        ("root", "https://a.example/"),
        ("one", "https://a.example/one/"),
        ("deep", "https://a.example/one/two/three/"),
        ("port", "https://a.example:8443/one/"),
        ("plain", "http://a.example/"),
        ("lone", "https://b.example/lone/"),
    ]);
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
        assert_eq!(owner(&table, address).as_deref(), expected, "{address}");
    }
    let deep = format!("https://a.example/{}", "a/".repeat(1000));
    assert_eq!(owner(&table, &deep).as_deref(), Some("root"));
}

#[test]
fn a_thousand_services_on_one_host_are_told_apart() {
    let all: Vec<(String, String)> = (0..1000).map(|n| (format!("s{n}"), format!("https://a.example/{n}/"))).collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(id, url)| (id.as_str(), url.as_str())).collect();
    let table = table(&all);
    for n in [0, 1, 10, 100, 999] {
        assert_eq!(owner(&table, &format!("https://a.example/{n}/x")), Some(format!("s{n}")));
    }
    assert_eq!(owner(&table, "https://a.example/1000/"), None);
}
