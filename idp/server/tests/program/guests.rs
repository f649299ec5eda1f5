//! `preau guests`: two ENTs, from the convention to the end, by the command line alone.

use crate::desk::Desk;
use preau_domain::{
    AccountState, Affiliation, Credentials, Establishment, EstablishmentKind, JoinKey, Person, PersonId, Profile,
    SourceId, Uai,
};
use preau_store::{PersonChange, Told};
use std::path::Path;

const ECOLE: &str = "0990001N";
const COLLEGE: &str = "0990010Y";
const OTHER_COLLEGE: &str = "0990101X";
const OTHER_ECOLE: &str = "0990002P";

fn pupil(number: usize, level: &str, class: &str) -> PersonChange {
    let mut own = Affiliation::new(ECOLE.parse::<Uai>().unwrap(), Profile::Pupil);
    (own.level, own.classes) = (Some(level.into()), vec![class.into()]);
    let person = Person {
        id: PersonId::new(format!("p{number:015}")),
        join: Some(JoinKey { source: SourceId::new("annuaire"), key: format!("{number}") }),
        state: AccountState::Active,
        given_name: format!("Prénom{number}"),
        family_name: "Valombreuse".into(),
        title: None,
        login: Some(format!("eleve{number}")),
        mail: Some(format!("eleve{number}@ecoles.example")),
        credentials: Credentials::Directory,
        affiliations: vec![own],
        children: vec![],
    };
    PersonChange { person, digest: "0".repeat(32), told: Told::default() }
}

/// Two ENTs with a convention in force between them, as their operators make it: the écoles, the collège.
fn two() -> (Desk, Desk) {
    let (home, host) = (Desk::new(), Desk::new());
    for desk in [&home, &host] {
        let text = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
        let source = "[sources.autre]\nkind = \"upstream-oidc\"\nissuer = \"https://autre.example\"\nclient_id = \"a\"\n\
                      client_secret_file = \"secret\"\ntitle = { fr = \"Autre\", en = \"Other\" }\nmatch = [{ claim = \"r\", as = \"record\", source = \"autre\" }]\n";
        desk.write("preau.toml", &format!("{text}{source}"));
        desk.write("secret", "grille-Noire-202");
        desk.write("pad.secret", "grille-Noire-202-grille-Noire-202-grille");
    }
    (home, host)
}

fn done(desk: &Desk, args: &[&str]) -> String {
    let (code, out, err) = desk.run(args);
    assert_eq!(code, 0, "{args:?}: {out}{err}");
    out
}

fn refused(desk: &Desk, args: &[&str], told: &str) {
    let (code, out, err) = desk.run(args);
    assert!(code != 0 && err.contains(told), "{args:?}: {told}: {out}{err}");
}

/// Who receives which data of guests, and by which convention, on each side.
fn in_the_record(home: &Desk, host: &Desk) {
    let school = |desk: &Desk, number: &str, kind: EstablishmentKind| {
        let establishment = Establishment {
            uai: number.parse().unwrap(),
            join: JoinKey { source: SourceId::new("annuaire"), key: number.into() },
            kind,
            name: "Mûriers".into(),
            city: None,
            sector: None,
            groups: vec![],
        };
        let url = format!("sqlite://{}", desk.path("data/preau.db").display());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = preau_store_sql::open(&url).await.unwrap();
            store.put_establishments(None, &[establishment]).await.unwrap();
        });
    };
    school(host, COLLEGE, EstablishmentKind::College);
    let out = done(host, &["register", "--establishment", COLLEGE]);
    for told in ["Invités (L’autre)", "« Fables »", "reçues de leur ENT : prénom, initiale", "convention cycle3", ECOLE]
    {
        assert!(out.contains(told), "{told}: {out}");
    }
    assert!(out.contains(" : invités (L’autre)") && !out.contains("https://pad.example/ : courriel"), "{out}");
    let english = done(host, &["register", "--establishment", COLLEGE, "--lang", "en"]);
    assert!(english.contains("Guests (L’autre)") && english.contains("code name that their workspace"), "{english}");
    let out = done(home, &["register", "--establishment", ECOLE]);
    assert!(out.contains("Listes envoyées à L’autre") && !out.contains("Invités (L’autre)"), "{out}");
}

