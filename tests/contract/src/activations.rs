//! Passwords that live here of people who come from a source, the codes by which they choose them, and the charte they accept.

use crate::fixture::{LATER, NOW, beginning, change, conflicts, local, session, source, sourced};
use preau_domain::{
    Activation, Credential, Factor, FactorId, FactorKind, Instant, JoinKey, KeptKind, KeptThing, OneTimeKey, Person,
    PersonId, RunId, SessionId, SourceId,
};
use preau_store::{PersonChange, RunOutcome, RunRecord, SaidBy, Store, Told, UndoPart, Undoable};

async fn somebody(store: &dyn Store, key: &str) -> PersonId {
    let person = sourced(key);
    store.put_people(None, &[change(person.clone())]).await.unwrap();
    person.id
}

fn code(person: &PersonId, key: &str) -> Activation {
    Activation { person: person.clone(), key: OneTimeKey::new(key), made: NOW, expires: LATER, by: None }
}

/// A code is found by its key until it expires; another one of the same person takes its place, and nobody has the code of somebody else.
pub async fn a_code_is_one_persons(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    let by = Some(ali.clone());
    store.put_activations(&[Activation { by, ..code(&zoe, "z1") }, code(&ali, "a1")]).await.unwrap();
    let found = store.activation(&OneTimeKey::new("z1"), NOW).await.unwrap().unwrap();
    assert_eq!((&found.person, &found.by), (&zoe, &Some(ali.clone())));
    assert_eq!(store.activation(&OneTimeKey::new("z1"), LATER).await.unwrap(), None, "it expired");
    store.put_activations(&[code(&zoe, "z2")]).await.unwrap();
    assert_eq!(store.activation(&OneTimeKey::new("z1"), NOW).await.unwrap(), None, "a reprint takes the former back");
    assert_eq!(store.activation_of(&zoe, NOW).await.unwrap(), Some(code(&zoe, "z2")));
    assert!(conflicts(&store.put_activations(&[code(&zoe, "z3"), code(&ali, "z2")]).await));
    assert!(conflicts(&store.put_activations(&[code(&zoe, "z3"), code(&PersonId::new("p-nobody"), "n")]).await));
    assert_eq!(store.activation_of(&zoe, NOW).await.unwrap(), Some(code(&zoe, "z2")), "nothing of it happened");
    store.take_activation_back(&zoe).await.unwrap();
    assert_eq!(store.activation_of(&zoe, NOW).await.unwrap(), None);
}

/// Whoever has a password here, or a code in force, is found in one reading, be it by a further record; nobody else is.
pub async fn whoever_is_provided_is_found(store: &dyn Store) {
    let (zoe, _) = of_two_records(store).await;
    store.take_activation_back(&zoe).await.unwrap();
    let [ali, bob, leo] = [somebody(store, "ali").await, somebody(store, "bob").await, somebody(store, "leo").await];
    let join = Some(JoinKey { source: SourceId::new("ville"), key: "l".into() });
    let town = Person { join, ..sourced("further") };
    store.put_people(None, &[change(town.clone())]).await.unwrap();
    store.put_activations(&[code(&ali, "a1"), code(&town.id, "t1")]).await.unwrap();
    store.activate(&OneTimeKey::new("t1"), "leo.p", "hash", NOW).await.unwrap().unwrap();
    assert_eq!(store.pair(&[(leo.clone(), town.id.clone())], SaidBy::Hand, NOW).await.unwrap(), [true]);
    let guest = local("guest");
    store.add_local_person(&guest, "hash").await.unwrap();
    let all = [&zoe, &ali, &bob, &leo, &guest.id].map(Clone::clone);
    let provided = async |people: &[PersonId], now| {
        let found = store.provided(people, now).await.unwrap();
        all.iter().map(|one| found.contains(one)).collect::<Vec<_>>()
    };
    assert_eq!(provided(&all, NOW).await, [true, true, false, true, true]);
    assert_eq!(provided(&all, LATER).await, [true, false, false, true, true], "a code that expired is none");
    assert_eq!(provided(&all[..1], NOW).await, [true, false, false, false, false], "of those who are asked about");
    assert_eq!(provided(&[], NOW).await, [false; 5]);
}

