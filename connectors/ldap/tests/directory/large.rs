//! Entries that are larger than anybody's (LDAP-08): nobody else loses their place in the reading, and memory is bounded.

use crate::doubles::{Request, Road, Scripted, control, entry, entry_of_many, message, result};
use crate::support::{Annuaire, Everything, most_memory};
use preau_connector_api::Completion;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The names of fifty thousand members.
fn members() -> Vec<String> {
    (0..50_000).map(|n| format!("uid=p{n:07},ou=people,dc=ent,dc=example")).collect()
}

/// LDAP-08: a group of fifty thousand members among the people, which says that it is one of them. Its members are not asked for.
#[tokio::test]
async fn a_group_of_fifty_thousand_members_takes_nobodys_place() {
    let annuaire = Annuaire::start("ldap-large-group");
    let (road, before) = (Road::to(annuaire.slapd.port(), usize::MAX).await, most_memory());
    let connector = annuaire.connector_through(road.port, "");
    let plain = Everything::of(&connector).await;
    let carried = road.carried.swap(0, Ordering::Relaxed);
    let members: String = members().iter().map(|name| format!("member: {name}\n")).collect();
    let group = format!(
        "dn: cn=tous,ou=people,dc=ent,dc=example\nobjectClass: ENTPerson\nobjectClass: extensibleObject\ncn: tous\nsn: Tous\n\
         ENTPersonJointure: AC-NOTOS$50000\nENTPersonLogin: tous\n{members}"
    );
    annuaire.slapd.change(&group).expect("the administrator may");
    let read = Everything::of(&connector).await;
    assert_eq!((read.completion.clone(), read.people().count()), (Completion::Complete, plain.people().count()));
    let rejected: Vec<&str> = read.rejected().iter().map(|one| one.dn.as_str()).collect();
    assert!(rejected.len() == plain.rejected().len() + 1 && rejected.iter().any(|dn| dn.starts_with("cn=tous")));
    let more = road.carried.load(Ordering::Relaxed) - carried;
    assert!(more < 2_000, "{more} bytes for it");
    let grown = most_memory() - before;
    assert!(grown < 90 << 20, "{} MiB more", grown >> 20);
}

/// LDAP-08: fifty thousand values in an entry, in what was not asked for and in what was.
#[tokio::test]
async fn an_entry_of_fifty_thousand_values_takes_nobodys_place() {
    let annuaire = Annuaire::start("ldap-large-entry");
    let person = |n: u8, name: &'static str, values: Vec<String>| {
        let one = |value: &str| vec![value.to_owned()];
        let attributes = [
            ("ENTPersonJointure", one(&format!("AC-NOTOS${n}"))),
            ("ENTPersonLogin", one(&format!("io{n}"))),
            ("sn", one("Mica")),
            ("givenName", one("Io")),
            ("ENTPersonProfils", one("National_ELV")),
            ("ENTPersonStructRattach", one("9001")),
            (name, values),
        ];
        entry_of_many(&format!("uid=io{n},ou=people"), &attributes)
    };
    let groups = |count: usize| (0..count).map(|n| format!("9001$G{n}")).collect::<Vec<_>>();
    let pupils = [
        person(1, "ENTEleveGroupes", groups(3)),
        person(2, "member", members()),
        person(3, "ENTEleveGroupes", groups(50_000)),
        person(4, "ENTEleveGroupes", groups(3)),
    ];
    let school = [
        ("ENTStructureJointure", "AC-NOTOS$9001"),
        ("ENTStructureUAI", "0990001N"),
        ("ENTStructureNomCourant", "Collège Mica"),
    ];
    let school = entry("o=9001,ou=structures", &school);
    let asked = AtomicUsize::new(0);
    let end = control("1.2.840.113556.1.4.319", &[0x30, 5, 0x02, 1, 0, 0x04, 0]);
    let server = Scripted::start(move |id, request| match request {
        Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
        Request::Search { base } => {
            // Whether the branch is there, the pupils, everybody else.
            let entries = match base.contains("people").then(|| asked.fetch_add(1, Ordering::Relaxed)) {
                Some(1) => &pupils[..],
                Some(2..) => &[],
                _ => std::slice::from_ref(&school),
            };
            let entries: Vec<u8> = entries.iter().flat_map(|entry| message(id, entry, &[])).collect();
            [entries, message(id, &result(0x65, 0, "", &[]), &end)].concat()
        }
        _ => Vec::new(),
    })
    .await;
    let before = most_memory();
    let read = Everything::of(&annuaire.connector_through(server.port, "")).await;
    assert_eq!(read.completion, Completion::Complete);
    for login in ["io1", "io2", "io4"] {
        assert_eq!(read.person(login).affiliations.len(), 1, "{login}");
    }
    assert!(read.rejected().iter().any(|one| one.dn.starts_with("uid=io3") && one.reason.contains("4000 values")));
    // Both ends are in this process, and one of them holds each entry and each answer whole.
    let grown = most_memory() - before;
    assert!(grown < 90 << 20, "{} MiB more", grown >> 20);
}
