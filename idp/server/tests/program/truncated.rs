//! A directory that answers to the end, and not with everybody: a filter with a slip, rights that were taken away. To a reader such a
//! reading is complete. It takes nothing from anybody.

use crate::source::Annuaire;
use preau_rig::{Slapd, SlapdOptions};

/// The same directory, of which the reader sees less.
fn hiding(annuaire: Annuaire, what: Option<&str>) -> Annuaire {
    let Annuaire { desk, slapd } = annuaire;
    let port = Some(slapd.port());
    slapd.stop();
    let options = SlapdOptions { port, hides: what.map(str::to_owned), ..SlapdOptions::default() };
    let slapd = Slapd::start(&desk.path("slapd"), &options).unwrap();
    Annuaire { desk, slapd }
}

#[test]
fn a_filter_with_a_slip_takes_nothing_away() {
    let annuaire = Annuaire::start();
    assert_eq!(annuaire.sync(&[]).0, 0);
    let (everybody, config) = (annuaire.active(), std::fs::read_to_string(annuaire.desk.path("preau.toml")).unwrap());
    let mapping = include_str!("../../../../connectors/ent/mapping/ldap.toml");
    annuaire.desk.write("preau.toml", &format!("{config}mapping = \"mapping.toml\"\n"));
    let slips = [
        ("(objectClass=ENTEleve)", "(objectClass=ENTEleves)", 3),
        (
            "(&(objectClass=ENTPerson)(!(objectClass=ENTEleve)))",
            "(&(objectClass=ENTPersonne)(!(objectClass=ENTEleve)))",
            3,
        ),
        (
            "guardians = { attribute = \"ENTElevePersRelEleve\"",
            "guardians = { attribute = \"ENTElevePersRelEleves\"",
            3,
        ),
        ("\"ENTStructureUAI\"", "\"ENTStructureUAIs\"", 1),
    ];
    for (right, wrong, code) in slips {
        assert!(mapping.contains(right), "{right}");
        annuaire.desk.write("mapping.toml", &mapping.replacen(right, wrong, 1));
        for _ in 0..2 {
            let (ended, report) = annuaire.sync(&[]);
            assert_eq!((ended, &report["people"]["narrowed"].is_null()), (code, &false), "{wrong}: {}", report["held"]);
            assert_eq!(annuaire.active(), everybody, "{wrong}");
        }
    }
    annuaire.desk.write("mapping.toml", mapping);
    let (code, report) = annuaire.sync(&["--full"]);
    assert_eq!((code, &report["people"]["unchanged"]), (0, &everybody.into()), "control: as it should be: {report}");
}

#[test]
fn rights_that_were_taken_away_take_nothing_away() {
    let mut annuaire = Annuaire::start();
    assert_eq!(annuaire.sync(&[]).0, 0);
    let everybody = annuaire.active();
    let hidden = [
        ("filter=(objectClass=ENTEleve)", 3),
        ("attrs=ENTElevePersRelEleve", 3),
        ("attrs=ENTPersonLogin", 0),
        ("dn.subtree=\"ou=people,dc=ent,dc=example\"", 1),
        ("dn.subtree=\"ou=structures,dc=ent,dc=example\"", 1),
    ];
    for (what, code) in hidden {
        annuaire = hiding(annuaire, Some(what));
        for _ in 0..2 {
            let (ended, report) = annuaire.sync(&["--full"]);
            assert_eq!((ended, annuaire.active()), (code, everybody), "{what}: {report}");
        }
    }
    annuaire = hiding(annuaire, None);
    let (code, report) = annuaire.sync(&["--full"]);
    assert_eq!((code, &report["people"]["unchanged"]), (0, &everybody.into()), "control: {report}");
}

/// A copy that is not fed any more, or a backup that was put back: whoever left since is in it, and whoever came is not.
#[test]
fn a_directory_of_yesterday_in_place_of_todays_is_held() {
    let annuaire = Annuaire::start();
    let ldif = std::fs::read_to_string(annuaire.desk.path("annuaire.ldif")).unwrap();
    let tomorrow: String = ldif
        .lines()
        .map(|line| match line.starts_with("dn: ") {
            true => format!("{line}\nentryCSN: 20380101000000.000000Z#000000#000#000000\n"),
            false => format!("{line}\n"),
        })
        .collect();
    annuaire.desk.write("tomorrow.ldif", &tomorrow);
    let Annuaire { desk, slapd } = annuaire;
    let (today, file) = (slapd.url(), slapd.password_file());
    let ldif = Some(desk.path("tomorrow.ldif"));
    let ahead = Slapd::start(&desk.path("ahead"), &SlapdOptions { ldif, ..SlapdOptions::default() }).unwrap();
    let config = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    let other =
        config.replace(&today, &ahead.url()).replace(&format!("{file:?}"), &format!("{:?}", ahead.password_file()));
    assert_ne!(config, other);
    desk.write("preau.toml", &other);
    let annuaire = Annuaire { desk, slapd };
    let (code, first) = annuaire.sync(&[]);
    assert_eq!((code, &first["as_of"][0]), (0, &"2038010100".into()), "{first}");
    annuaire.desk.write("preau.toml", &config);
    for _ in 0..2 {
        let (code, report) = annuaire.sync(&["--full"]);
        assert_eq!((code, &report["reasons"][0]["rule"]), (3, &"older".into()), "{report}");
    }
    let (code, report) = annuaire.sync(&["--full", "--accept-suspensions", "0"]);
    assert_eq!(code, 0, "control: somebody says that it is right: {report}");
    assert_eq!(annuaire.sync(&["--full"]).0, 0, "and it stays so");
}