/// A code gives its person a login and a password once; later ones replace the password and leave the login.
pub async fn a_code_gives_a_password_once(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    let key = OneTimeKey::new("z1");
    assert_eq!(store.activate(&key, "zoe.p", "hash", NOW).await.unwrap(), None, "there is no such code");
    store.put_activations(&[code(&zoe, "z1")]).await.unwrap();
    assert_eq!(store.activate(&key, "zoe.p", "hash", LATER).await.unwrap(), None, "it expired");
    assert_eq!(store.activate(&key, "zoe.p", "hash", NOW).await.unwrap(), Some(zoe.clone()));
    assert_eq!(store.activate(&key, "zoe.p", "other", NOW).await.unwrap(), None, "it was taken");
    let has =
        |hash: &str, since| Some(Credential { person: zoe.clone(), login: "zoe.p".into(), hash: hash.into(), since });
    assert_eq!(store.credential_of_login("zoe.p").await.unwrap(), has("hash", NOW));
    assert_eq!(store.password_hash(&zoe).await.unwrap().as_deref(), Some("hash"));
    store.put_activations(&[Activation { expires: Instant(LATER.0 + 1), ..code(&zoe, "z2") }]).await.unwrap();
    assert_eq!(store.activate(&OneTimeKey::new("z2"), "another", "new", LATER).await.unwrap(), Some(zoe.clone()));
    assert_eq!(store.credential_of(&zoe).await.unwrap(), has("new", LATER));
    assert_eq!(store.credential_of_login("another").await.unwrap(), None);
    store.set_password_hash(&zoe, "changed").await.unwrap();
    assert_eq!(store.password_hash(&zoe).await.unwrap().as_deref(), Some("changed"));
    assert!(conflicts(&store.set_password_hash(&somebody(store, "ali").await, "none").await), "nothing to replace");
}

/// Nobody takes the login of somebody else, activated or kept here; their code stays.
pub async fn a_login_is_one_persons(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    store.add_local_person(&local("guest"), "hash").await.unwrap();
    store.put_activations(&[code(&zoe, "z1"), code(&ali, "a1")]).await.unwrap();
    store.activate(&OneTimeKey::new("z1"), "zoe.p", "hash", NOW).await.unwrap().unwrap();
    for taken in ["zoe.p", "guest"] {
        assert!(conflicts(&store.activate(&OneTimeKey::new("a1"), taken, "hash", NOW).await), "{taken}");
    }
    assert_eq!(store.credential_of(&ali).await.unwrap(), None);
    assert_eq!(store.activate(&OneTimeKey::new("a1"), "ali.p", "hash", NOW).await.unwrap(), Some(ali));
}

fn passkey(person: &PersonId) -> Factor {
    let (id, kind) = (FactorId::new(format!("key of {person}")), FactorKind::Passkey);
    let (name, doc) = (String::new(), "{}".into());
    Factor { id, person: person.clone(), kind, name, doc, counter: 0, added: NOW, used: None }
}

/// Two records of different sources, each with a login, a password, a passkey and a code, that became one account; its name and the other's.
async fn of_two_records(store: &dyn Store) -> (PersonId, PersonId) {
    let zoe = somebody(store, "zoe").await;
    let town = Some(JoinKey { source: SourceId::new("ville"), key: "z".into() });
    let other = Person { join: town, ..sourced("town") };
    store.put_people(None, &[change(other.clone())]).await.unwrap();
    for (who, name) in [(&zoe, "zoe"), (&other.id, "town")] {
        store.put_activations(&[code(who, name)]).await.unwrap();
        store.activate(&OneTimeKey::new(name), name, name, NOW).await.unwrap().unwrap();
        store.add_factor(&passkey(who)).await.unwrap();
        store.put_activations(&[code(who, &format!("unused of {name}"))]).await.unwrap();
    }
    assert_eq!(store.pair(&[(zoe.clone(), other.id.clone())], SaidBy::Hand, NOW).await.unwrap(), [true]);
    (zoe, other.id)
}

/// The passwords that open an account, by the logins of [`of_two_records`].
async fn opened(store: &dyn Store, account: &PersonId) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for login in ["zoe", "town"] {
        let credential = store.credential_of_login(login).await.unwrap();
        found.extend(credential.filter(|one| one.person == *account).map(|one| (one.login, one.hash)));
    }
    found
}

