//! What people prove themselves with besides a password.

use crate::fixture::{LATER, NOW, change, conflicts, sourced};
use preau_domain::{Factor, FactorId, FactorKind, KeptKind, KeptThing, OneTimeKey, PersonId, Seconds};
use preau_store::{BoundTo, FactorUse, Store};

async fn somebody(store: &dyn Store, key: &str) -> PersonId {
    let person = sourced(key);
    store.put_people(None, &[change(person.clone())]).await.unwrap();
    person.id
}

fn passkey(person: &PersonId, id: &str) -> Factor {
    Factor {
        id: FactorId::new(id),
        person: person.clone(),
        kind: FactorKind::Passkey,
        name: format!("Clé {id}"),
        doc: "{}".into(),
        counter: 0,
        added: NOW,
        used: None,
    }
}

/// A factor is its person's alone, found by its name and among theirs in the order they were added; no second one bears its name.
pub async fn a_factor_is_one_persons(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    let (first, second) = (passkey(&zoe, "b"), Factor { added: LATER, ..passkey(&zoe, "a") });
    store.add_factor(&second).await.unwrap();
    store.add_factor(&first).await.unwrap();
    assert_eq!(store.factor(&first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.factors_of(&zoe).await.unwrap(), [first.clone(), second]);
    assert_eq!(store.factors_of(&ali).await.unwrap(), []);
    assert!(conflicts(&store.add_factor(&passkey(&ali, "b")).await), "the name is taken");
    assert!(conflicts(&store.add_factor(&first).await));
    assert!(store.add_factor(&passkey(&PersonId::new("p-nobody"), "c")).await.is_err());
    assert_eq!(store.factor(&FactorId::new("c")).await.unwrap(), None);
}

/// A person has so many of a kind and no more; of another kind there is room.
pub async fn factors_are_bounded(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    for n in 0..Factor::MOST {
        store.add_factor(&passkey(&zoe, &format!("k{n}"))).await.unwrap();
    }
    assert!(conflicts(&store.add_factor(&passkey(&zoe, "more")).await));
    let code = Factor { kind: FactorKind::OneTimeCode, ..passkey(&zoe, "code") };
    store.add_factor(&code).await.unwrap();
    let long = Factor { doc: "x".repeat(Factor::MAX_DOC + 1), ..code };
    assert!(store.add_factor(&Factor { id: FactorId::new("long"), ..long }).await.is_err());
}

/// A use moves the counter on from the one that was read; whoever read another one is refused.
pub async fn a_counter_is_moved_once(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    let key = passkey(&zoe, "k");
    store.add_factor(&key).await.unwrap();
    let used = |was, counter| FactorUse { id: key.id.clone(), was, counter, doc: "used".into(), at: LATER };
    let uses: Vec<FactorUse> = (1..=8).map(|n| used(0, n)).collect();
    let won = futures::future::join_all(uses.iter().map(|one| store.use_factor(one)))
        .await
        .iter()
        .filter(|used| used.is_ok())
        .count();
    assert_eq!(won, 1);
    let found = store.factor(&key.id).await.unwrap().unwrap();
    assert_eq!((found.used, found.doc.as_str()), (Some(LATER), "used"));
    assert!(conflicts(&store.use_factor(&used(0, 99)).await));
    store.use_factor(&used(found.counter, found.counter)).await.unwrap();
    assert!(conflicts(&store.use_factor(&FactorUse { id: FactorId::new("none"), ..used(0, 1) }).await));
}

/// A question is answered once, and whatever is refused leaves factor and question as they were.
pub async fn a_question_is_answered_by_one_use(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    let key = passkey(&zoe, "k");
    store.add_factor(&key).await.unwrap();
    let asked = |name: &str| KeptThing {
        key: OneTimeKey::new(name),
        kind: KeptKind::ReplayGuard,
        doc: String::new(),
        expires: LATER + Seconds(60),
    };
    let used = |was, counter| FactorUse { id: key.id.clone(), was, counter, doc: "used".into(), at: LATER };
    let (use_of_it, question) = (used(0, 0), asked("q1"));
    let answers = (1..=8).map(|_| store.answer_by_factor(&use_of_it, &question));
    let won = futures::future::join_all(answers).await.iter().filter(|answered| answered.is_ok()).count();
    assert_eq!(won, 1, "even where a counter stands still");
    assert!(conflicts(&store.answer_by_factor(&used(0, 9), &asked("q1")).await));
    assert!(conflicts(&store.answer_by_factor(&used(7, 9), &asked("q2")).await), "another counter was read");
    assert_eq!(store.factor(&key.id).await.unwrap().unwrap().counter, 0, "nothing was noted");
    store.answer_by_factor(&used(0, 9), &asked("q2")).await.unwrap();
    assert_eq!(store.factor(&key.id).await.unwrap().unwrap().counter, 9, "control");
}

/// Passkeys are counted by the domain their documents name; what is no passkey is not counted, and what names none is told apart.
pub async fn passkeys_are_counted_by_their_domain(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    let bound = |person: &PersonId, id: &str, doc: &str| Factor { doc: doc.to_owned(), ..passkey(person, id) };
    let old = r#"{"cred":{},"domain":"ent.ancien.example"}"#;
    for factor in [
        bound(&zoe, "1", old),
        bound(&zoe, "2", old),
        bound(&ali, "3", old),
        bound(&ali, "4", r#"{"domain":"ent.example"}"#),
        bound(&ali, "5", r#"{"cred":{}}"#),
        bound(&ali, "6", "no document"),
        Factor { kind: FactorKind::OneTimeCode, ..bound(&ali, "7", old) },
    ] {
        store.add_factor(&factor).await.unwrap();
    }
    let of = |domain: Option<&str>, passkeys, people| BoundTo { domain: domain.map(str::to_owned), passkeys, people };
    let all = [of(Some("ent.ancien.example"), 3, 2), of(None, 2, 1), of(Some("ent.example"), 1, 1)];
    assert_eq!(store.passkeys_by_domain().await.unwrap(), all);
    let doc = r#"{"domain":"ent.example"}"#.to_owned();
    store.use_factor(&FactorUse { id: FactorId::new("5"), was: 0, counter: 1, doc, at: LATER }).await.unwrap();
    assert_eq!(store.passkeys_by_domain().await.unwrap()[1], of(Some("ent.example"), 2, 1));
}

/// Only its person names and removes a factor, and one of many removes it.
pub async fn a_factor_is_renamed_and_removed_by_its_person(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    let key = passkey(&zoe, "k");
    store.add_factor(&key).await.unwrap();
    assert!(conflicts(&store.rename_factor(&ali, &key.id, "mine").await));
    assert!(conflicts(&store.remove_factor(&ali, &key.id, false).await));
    store.rename_factor(&zoe, &key.id, "Téléphone").await.unwrap();
    assert_eq!(store.factor(&key.id).await.unwrap().unwrap().name, "Téléphone");
    let removals = (0..8).map(|_| store.remove_factor(&zoe, &key.id, false));
    assert_eq!(futures::future::join_all(removals).await.iter().filter(|removed| removed.is_ok()).count(), 1);
    assert_eq!(store.factors_of(&zoe).await.unwrap(), []);
}

/// Where one must remain, one remains that lasts, however many are removed at the same time.
pub async fn the_last_factor_remains(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    let keys: Vec<Factor> = (0..8).map(|n| passkey(&zoe, &format!("k{n}"))).collect();
    for key in &keys {
        store.add_factor(key).await.unwrap();
    }
    let paper = Factor { kind: FactorKind::RecoveryCode, ..passkey(&zoe, "paper") };
    store.add_factor(&paper).await.unwrap();
    let removals = keys.iter().map(|key| store.remove_factor(&zoe, &key.id, true));
    let removed = futures::future::join_all(removals).await.iter().filter(|removed| removed.is_ok()).count();
    assert_eq!(removed, 7, "a code on paper is no factor that lasts");
    let left = store.factors_of(&zoe).await.unwrap();
    let last = left.iter().find(|factor| factor.lasts()).unwrap();
    assert!(conflicts(&store.remove_factor(&zoe, &last.id, true).await));
    store.remove_factor(&zoe, &last.id, false).await.unwrap();
}

/// All of a kind are replaced at once, and nothing of another kind.
pub async fn codes_are_replaced_together(store: &dyn Store) {
    let zoe = somebody(store, "zoe").await;
    store.add_factor(&passkey(&zoe, "k")).await.unwrap();
    let codes = |names: &[&str]| -> Vec<Factor> {
        names.iter().map(|id| Factor { kind: FactorKind::RecoveryCode, ..passkey(&zoe, id) }).collect()
    };
    let kind = FactorKind::RecoveryCode;
    assert_eq!(store.replace_factors(&zoe, kind, &codes(&["c1", "c2"])).await.unwrap(), 0);
    assert_eq!(store.replace_factors(&zoe, kind, &codes(&["c3"])).await.unwrap(), 2);
    let names = async || -> Vec<String> {
        store.factors_of(&zoe).await.unwrap().iter().map(|factor| factor.id.to_string()).collect()
    };
    assert_eq!(names().await, ["c3", "k"]);
    assert!(conflicts(&store.replace_factors(&zoe, kind, &codes(&["c4", "k"])).await), "a name that is taken");
    assert_eq!(names().await, ["c3", "k"], "nothing of it happened");
    assert_eq!(store.replace_factors(&zoe, kind, &[]).await.unwrap(), 1);
    assert_eq!(names().await, ["k"]);
    let sheet = |n: usize| codes(&[&format!("s{n}-1"), &format!("s{n}-2"), &format!("s{n}-3")]);
    let sheets: Vec<Vec<Factor>> = (0..8).map(sheet).collect();
    let made = futures::future::join_all(sheets.iter().map(|sheet| store.replace_factors(&zoe, kind, sheet))).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    assert_eq!(names().await.len(), 4, "one sheet is in force");
}

/// Everything of a person is forgotten at once, and nothing of anybody else.
pub async fn all_factors_of_a_person_are_forgotten(store: &dyn Store) {
    let (zoe, ali) = (somebody(store, "zoe").await, somebody(store, "ali").await);
    store.add_factor(&passkey(&zoe, "k")).await.unwrap();
    store.add_factor(&Factor { kind: FactorKind::RecoveryCode, ..passkey(&zoe, "p") }).await.unwrap();
    store.add_factor(&passkey(&ali, "a")).await.unwrap();
    assert_eq!(store.forget_factors(&zoe).await.unwrap(), 2);
    assert_eq!((store.factors_of(&zoe).await.unwrap().len(), store.factors_of(&ali).await.unwrap().len()), (0, 1));
    assert_eq!(store.forget_factors(&zoe).await.unwrap(), 0);
}
