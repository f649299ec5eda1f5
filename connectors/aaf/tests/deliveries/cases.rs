//! The oddities of real feeds: what does not fit is rejected with file and line, and nothing else suffers.

use crate::support::{Everything, Written, named, pupil, relative, request, teacher};
use preau_connector_api::{Birth, Completion, Record};
use preau_domain::{BirthDate, Legal, Profile};

#[tokio::test]
async fn oddities_of_pupils() {
    let links = "77$10$1$1$1$1|78$39$0$3$0$0";
    let pupils = [
        pupil("11", &[("ENTElevePersRelEleve", links)]),
        pupil("12", &[("ENTElevePersRelEleve", "77$10$1$1$1")]),
        pupil("13", &[("ENTEleveClasses", "9001$6B|9002$2A")]),
        pupil("14", &[("ENTEleveClasses", "9001$6B|9001$6C")]),
        pupil("15", &[("ENTPersonStructRattach", "9999"), ("ENTEleveClasses", "9999$6B")]),
        pupil("16", &[("ENTEleveGroupes", ""), ("mail", "")]),
        pupil("17", &[("ENTEleveClasses", "9001$6 &amp; ＄B")]),
        pupil("11", &[]),
        pupil("18", &[]).replace("<id>18</id>", "<id/>"),
        pupil("19", &[("ENTPersonJointure", "20")]),
    ];
    let written = Written::new(
        "aaf-pupils",
        &pupils.concat(),
        &(relative("77") + &relative("78") + &relative("79")),
        &teacher("31", &[]),
    );
    let read = written.read().await;
    assert_eq!(read.completion, Completion::Complete);
    assert!(read.reason("12").contains("5 fields instead of 6"));
    assert_eq!(read.person("13").affiliations.len(), 2, "one class in each of two schools");
    assert!(read.reason("14").contains("two classes"));
    assert!(read.reason("15").contains("names no structure"));
    assert_eq!((read.person("16").mail.as_deref(), read.person("16").title.as_deref()), (None, Some("Mme")));
    assert_eq!(read.person("17").affiliations[0].classes, ["6 & ＄B"]);
    assert!(read.reason("11").contains("another entry"));
    assert!(read.rejected().iter().any(|rejected| rejected.key.is_none() && rejected.reason.contains("identifier")));
    assert!(read.reason("19").contains("differ"));
    assert!(read.rejected().iter().all(|rejected| rejected.dn.starts_with("E2D_Complet_20260901_Eleve_0000.xml:")));
    // The parent of a rejected pupil is read in part, a contact has no rights, and one without a pupil is somebody.
    let partial = |key: &str| read.records.iter().any(|r| matches!(r, Record::Partial(person) if person.key == key));
    assert!(partial("77") && !partial("78"));
    assert_eq!(read.person("77").affiliations[0].profile, Profile::Guardian);
    let contact = read.person("78");
    assert!(contact.affiliations.is_empty() && contact.children[0].legal == Legal::Contact);
    assert!(read.person("79").children.is_empty() && read.person("79").affiliations.is_empty());
}

