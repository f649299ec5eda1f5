//! The life of a key file, and what must never collide.

use super::*;
use preau_domain::SourceId;

const DEV_KEY: &str = include_str!("../../../../certs/dev-master.key");

fn write_key(dir: &Path, text: &str, mode: u32) {
    let path = dir.join(MASTER_KEY_FILE);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    dir
}

#[test]
fn the_first_start_draws_a_key_and_the_second_finds_it() {
    let base = folder();
    let dir = base.path().join("a/b");
    let first = Keyring::open(&dir, false).unwrap();
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(dir.join(MASTER_KEY_FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "no draft stays behind");
    let second = Keyring::open(&dir, false).unwrap();
    assert_eq!(first.mac("p", &["a"]), second.mac("p", &["a"]));
    let other = Keyring::open(&base.path().join("c"), false).unwrap();
    assert_ne!(first.fingerprint(), other.fingerprint());
}

#[test]
fn servers_that_start_at_once_agree_on_one_key() {
    let base = folder();
    let dir = base.path().to_owned();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let dir = dir.clone();
            std::thread::spawn(move || Keyring::open(&dir, false).unwrap().fingerprint().to_owned())
        })
        .collect();
    let prints: std::collections::HashSet<String> = starts.into_iter().map(|t| t.join().unwrap()).collect();
    assert_eq!(prints.len(), 1);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
}

#[test]
fn a_key_others_can_reach_is_refused() {
    let dir = folder();
    let own = format!("{}\n", "5a".repeat(32));
    for mode in [0o640, 0o604, 0o660, 0o644] {
        write_key(dir.path(), &own, mode);
        assert!(matches!(Keyring::open(dir.path(), true), Err(KeyProblem::Readable { .. })), "{mode:o}");
    }
    write_key(dir.path(), &own, 0o600);
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o770)).unwrap();
    assert!(matches!(Keyring::open(dir.path(), true), Err(KeyProblem::Writable { .. })));
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(Keyring::open(dir.path(), false).is_ok(), "control");
}

#[test]
fn a_shipped_key_serves_a_demo_and_nothing_else() {
    let dir = folder();
    let bare = DEV_KEY.lines().last().unwrap();
    for disguise in [DEV_KEY.to_owned(), bare.to_owned(), bare.to_uppercase(), format!("# mine\n\n  {bare}  \n")] {
        write_key(dir.path(), &disguise, 0o600);
        assert!(matches!(Keyring::open(dir.path(), false), Err(KeyProblem::Shipped(_))), "{disguise}");
        assert!(Keyring::open(dir.path(), true).is_ok(), "control: {disguise}");
    }
}

#[test]
fn something_else_is_no_key_and_stays_untouched() {
    let dir = folder();
    let key = "5a".repeat(32);
    for text in ["", "#", "zz", &key[..62], &format!("{key}\n{key}"), &format!("{key}00"), &"5g".repeat(32)] {
        write_key(dir.path(), text, 0o600);
        assert!(matches!(Keyring::open(dir.path(), false), Err(KeyProblem::Malformed(_))), "{text:?}");
        assert_eq!(fs::read_to_string(dir.path().join(MASTER_KEY_FILE)).unwrap(), text);
    }
    fs::write(dir.path().join(MASTER_KEY_FILE), [0xff; 64]).unwrap();
    assert!(matches!(Keyring::open(dir.path(), false), Err(KeyProblem::Malformed(_))));
    fs::write(dir.path().join(MASTER_KEY_FILE), "#".repeat(5000)).unwrap();
    assert!(matches!(Keyring::open(dir.path(), false), Err(KeyProblem::Malformed(_))));
}

#[test]
fn a_dangling_link_is_a_problem_and_no_first_start() {
    let dir = folder();
    std::os::unix::fs::symlink("/nonexistent/key", dir.path().join(MASTER_KEY_FILE)).unwrap();
    assert!(matches!(Keyring::open(dir.path(), false), Err(KeyProblem::Io { .. })));
}

#[test]
fn a_code_belongs_to_its_texts_its_purpose_and_its_key() {
    let ring = Keyring::ephemeral(b"1");
    let code = ring.mac("form", &["ab", "c"]);
    assert_eq!(code.len(), 43);
    assert!(ring.mac_ok("form", &["ab", "c"], &code));
    assert!(!ring.mac_ok("form", &["a", "bc"], &code));
    assert!(!ring.mac_ok("form", &["abc"], &code));
    assert!(!ring.mac_ok("form", &["ab", "c", ""], &code));
    assert!(!ring.mac_ok("form2", &["ab", "c"], &code));
    assert!(!ring.mac_ok("form", &["ab", "c"], ""));
    assert!(!ring.mac_ok("form", &["ab", "c"], &code[..42]));
    assert!(!Keyring::ephemeral(b"2").mac_ok("form", &["ab", "c"], &code));
}

#[test]
fn a_code_of_a_date_of_birth_is_one_records() {
    let ring = Keyring::ephemeral(b"1");
    let of = |source: &str, key: &str| JoinKey { source: SourceId::new(source), key: key.into() };
    let day = |text| BirthDate::read(text).unwrap();
    let (noe, date) = (of("aaf", "7"), day("03/11/2014"));
    let code = ring.birth_code(&noe, &date);
    assert!(ring.birth_code_ok(&noe, &day("2014-11-03"), &code), "control: however it is written");
    for (other, date) in [(of("aaf", "8"), &date), (of("ville", "7"), &date), (noe.clone(), &day("04/11/2014"))] {
        assert!(!ring.birth_code_ok(&other, date, &code), "{other}");
    }
    assert!(!Keyring::ephemeral(b"2").birth_code_ok(&noe, &date, &code), "another key");
}

#[test]
fn a_pairwise_identifier_is_stable_opaque_and_apart() {
    let ring = Keyring::ephemeral(b"1");
    let (alice, bob) = (PersonId::new("pa"), PersonId::new("pb"));
    let id = ring.pairwise("grr", &alice);
    assert_eq!(id.len(), 32);
    assert!(id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()), "{id}");
    assert_eq!(id, ring.pairwise("grr", &alice));
    assert_ne!(id, ring.pairwise("moodle", &alice));
    assert_ne!(id, ring.pairwise("grr", &bob));
    assert_ne!(id, Keyring::ephemeral(b"2").pairwise("grr", &alice));
    assert_ne!(ring.pairwise("a", &PersonId::new("bc")), ring.pairwise("ab", &PersonId::new("c")));
}

#[test]
fn a_keyring_never_prints_its_key() {
    assert_eq!(format!("{:?}", Keyring::ephemeral(b"1")), "Keyring");
}

#[test]
fn the_codes_of_the_journal_are_its_own() {
    let (one, other) = (Keyring::ephemeral(b"a"), Keyring::ephemeral(b"b"));
    let code = one.journal_code();
    assert_eq!(code(&["ab", "c"]), one.journal_code()(&["ab", "c"]), "the same after a restart");
    assert_eq!(code(&["ab", "c"]).len(), 22);
    assert_ne!(code(&["ab", "c"]), code(&["a", "bc"]));
    assert_ne!(code(&["ab", "c"]), other.journal_code()(&["ab", "c"]));
    assert!(!one.mac("session-form", &["ab", "c"]).starts_with(&code(&["ab", "c"])));
}