/// What the annuaire proposes, and what somebody declares.
fn paired(home: &Desk) {
    refused(home, &["pairs", "show", OTHER_COLLEGE], "the annuaire proposes none");
    let out = done(home, &["pairs", "show", COLLEGE]);
    assert!(out.contains(&format!("{ECOLE}  proposed  École")) && out.contains("--proposed"), "{out}");
    let out = done(home, &["guests", "estimate", COLLEGE, "--convention", "cycle3"]);
    assert!(out.contains("by the sectors of the annuaire") && out.contains("3 guests"), "{out}");
    assert!(out.contains("within the quota of 3"), "{out}");
    done(home, &["pairs", "declare", COLLEGE, OTHER_ECOLE]);
    let out = done(home, &["pairs", "show", COLLEGE]);
    assert!(out.contains(&format!("{OTHER_ECOLE}  declared")) && out.contains(&format!("{ECOLE}  proposed")), "{out}");
    assert!(done(home, &["guests", "estimate", COLLEGE]).contains("0 guests"), "what was declared stays");
    done(home, &["pairs", "declare", COLLEGE, "--proposed"]);
    let out = done(home, &["guests", "estimate", COLLEGE, "--convention", "cycle3"]);
    assert!(out.contains("3 guests") && !out.contains("sectors"), "{out}");
}