#[tokio::test]
async fn oddities_of_staff() {
    let functions = |values: &'static str| [("ENTPersonFonctions", values)];
    let staff = [
        teacher(
            "31",
            &functions("9001$ENS$ENSEIGNEMENT$L0202$LETTRES|9002$ENS$ENSEIGNEMENT$L0202$LETTRES|9001$DOC$DOC$-$-"),
        ),
        teacher("32", &functions("9001$-$-$-$-")),
        teacher("33", &functions("9001$ENS$ENSEIGNEMENT$L0202")),
        teacher("34", &functions("9001$XYZ$NOUVEAU$-$-")),
        teacher("35", &functions("9999$ENS$ENSEIGNEMENT$L0202$LETTRES")),
        teacher("36", &[("ENTAuxEnsClassesMatieres", "9001$6B$030201"), ("ENTAuxEnsClassesPrincipal", "9001$6B")]),
    ];
    let written = Written::new("aaf-staff", &pupil("11", &[]), &relative("77"), &staff.concat());
    let read = written.read().await;
    assert_eq!(read.completion, Completion::Complete);
    assert_eq!(read.person("31").affiliations.len(), 3);
    for (key, reason) in
        [("32", "no function"), ("33", "4 fields"), ("34", "no function"), ("35", "names no structure")]
    {
        assert!(read.reason(key).contains(reason), "{key}: {}", read.reason(key));
    }
    let teacher = &read.person("36").affiliations[0];
    assert_eq!((&*teacher.classes, &*teacher.head_teacher_of), (&["6B".to_owned()][..], &["6B".to_owned()][..]));
    assert_eq!(teacher.subjects, ["030201", "L0202"]);
    let school = read.records.iter().find_map(|record| match record {
        Record::Establishment(school) if school.key == "9001" => Some(school),
        _ => None,
    });
    let school = school.expect("the collège");
    assert_eq!((school.name.as_str(), school.groups[1].label.as_str()), ("CLG DES TILLEULS", "6EME C & D"));
}

/// Whoever is in several files is one person, with all they are.
#[tokio::test]
async fn a_person_of_several_files_is_one() {
    let links = [("ENTElevePersRelEleve", "31$10$1$1$1$1|32$20$1$1$1$1")];
    let second = Written::new(
        "aaf-several-2d",
        &pupil("11", &links),
        &(relative("31") + &relative("32")),
        &(teacher("31", &[]) + &teacher("33", &[])),
    );
    let first = preau_rig::scratch("aaf-several-1d");
    let of = |kind: &str, id: &str, attributes: &[(&str, &str)]| {
        let own = [("ENTPersonNom", "Verveine"), ("ENTPersonPrenom", "Flore")];
        request("add", kind, id, &[&own, attributes].concat())
    };
    let school =
        [("ENTStructureUAI", "0990003R"), ("ENTStructureNomCourant", "École"), ("ENTEcoleMinistereTutelle", "x")];
    let teaches = [("ENTPersonFonctions", "9003$ENS$ENSEIGNEMENT$G0000$1ER DEGRE")];
    let own =
        |id: &str, class: &str| of("Eleve", id, &[("ENTPersonClasses", class), ("ENTEleveAutoriteParentale", "32$20")]);
    let written = Written { folder: first };
    for (kind, text) in [
        ("EtabEducNat", request("add", "EtabEducNat", "9003", &school)),
        ("Eleve", own("11", "9003$CLASSE$$7$CM2 A") + &own("21", "9003$CLASSE$$7$CM2 A")),
        ("PersRelEleve", of("PersRelEleve", "32", &[])),
        ("PersEducNat", of("PersEducNat", "33", &teaches) + &of("PersEducNat", "34", &teaches)),
    ] {
        written.file(&format!("E1D_Complet_20260901_{kind}_0000.xml"), &text);
    }
    let config = format!("{}first_degree = {:?}\n", second.config(), written.folder);
    let read = Everything::of(&config).await;
    assert_eq!(read.completion, Completion::Complete);
    let what = |key: &str| -> Vec<(&str, Profile)> {
        read.person(key).affiliations.iter().map(|a| (a.establishment.as_str(), a.profile)).collect()
    };
    assert_eq!(what("31"), [("0990001N", Profile::Guardian), ("0990001N", Profile::Teacher)], "a parent who teaches");
    assert_eq!(read.person("31").family_name, "Basalte", "as the employer says");
    assert_eq!(what("32"), [("0990001N", Profile::Guardian), ("0990003R", Profile::Guardian)], "a parent in both");
    assert_eq!(what("33"), [("0990001N", Profile::Teacher), ("0990003R", Profile::Teacher)], "a teacher in both");
    assert_eq!(what("34"), [("0990003R", Profile::Teacher)], "control");
    assert_eq!(what("11"), [("0990001N", Profile::Pupil)], "a pupil in both is in the collège");
    assert!(read.reason("11").contains("degree above"));
    assert_eq!(read.people().filter(|person| person.key == "32").count(), 1);
    assert!(!read.records.iter().any(|record| matches!(record, Record::Partial(_))), "nobody waits for that");
    let ecole = read.records.iter().find_map(|record| match record {
        Record::Establishment(school) if school.key == "9003" => Some(school),
        _ => None,
    });
    assert_eq!(ecole.map(|school| school.groups[0].label.as_str()), Some("CM2 A"));
}