/// A code begins anew whatever number of records its person has: the passwords, codes and factors that each of them came with go.
pub async fn a_code_begins_anew_for_every_record(store: &dyn Store) {
    let (zoe, other) = of_two_records(store).await;
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(opened(store, &zoe).await, [pair("zoe", "zoe"), pair("town", "town")], "control: both open it");
    store.put_activations(&[code(&zoe, "new")]).await.unwrap();
    for former in ["unused of zoe", "unused of town"] {
        assert_eq!(store.activation(&OneTimeKey::new(former), NOW).await.unwrap(), None, "{former}");
    }
    assert_eq!(store.activate(&OneTimeKey::new("new"), "another", "new", LATER).await.unwrap(), None, "it expired");
    assert_eq!(store.activate(&OneTimeKey::new("new"), "another", "new", NOW).await.unwrap(), Some(zoe.clone()));
    assert_eq!(opened(store, &zoe).await, [pair("zoe", "new")], "under the login of the account, and no other");
    assert_eq!(store.credential_of_login("another").await.unwrap(), None);
    assert_eq!(store.factors_of(&zoe).await.unwrap(), []);
    assert_eq!(store.factors_of(&other).await.unwrap(), [], "nor when they are separated");
    store.part(&other, NOW).await.unwrap();
    assert_eq!(store.password_hash(&other).await.unwrap(), None);
}

/// A code of a record that became another account's is that account's, and so is its password, until a new one ends it.
pub async fn a_record_brings_code_and_password_along(store: &dyn Store) {
    let (zoe, other) = of_two_records(store).await;
    let brought = store.activation(&OneTimeKey::new("unused of town"), NOW).await.unwrap().unwrap();
    assert_eq!(brought.person, zoe);
    assert_eq!(store.activate(&brought.key, "another", "new", NOW).await.unwrap(), Some(zoe.clone()));
    assert_eq!(opened(store, &zoe).await, [("zoe".to_owned(), "new".to_owned())]);
    assert_eq!(store.activation_of(&zoe, NOW).await.unwrap(), None, "the code of its own record is gone");
    assert_eq!(store.part(&other, NOW).await.unwrap(), Some(zoe));
}

/// A password that its owner changes ends every other one of the account, also where it came with a further record.
pub async fn a_changed_password_is_the_only_one(store: &dyn Store) {
    let (zoe, _) = of_two_records(store).await;
    store.set_password_hash(&zoe, "changed").await.unwrap();
    assert_eq!(opened(store, &zoe).await, [("zoe".to_owned(), "changed".to_owned())]);
    let (ali, town) = (somebody(store, "ali").await, Some(JoinKey { source: SourceId::new("ville"), key: "a".into() }));
    let other = Person { join: town, ..sourced("ali-town") };
    store.put_people(None, &[change(other.clone())]).await.unwrap();
    store.put_activations(&[code(&other.id, "a1")]).await.unwrap();
    store.activate(&OneTimeKey::new("a1"), "ali.t", "hash", NOW).await.unwrap().unwrap();
    store.pair(&[(ali.clone(), other.id)], SaidBy::Hand, NOW).await.unwrap();
    assert_eq!(store.password_hash(&ali).await.unwrap().as_deref(), Some("hash"), "the only one it has");
    assert_eq!(
        store.credential_of(&ali).await.unwrap().map(|one| (one.person, one.login)),
        Some((ali.clone(), "ali.t".into()))
    );
    store.set_password_hash(&ali, "changed").await.unwrap();
    assert_eq!(store.credential_of_login("ali.t").await.unwrap().map(|one| one.hash).as_deref(), Some("changed"));
}

/// A code makes an end of what was before it: factors and sessions. Of an account that is kept here it replaces the password.
pub async fn a_code_begins_anew(store: &dyn Store) {
    store.add_local_person(&local("guest"), "hash").await.unwrap();
    let guest = local("guest").id;
    let open = session("open", guest.as_str());
    store.begin_session(&beginning(open.clone())).await.unwrap();
    store.add_factor(&passkey(&guest)).await.unwrap();
    store.put_activations(&[code(&guest, "g1")]).await.unwrap();
    assert!(store.session(&open.id, NOW).await.unwrap().is_some(), "a code that nobody used changes nothing");
    assert_eq!(store.activate(&OneTimeKey::new("g1"), "ignored", "new", NOW).await.unwrap(), Some(guest.clone()));
    assert_eq!(store.password_hash(&guest).await.unwrap().as_deref(), Some("new"));
    assert_eq!(store.credential_of(&guest).await.unwrap(), None);
    assert_eq!(store.factors_of(&guest).await.unwrap(), []);
    assert_eq!(store.session(&open.id, NOW).await.unwrap(), None);
}

async fn mailed(store: &dyn Store, key: &str) -> OneTimeKey {
    let (kind, doc) = (KeptKind::PasswordReset, String::new());
    store.keep(&KeptThing { key: OneTimeKey::new(key), kind, doc, expires: LATER }, NOW).await.unwrap();
    OneTimeKey::new(key)
}