/// Makes the signing keys of a house, and gives what it publishes.
fn keys(desk: &Desk) -> String {
    let server = desk.serve(&[]).ready();
    let answer = server.get("/oidc/jwks", "").unwrap();
    assert_eq!(server.stop(), 0);
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Gives the fingerprint that is read at this side.
fn convention(desk: &Desk, peer: &Desk, keys: &Path, quota: &str) -> String {
    let url = format!("https://{}", peer.address);
    let keys = keys.to_str().unwrap();
    let args =
        ["conventions", "draft", "cycle3", "--peer", &url, "--name", "L’autre", "--provider", "autre", "--keys", keys];
    let more = ["--service", "pad", "--purpose", "cycle 3", "--data", "prénom", "--establishments", ECOLE];
    let dates = ["--from", "2020-01-01", "--until", "2099-07-31", "--quota", quota];
    done(desk, &[&args[..], &more, &dates].concat());
    done(desk, &["conventions", "sign", "cycle3", "--by", "La cheffe"]);
    refused(desk, &["conventions", "sign", "cycle3", "--by", "La cheffe"], "signed already");
    let peers = ["conventions", "sign", "cycle3", "--by", "L’autre", "--peer", "--fingerprint"];
    refused(desk, &[&peers[..], &["7f3a-19c2-88d0-1b2c-4e5f"]].concat(), "not agree on the same text");
    let drawn = done(desk, &["conventions", "list", "--json"]);
    let drawn: serde_json::Value = serde_json::from_str(&drawn).unwrap();
    let terms = drawn[0]["fingerprint"].as_str().unwrap();
    assert!(done(desk, &[&peers[..], &[terms]].concat()).contains(terms));
    terms.to_owned()
}

/// One side changes the text: nothing crosses until the other did the same and both signed it again, and whoever was a guest is one still.
fn amended(home: &Desk, host: &Desk, class: &str) {
    refused(host, &["conventions", "amend", "cycle3", "--quota", "3"], "the text it has");
    refused(host, &["conventions", "amend", "cycle3", "--quota", "0"], "allows 1 to");
    let (other, again) = (home.path("other"), home.path("again-2"));
    let export = |out: &Path| {
        let out = out.to_str().unwrap();
        done(
            home,
            &["guests", "export", "--convention", "cycle3", "--space", "fables", "--group", class, "--out", out],
        );
    };
    let sign = |desk: &Desk| {
        done(desk, &["conventions", "sign", "cycle3", "--by", "La cheffe"]);
        done(desk, &["conventions", "sign", "cycle3", "--by", "L’autre", "--peer"])
    };
    export(&other);
    let out = done(host, &["conventions", "amend", "cycle3", "--data", "prénom", "--data", "classe", "--quota", "4"]);
    assert!(out.contains("is draft") && out.contains("until both parties signed it again"), "{out}");
    refused(host, &["guests", "import", other.to_str().unwrap()], "not in force");
    sign(host);
    refused(host, &["guests", "import", other.to_str().unwrap()], "compare both by `preau conventions list`");
    done(home, &["conventions", "amend", "cycle3", "--data", "classe", "--data", "prénom", "--quota", "4"]);
    sign(home);
    export(&again);
    let out = done(host, &["guests", "import", again.to_str().unwrap()]);
    assert!(out.contains("2 were guests already"), "{out}");
}

/// A head stopped what comes by the convention and is not there any more: an operator finds it and lifts it.
fn left_behind(host: &Desk, runtime: &tokio::runtime::Runtime) {
    let (at, whom) = (["--establishment", COLLEGE], "convention/cycle3");
    let college: Uai = COLLEGE.parse().unwrap();
    let url = format!("sqlite://{}", host.path("data/preau.db").display());
    runtime.block_on(async {
        let store = preau_store_sql::open(&url).await.unwrap();
        store.stop_here(&college, "cycle3", preau_domain::Instant(1_790_000_000_000)).await.unwrap();
    });
    let out = done(host, &[&["guests", "stops"], &at[..]].concat());
    assert!(out.contains(whom) && out.contains("by the head") && out.contains("1 stops"), "{out}");
    let out = done(host, &[&["guests", "stops", "--json"], &at[..]].concat());
    let read: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((read[0]["whom"].as_str(), read[0]["by_head"].as_bool()), (Some(whom), Some(true)), "{out}");
    let lift = |whom: &'static str| [&["guests", "lift", whom], &at[..]].concat();
    refused(host, &[&lift("convention/autre")[..], &["--why", "Départ"]].concat(), "no such stop");
    refused(host, &[&lift(whom)[..], &["--why", " "]].concat(), "1 to 200 characters");
    assert_eq!(host.run(&lift(whom)).0, 2, "nobody lifts one without a reason");
    done(host, &[&lift(whom)[..], &["--why", "Départ de la principale"]].concat());
    assert!(done(host, &[&["guests", "stops"], &at[..]].concat()).contains("0 stops"));
    runtime.block_on(async {
        let store = preau_store_sql::open(&url).await.unwrap();
        let events = store.audit_entries(i64::MIN, 1_000).await.unwrap();
        let said = format!("convention-goes-on-here cycle3 at {COLLEGE}: Départ de la principale");
        assert!(events.iter().any(|event| event.detail == said), "{said}");
    });
}

/// A convention with a school that signs nothing: drafted without keys, and for data that such a list says.
#[test]
fn a_convention_whose_lists_are_written_here_has_no_keys() {
    let desk = Desk::new();
    let draft = [
        "conventions",
        "draft",
        "lilas",
        "--peer",
        "urn:ecole:0990001N",
        "--name",
        "École des Lilas",
        "--purpose",
        "cycle 3",
    ];
    let dates = ["--establishments", ECOLE, "--from", "2020-01-01", "--until", "2099-07-31", "--quota", "30"];
    let with = |more: &[&'static str]| [&draft[..], &dates[..], more].concat();
    assert_eq!(desk.run(&with(&["--cards", "--data", "prénom, initiale"])).0, 2, "whoever signs has keys");
    assert_eq!(desk.run(&with(&["--typed", "--data", "prénom, initiale"])).0, 2, "only where they come by cards");
    refused(&desk, &with(&["--cards", "--typed", "--data", "prénom"]), "« prénom » and « initiale »");
    let out = done(&desk, &with(&["--cards", "--typed", "--data", "prénom, initiale, classe"]));
    assert!(out.contains("convention lilas is drawn up"), "{out}");
}

#[test]
fn a_list_goes_from_one_ent_to_the_other_and_is_taken_back() {
    let (home, host) = two();
    for desk in [&home, &host] {
        done(
            desk,
            &[
                "mount",
                "oidc-application",
                "--id",
                "pad",
                "--url",
                "https://pad.example/",
                "--for",
                "Invite,National_ELV",
            ],
        );
    }
    let keys = keys(&home);
    for desk in [&home, &host] {
        desk.write("peer.json", &keys);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = preau_store_sql::open(&format!("sqlite://{}", home.path("data/preau.db").display())).await.unwrap();
        let pupils =
            [pupil(1, "CM2", "CM2A"), pupil(2, "CM2", "CM2A"), pupil(3, "CM1", "CM1B"), pupil(4, "CE2", "CE2")];
        store.put_people(None, &pupils).await.unwrap();
        let ecole = Establishment {
            uai: ECOLE.parse().unwrap(),
            join: JoinKey { source: SourceId::new("annuaire"), key: "e1".into() },
            kind: EstablishmentKind::Ecole,
            name: "École des Mûriers".into(),
            city: None,
            sector: Some(COLLEGE.parse().unwrap()),
            groups: vec![],
        };
        store.put_establishments(None, &[ecole]).await.unwrap();
        store.flush_audit().await.unwrap();
    });
    let terms = convention(&home, &host, &home.path("peer.json"), "3");
    assert_eq!(convention(&host, &home, &host.path("peer.json"), "3"), terms, "both read the same");
    paired(&home);
    let until = format!("{}-07-31", 2098);
    let space = [
        "spaces",
        "open",
        "fables",
        "--title",
        "Fables",
        "--host",
        COLLEGE,
        "--convention",
        "cycle3",
        "--mount",
        "pad",
    ];
    let group = format!("{ECOLE}:CM2A:pupil:redacteur");
    done(&host, &[&space[..], &["--group", &group, "--until", &until]].concat());
    in_the_record(&home, &host);
    let manager = format!("{ECOLE}:CM2A:staff:gestionnaire");
    refused(&host, &[&space[..], &["--group", &manager, "--until", &until]].concat(), "a guest manages no space");
    let list = home.path("list");
    let (list, class) = (list.to_str().unwrap(), format!("{ECOLE}:CM2A:pupil"));
    done(&home, &["guests", "export", "--convention", "cycle3", "--space", "fables", "--group", &class, "--out", list]);
    let text = std::fs::read_to_string(list).unwrap();
    for nothing in ["Valombreuse", "eleve1", "@", "p000000000000001", "annuaire"] {
        assert!(!text.lines().skip(1).any(|line| line.contains(nothing)), "{nothing}: {text}");
    }
    assert!(text.contains("Prénom1") && text.contains("\"V.\"") && text.lines().count() == 3, "{text}");
    let out = done(&host, &["guests", "import", list, "--dry-run"]);
    assert!(out.contains("2 people") && out.contains("nothing was written"), "{out}");
    refused(&home, &["guests", "import", list], "refused, whole");
    host.write("forged", &text.replace("Prénom1", "Alice"));
    refused(&host, &["guests", "import", "forged"], "not those that were signed");
    assert!(done(&host, &["guests", "list", "--space", "fables"]).contains("0 guests"));
    let out = done(&host, &["guests", "import", list]);
    assert!(out.contains("2 are new guests"), "{out}");
    refused(&host, &["guests", "import", list], "taken in already");
    assert!(done(&host, &["guests", "list", "--convention", "cycle3"]).contains("2 guests"));
    let undo = out.rsplit_once(' ').unwrap().1.trim();
    assert!(done(&host, &["guests", "undo", "cycle3", undo]).contains("2 people are out"));
    refused(&host, &["guests", "import", list], "taken in already");
    let again = home.path("again");
    let list = again.to_str().unwrap();
    done(&home, &["guests", "export", "--convention", "cycle3", "--space", "fables", "--group", &class, "--out", list]);
    assert!(done(&host, &["guests", "import", list, "--dry-run"]).contains("2 would be new guests"));
    done(&host, &["guests", "import", list]);
    assert!(done(&host, &["conventions", "list"]).contains("2 of 3 guests"));
    done(&host, &["conventions", "suspend", "cycle3"]);
    refused(&host, &["guests", "import", list], "not in force");
    done(&host, &["conventions", "resume", "cycle3"]);
    left_behind(&host, &runtime);
    amended(&home, &host, &class);
    assert!(done(&host, &["conventions", "end", "cycle3"]).contains("2 guests are guests no more"));
    refused(&host, &["conventions", "resume", "cycle3"], "it is over");
    let (_, journal, _) = host.run(&["audit", "verify"]);
    assert!(journal.contains("events checked: the journal says what was written"), "{journal}");
}