/// A parent whose record as a teacher cannot be used keeps what they are: only a part was read.
#[tokio::test]
async fn a_part_of_a_person_is_told_as_a_part() {
    let links = [("ENTElevePersRelEleve", "31$10$1$1$1$1|32$10$1$1$1$1")];
    let staff = teacher("31", &[]) + &teacher("32", &[]);
    let staff = staff.replacen("Basalte", "&x;", 1);
    let written = Written::new("aaf-part", &pupil("11", &links), &(relative("31") + &relative("32")), &staff);
    let read = written.read().await;
    let partial = |key: &str| read.records.iter().any(|r| matches!(r, Record::Partial(person) if person.key == key));
    assert!(partial("31") && !partial("32"));
    assert!(read.reason("31").contains("entity"));
}

/// Two academies may use the same key: each is a source of its own, and neither touches the other's people.
#[tokio::test]
async fn the_prefix_of_another_academy_stays() {
    let staff =
        request("add", "PersEducNat", "AC-BOREE$31", &named("Basalte", &[("ENTPersonFonctions", "9001$ENS$E$-$-")]))
            + &teacher("AC-NOTOS$32", &[]);
    let written = Written::new("aaf-academies", &pupil("11", &[]), &relative("77"), &staff);
    let read = Everything::of(&(written.config() + "academy = \"AC-NOTOS\"\n")).await;
    assert!(read.find("AC-BOREE$31").is_some() && read.find("31").is_none() && read.find("32").is_some());
}

/// Dates of birth are read of the profiles that the settings name, by deltas too, and of nobody else; one that is no date rejects nobody.
#[tokio::test]
async fn dates_of_birth_are_read_of_those_who_were_named() {
    let born = |day: &'static str| [("ENTPersonDateNaissance", day), ("ENTElevePersRelEleve", "77$10$1$1$1$1")];
    let pupils = pupil("11", &born("03/11/2014")) + &pupil("12", &born("demain")) + &pupil("13", &born(""));
    let parent = request("add", "PersRelEleve", "77", &named("Mistral", &[("ENTPersonDateNaissance", "04/05/1980")]));
    let written =
        Written::new("aaf-births", &pupils, &parent, &teacher("31", &[("ENTPersonDateNaissance", "1/2/1970")]));
    let day = |text| Birth::Told(BirthDate::read(text).expect("a day"));
    let read = async |setting: &str| {
        let read = Everything::of(&(written.config() + setting)).await;
        assert_eq!((&read.completion, read.rejected().len()), (&Completion::Complete, 0), "{setting}");
        ["11", "12", "13", "77", "31"].map(|key| read.person(key).birth.clone())
    };
    let nothing = || Birth::Untold;
    assert_eq!(read("").await, [nothing(), nothing(), nothing(), nothing(), nothing()]);
    let pupils = "confirm_birth_date = [\"National_ELV\"]\n";
    assert_eq!(read(pupils).await, [day("03/11/2014"), Birth::Unread, nothing(), nothing(), nothing()]);
    let parents = "confirm_birth_date = [\"National_TUT\"]\n";
    assert_eq!(read(parents).await, [nothing(), nothing(), nothing(), day("04/05/1980"), nothing()]);
    let mended = request("modify", "Eleve", "12", &[("ENTPersonDateNaissance", "05/11/2014")]);
    written.file("E2D_Delta_20260902_Eleve_0000.xml", &mended);
    assert_eq!(read(pupils).await[1], day("05/11/2014"));
}