/// A code that was mailed replaces a password and ends what the former one opened, sessions however many; other factors stay.
pub async fn a_mailed_code_replaces_a_password(store: &dyn Store) {
    let (zoe, other) = of_two_records(store).await;
    for n in 0..120 {
        store.begin_session(&beginning(session(&format!("s{n}"), zoe.as_str()))).await.unwrap();
    }
    let device = Factor { id: FactorId::new("device"), kind: FactorKind::RememberedDevice, ..passkey(&zoe) };
    store.add_factor(&device).await.unwrap();
    store.put_activations(&[code(&zoe, "unused")]).await.unwrap();
    let key = mailed(store, "m1").await;
    assert!(!store.reset_password(&OneTimeKey::new("m2"), &zoe, "new", NOW).await.unwrap(), "there is no such code");
    assert!(!store.reset_password(&key, &zoe, "new", LATER).await.unwrap(), "it expired");
    assert_eq!(opened(store, &zoe).await.len(), 2, "control: nothing happened");
    assert!(store.session(&SessionId::new("s0"), NOW).await.unwrap().is_some(), "control");
    assert!(store.reset_password(&key, &zoe, "new", NOW).await.unwrap());
    assert!(!store.reset_password(&key, &zoe, "newer", NOW).await.unwrap(), "once");
    assert_eq!(opened(store, &zoe).await, [("zoe".to_owned(), "new".to_owned())]);
    for n in 0..120 {
        assert_eq!(store.session(&SessionId::new(format!("s{n}")), NOW).await.unwrap(), None, "session {n}");
    }
    assert!(store.factors_of(&zoe).await.unwrap().iter().all(|one| one.kind == FactorKind::Passkey));
    assert!(!store.factors_of(&zoe).await.unwrap().is_empty());
    assert_eq!(store.activation(&OneTimeKey::new("unused"), NOW).await.unwrap(), None);
    assert!(store.person(&other).await.unwrap().is_none_or(|one| one.id == zoe));
    let (ali, key) = (somebody(store, "ali").await, mailed(store, "m3").await);
    assert!(!store.reset_password(&key, &ali, "new", NOW).await.unwrap(), "who has none is given none");
    assert_eq!(store.password_hash(&ali).await.unwrap(), None);
}

/// Of many who use one mailed code at once exactly one replaces the password.
pub async fn one_of_many_uses_a_mailed_code(store: &dyn Store) {
    store.add_local_person(&local("guest"), "hash").await.unwrap();
    let (guest, key) = (local("guest").id, mailed(store, "m1").await);
    let hashes: Vec<String> = (0..8).map(|n| format!("hash {n}")).collect();
    let tries = hashes.iter().map(|hash| store.reset_password(&key, &guest, hash, NOW));
    let tries = futures::future::join_all(tries).await;
    let won: Vec<usize> = (0..8).filter(|n| matches!(tries[*n], Ok(true))).collect();
    assert_eq!(won.len(), 1, "{tries:?}");
    assert_eq!(store.password_hash(&guest).await.unwrap(), Some(hashes[won[0]].clone()));
}

/// Of many who use one code at once exactly one does.
pub async fn one_of_many_uses_a_code(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    store.put_activations(&[code(&zoe, "z1")]).await.unwrap();
    let (key, logins) = (OneTimeKey::new("z1"), (0..8).map(|n| format!("zoe.{n}")).collect::<Vec<_>>());
    let tries = futures::future::join_all(logins.iter().map(|login| store.activate(&key, login, login, NOW))).await;
    let won: Vec<usize> = (0..8).filter(|n| matches!(tries[*n], Ok(Some(_)))).collect();
    assert_eq!(won.len(), 1, "{tries:?}");
    assert_eq!(store.credential_of(&zoe).await.unwrap().unwrap().login, logins[won[0]]);
}

/// A version of the charte is accepted by a person, the first time for good.
pub async fn a_charte_is_accepted_by_its_version(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    assert_eq!(store.charte_accepted(&zoe, "2026-09").await.unwrap(), None);
    store.accept_charte(&zoe, "2026-09", NOW).await.unwrap();
    store.accept_charte(&zoe, "2026-09", LATER).await.unwrap();
    assert_eq!(store.charte_accepted(&zoe, "2026-09").await.unwrap(), Some(NOW));
    assert_eq!(store.charte_accepted(&zoe, "2027-09").await.unwrap(), None);
    assert_eq!(store.charte_accepted(&ali, "2026-09").await.unwrap(), None);
}

