//! Reading the whole annuaire: what comes out of it, and that a reading which was cut short never counts as whole.

use crate::support::{Annuaire, Everything, passwords};
use preau_connector_api::{Completion, Record, Verdict};
use preau_domain::{EstablishmentKind, GroupKind, Legal, Profile};
use std::collections::BTreeSet;

#[tokio::test]
async fn the_annuaire_is_read_to_the_end() {
    let annuaire = Annuaire::start("ldap-read");
    let read = Everything::of(&annuaire.connector()).await;
    assert_eq!(read.completion, Completion::Complete);

    let (faults, summary) = (&annuaire.summary.faults, &annuaire.summary);
    let expected: BTreeSet<&str> = faults.iter().filter(|f| f.rejected).map(|f| f.dn.as_str()).collect();
    let mut rejected: BTreeSet<&str> = read.rejected().iter().map(|r| r.dn.as_str()).collect();
    // Of two entries with one join key either may come first.
    let twice = faults.iter().find(|f| f.what == "a join key, again").unwrap().dn.as_str();
    if !rejected.contains(twice) {
        let first = faults.iter().find(|f| f.what == "a join key, first").unwrap().dn.as_str();
        assert!(rejected.remove(first));
        rejected.insert(twice);
    }
    assert_eq!(rejected, expected, "{:#?}", read.rejected());
    for record in read.rejected() {
        assert!(!record.reason.contains("Kaolin") && !record.reason.contains("Fêlure"), "{record:?}");
    }
    let people_rejected = rejected.iter().filter(|dn| dn.starts_with("uid=")).count();
    assert_eq!(read.people().count(), summary.people - people_rejected);
    let schools = read.records.iter().take_while(|r| !matches!(r, Record::Person(_))).count();
    assert_eq!(schools, summary.structures, "structures come before people");
    let estimate = annuaire.connector().directory.unwrap().estimate().await;
    assert_eq!(estimate, Some((summary.people + summary.structures) as u64));
}

#[tokio::test]
async fn people_are_what_they_are_where_they_are() {
    let annuaire = Annuaire::start("ldap-people");
    let read = Everything::of(&annuaire.connector()).await;
    for account in &annuaire.summary.accounts {
        let person = read.person(&account.login);
        let profile: Profile = account.profile.parse().unwrap();
        let at: BTreeSet<&str> = person.affiliations.iter().map(|a| a.establishment.as_str()).collect();
        let expected: BTreeSet<&str> = account.establishments.iter().map(String::as_str).collect();
        assert_eq!(at, expected, "{}", account.role);
        assert!(person.affiliations.iter().all(|a| a.profile == profile), "{}", account.role);
    }

    let teacher = &read.person("iris.basalte").affiliations[0];
    assert_eq!(teacher.classes, ["3A", "5B", "6A"].map(String::from), "{teacher:?}");
    assert_eq!(teacher.head_teacher_of, ["6A"]);
    assert_eq!(teacher.subjects, ["020700", "L0202"]);
    assert_eq!(teacher.functions, ["ENS"]);
    assert_eq!(teacher.groups, ["3ANG1", "5ESP1", "6ANG1"]);

    let pupil = read.person("titan.mistral");
    assert_eq!((pupil.given_name.as_str(), pupil.family_name.as_str()), ("Titan", "Mistral"));
    let at = &pupil.affiliations[0];
    assert_eq!((at.classes.as_slice(), at.level.as_deref()), (["6A".to_owned()].as_slice(), Some("6EME")));
    assert_eq!((at.groups.as_slice(), at.mef.as_deref()), (["6ANG1".to_owned()].as_slice(), Some("10010012110")));

    let parent = read.person("maia.mistral");
    assert_eq!(parent.children.len(), 2);
    assert!(parent.children.iter().all(|c| c.legal == Legal::Representative && c.link == "10"));
    assert_eq!(parent.children[0].pupil.source.as_str(), "annuaire");
    assert!(parent.children.iter().any(|c| c.pupil.key == pupil.key));
    let contacts = read.people().filter(|p| p.children.iter().any(|c| c.legal == Legal::Contact));
    let contacts: Vec<_> = contacts.collect();
    assert!(!contacts.is_empty());
    assert!(contacts.iter().all(|p| p.affiliations.is_empty()), "a mere contact has no parents' view");

    let title = read.people().find(|p| p.login.as_deref() == Some("felure08")).unwrap().title.as_deref();
    assert_eq!(title, Some("Mme"));
}