/// A record with a code of its date of birth.
fn born(person: Person, code: Option<&str>) -> PersonChange {
    PersonChange { told: Told { birth: code.map(str::to_owned), ..Told::default() }, ..change(person) }
}

/// The codes of dates of birth that are kept of somebody.
async fn births(store: &dyn Store, person: &PersonId) -> Vec<(String, String)> {
    let kept = store.births_of(person).await.unwrap();
    kept.into_iter().map(|birth| (birth.of.to_string(), birth.code)).collect()
}

/// The code of a date of birth is its record's: it goes with the next writing that tells none, comes back when that is undone, and is everybody's who
/// has several records that may sign in.
pub async fn a_date_of_birth_is_kept_as_its_source_told_it(store: &dyn Store) {
    let (zoe, run) = (sourced("zoe"), RunId::new("r1"));
    let kept = |code: &str| vec![(format!("{}$zoe", source()), code.to_owned())];
    store.put_people(None, &[born(zoe.clone(), Some("d1")), change(sourced("ali"))]).await.unwrap();
    assert_eq!(births(store, &zoe.id).await, kept("d1"));
    assert_eq!(births(store, &sourced("ali").id).await, []);
    let undo = Undoable { run: run.clone(), until: LATER };
    store.put_people(Some(&undo), &[born(zoe.clone(), None)]).await.unwrap();
    assert_eq!(births(store, &zoe.id).await, []);
    let (outcome, report) = (RunOutcome::Applied, "{}".into());
    let run = RunRecord { id: run, source: source(), started: NOW, finished: Some(NOW), outcome, report };
    store.undo(&run, UndoPart::Changed, "", 9).await.unwrap();
    assert_eq!(births(store, &zoe.id).await, kept("d1"), "as before the run");
    let join = Some(JoinKey { source: SourceId::new("ville"), key: "z".into() });
    let town = Person { join, ..sourced("town") };
    store.put_people(None, &[born(town.clone(), Some("d2"))]).await.unwrap();
    assert_eq!(store.pair(&[(zoe.id.clone(), town.id)], SaidBy::Hand, NOW).await.unwrap(), [true]);
    let both = [kept("d1"), vec![("ville$z".to_owned(), "d2".to_owned())]].concat();
    assert_eq!(births(store, &zoe.id).await, both);
    store.suspend_people(None, &SourceId::new("ville"), &["z".into()]).await.unwrap();
    assert_eq!(births(store, &zoe.id).await, kept("d1"), "of a record that may sign in");
}

/// Dates that are typed are counted with their code, until one was right; too many wrong ones end it, and a new code begins anew.
pub async fn wrong_dates_end_a_code(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    let (first, second) = (OneTimeKey::new("z1"), OneTimeKey::new("z2"));
    assert_eq!(store.begin_date(&first, NOW).await.unwrap(), None, "there is no such code");
    store.put_activations(&[code(&zoe, "z1")]).await.unwrap();
    assert_eq!(store.begin_date(&first, LATER).await.unwrap(), None, "it expired");
    for n in 1..=2 {
        assert_eq!(store.begin_date(&first, NOW).await.unwrap(), Some(n));
        assert!(!store.end_date(&first, false, 3).await.unwrap());
    }
    assert_eq!(store.begin_date(&first, NOW).await.unwrap(), Some(3));
    assert!(!store.end_date(&first, true, 3).await.unwrap(), "it was right");
    for n in 1..=3 {
        assert_eq!(store.begin_date(&first, NOW).await.unwrap(), Some(n), "counted anew");
        assert_eq!(store.end_date(&first, false, 3).await.unwrap(), n == 3);
    }
    assert!(!store.end_date(&first, false, 3).await.unwrap(), "once");
    assert_eq!(store.activation(&first, NOW).await.unwrap(), None);
    store.put_activations(&[code(&zoe, "z1")]).await.unwrap();
    store.begin_date(&first, NOW).await.unwrap();
    store.put_activations(&[code(&zoe, "z2")]).await.unwrap();
    assert_eq!(store.begin_date(&second, NOW).await.unwrap(), Some(1), "a reprint");
}

/// Of many dates that are typed with one code at once no two have the same number.
pub async fn many_dates_at_once_are_counted_apart(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    store.put_activations(&[code(&zoe, "z1")]).await.unwrap();
    let key = OneTimeKey::new("z1");
    let tries = futures::future::join_all((0..12).map(|_| store.begin_date(&key, NOW))).await;
    let mut counted: Vec<u32> = tries.into_iter().map(|one| one.unwrap().unwrap()).collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=12).collect::<Vec<u32>>());
}