/// A pupil's entry says who answers for the pupil. When it is rejected, those people must not be taken for strangers:
/// they are handed over as read in part, whatever it is that made the entry a misfit.
#[tokio::test]
async fn a_rejected_pupil_leaves_their_guardians_read_in_part() {
    let annuaire = Annuaire::start("ldap-doubt");
    let (pupil, parent) = (annuaire.account("pupil-6e"), "maia.mistral");
    let before = Everything::of(&annuaire.connector()).await;
    assert!(!before.is_partial(parent), "control");
    let (pupil_key, parent_key) = (before.person(&pupil.login).key.clone(), before.person(parent).key.clone());
    let named = before.people().filter(|person| person.children.iter().any(|c| c.pupil.key == pupil_key)).count();
    let already = before.records.iter().filter(|record| matches!(record, Record::Partial(_))).count();

    let change = |change: String| {
        annuaire.slapd.change(&format!("dn: {}\nchangetype: modify\n{change}\n", pupil.dn)).expect("it may")
    };
    for (what, fault, mended) in [
        (
            "two classes",
            "add: ENTEleveClasses\nENTEleveClasses: 9002$6B".to_owned(),
            "delete: ENTEleveClasses\nENTEleveClasses: 9002$6B".to_owned(),
        ),
        (
            "a link with five fields",
            format!("add: ENTElevePersRelEleve\nENTElevePersRelEleve: {parent_key}$10$1$1$1"),
            format!("delete: ENTElevePersRelEleve\nENTElevePersRelEleve: {parent_key}$10$1$1$1"),
        ),
        (
            "nothing but a link with five fields",
            format!("replace: ENTElevePersRelEleve\nENTElevePersRelEleve: {parent_key}$10$1$1$1"),
            format!("replace: ENTElevePersRelEleve\nENTElevePersRelEleve: {parent_key}$10$1$1$1$1"),
        ),
    ] {
        change(fault);
        let read = Everything::of(&annuaire.connector()).await;
        assert_eq!(read.completion, Completion::Complete);
        assert!(read.rejected().iter().any(|r| r.key.as_ref() == Some(&pupil_key)), "{what}: the pupil is rejected");
        assert!(read.is_partial(parent), "{what}");
        let part = read.person(parent);
        assert!(part.children.len() == 1 && part.children[0].pupil.key != pupil_key, "{what}: {part:?}");
        let partial = read.records.iter().filter(|record| matches!(record, Record::Partial(_))).count();
        assert!(partial <= already + named, "{what}: nobody else is concerned");
        change(mended);
        assert!(!Everything::of(&annuaire.connector()).await.is_partial(parent), "{what}, mended");
    }
}

#[tokio::test]
async fn legal_weight_two_counts_only_when_asked_for() {
    let annuaire = Annuaire::start("ldap-legal");
    let in_charge = |read: &Everything| {
        let has = |p: &&preau_connector_api::PersonRecord| p.children.iter().any(|c| c.legal == Legal::InCharge);
        let people: Vec<bool> = read.people().filter(has).map(|p| !p.affiliations.is_empty()).collect();
        assert!(!people.is_empty());
        people
    };
    let without = Everything::of(&annuaire.connector()).await;
    assert!(in_charge(&without).iter().all(|affiliated| !affiliated));
    let with = Everything::of(&annuaire.connector_with("legal_in_charge = true")).await;
    assert!(in_charge(&with).iter().all(|affiliated| *affiliated));
}

#[tokio::test]
async fn schools_come_with_their_classes_and_sector() {
    let annuaire = Annuaire::start("ldap-schools");
    let read = Everything::of(&annuaire.connector()).await;
    let schools = read.records.iter().filter_map(|record| match record {
        Record::Establishment(school) => Some(school),
        _ => None,
    });
    let schools: Vec<_> = schools.collect();
    let kinds: Vec<EstablishmentKind> = schools.iter().map(|s| s.kind).collect();
    use EstablishmentKind::{Academy, College, Ecole, LocalAuthority, Lycee};
    assert_eq!(kinds, [Academy, College, Ecole, Ecole, Lycee, LocalAuthority]);
    let college = schools[1];
    assert_eq!(schools[2].sector.as_ref(), Some(&college.uai));
    assert_eq!(schools[3].sector.as_ref(), Some(&college.uai));
    assert!(college.name.starts_with("Collège ") && college.city.is_some());
    assert_eq!(college.groups.iter().filter(|g| g.kind == GroupKind::Class).count(), 8);
    let odd = college.groups.iter().find(|g| g.code == "3B").unwrap();
    assert_eq!(odd.label, "3B « Sciences & ＄avoirs »");
    assert_eq!(college.key, "9002");
}

#[tokio::test]
async fn an_unchanged_directory_gives_unchanged_records() {
    let annuaire = Annuaire::start("ldap-twice");
    let connector = annuaire.connector_with("page_size = 100");
    let first = Everything::of(&connector).await;
    assert!(first.records == Everything::of(&annuaire.connector()).await.records, "whatever the size of a page");
}

/// LDAP-08: an entry that goes to another place in the tree is the record it was, and its person signs in from there.
#[tokio::test]
async fn an_entry_that_moves_in_the_tree_is_who_it_was() {
    let annuaire = Annuaire::start("ldap-moved");
    let (connector, teacher) = (annuaire.connector(), annuaire.account("teacher"));
    let before = Everything::of(&connector).await;
    let elsewhere = format!("ou=ailleurs,ou=people,{}", annuaire.slapd.suffix());
    let (name, _) = teacher.dn.split_once(',').unwrap();
    let moves = format!(
        "dn: {elsewhere}\nchangetype: add\nobjectClass: organizationalUnit\nou: ailleurs\n\n\
         dn: {}\nchangetype: modrdn\nnewrdn: {name}\ndeleteoldrdn: 0\nnewsuperior: {elsewhere}\n",
        teacher.dn
    );
    annuaire.slapd.change(&moves).unwrap();
    let after = Everything::of(&connector).await;
    assert_eq!(after.person(&teacher.login), before.person(&teacher.login));
    assert_eq!(after.people().count(), before.people().count());
    let verdict = passwords(&connector).check(&teacher.login, &teacher.password).await.unwrap();
    assert_eq!(verdict, Verdict::Proven { key: before.person(&teacher.login).key.clone() });
}
