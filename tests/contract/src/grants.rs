//! Access and refresh tokens.

use crate::fixture::{LATER, NOW, beginning, change, conflicts, grant, live, local, session, source, sourced, winners};
use futures::future::join_all;
use preau_domain::{AccountState, Grant, GrantKind, Instant, OneTimeKey, Person, PersonId, Session, SessionId};
use preau_store::{NewSession, Rotation, Store};

use GrantKind::{Access, Refresh};

async fn there(store: &dyn Store, key: &str, kind: GrantKind) -> bool {
    store.granted(&OneTimeKey::new(key), kind, NOW).await.unwrap().is_some()
}

async fn rotate(store: &dyn Store, key: &str, next: &[Grant]) -> preau_store::Result<Rotation> {
    store.rotate(&OneTimeKey::new(key), NOW, next).await
}

/// A token is read as often as wanted, by its exact key and kind, until the instant it expires.
pub async fn a_token_comes_back_whole(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    let (access, offline) = (grant("a1", Access, "f1", Some(&id)), grant("r1", Refresh, "f2", None));
    let nobody = Grant { person: None, ..grant("a2", Access, "f3", None) };
    for grant in [&access, &offline, &nobody] {
        store.grant(std::slice::from_ref(grant)).await.unwrap();
        assert_eq!(store.granted(&grant.key, grant.kind, NOW).await.unwrap().as_ref(), Some(grant));
    }
    let read = async |at| store.granted(&access.key, Access, at).await.unwrap();
    assert_eq!(read(Instant(access.expires.0 - 1)).await.as_ref(), Some(&access));
    assert_eq!(read(access.expires).await, None);
    assert!(!there(store, "a1", Refresh).await);
    for key in ["A1", "a1 ", "a_", "%", "", "a1\0"] {
        assert!(!there(store, key, Access).await, "{key}");
    }
}

/// Tokens that come together are all there or none is.
pub async fn tokens_are_kept_together_or_not_at_all(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    store.grant(&[grant("a1", Access, "f1", Some(&id))]).await.unwrap();
    let both = [grant("r2", Refresh, "f2", Some(&id)), grant("a1", Access, "f2", Some(&id))];
    assert!(conflicts(&store.grant(&both).await));
    assert!(!there(store, "r2", Refresh).await);
    let kept = store.granted(&OneTimeKey::new("a1"), Access, NOW).await.unwrap().unwrap();
    assert_eq!(kept.family, OneTimeKey::new("f1"), "the first stays");
    assert!(!store.revoke_family(&OneTimeKey::new("f2")).await.unwrap(), "no family is left behind");
    store.grant(&[grant("r2", Refresh, "f1", Some(&id)), grant("a2", Access, "f1", Some(&id))]).await.unwrap();
    assert!(there(store, "r2", Refresh).await && there(store, "a2", Access).await, "a family grows");
}

/// No token is born of a session that is gone, has expired or never was; none is worth anything once it expired.
pub async fn a_token_needs_its_session(store: &dyn Store) {
    let gone = live(store, "s1", "p-zoe").await;
    store.end_session(&gone, NOW, None).await.unwrap();
    let short = Session { expires: LATER, ..session("s2", "p-zoe") };
    store.begin_session(&beginning(short.clone())).await.unwrap();
    let late = Grant { issued: LATER, ..grant("a2", Access, "f2", Some(&short.id)) };
    let never = grant("a3", Access, "f3", Some(&SessionId::new("never")));
    for grant in [grant("a1", Access, "f1", Some(&gone)), late, never] {
        assert!(conflicts(&store.grant(std::slice::from_ref(&grant)).await), "{:?}", grant.key);
        assert!(!there(store, grant.key.as_str(), Access).await);
    }
    let both = [grant("a4", Access, "f4", Some(&short.id)), grant("r4", Refresh, "f4", Some(&short.id))];
    store.grant(&both).await.unwrap();
    assert!(there(store, "a4", Access).await);
    assert_eq!(store.granted(&both[0].key, Access, LATER).await.unwrap(), None);
    let next = [grant("a5", Access, "f4", Some(&short.id))];
    assert_eq!(store.rotate(&both[1].key, LATER, &next).await.unwrap(), Rotation::Unknown);
    assert_eq!(store.rotate(&both[1].key, NOW, &next).await.unwrap(), Rotation::Rotated);
}

/// Tokens of one family belong to one session and one person; a family that exists cannot be joined from outside.
pub async fn a_family_is_one_persons(store: &dyn Store) {
    let (hers, his) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-ali").await);
    let own = grant("a1", Access, "f1", Some(&hers));
    let ali = Some(PersonId::new("p-ali"));
    assert!(store.grant(&[]).await.is_err());
    assert!(store.grant(&[own.clone(), grant("a2", Access, "f1", Some(&his))]).await.is_err());
    assert!(
        store
            .grant(&[own.clone(), Grant { person: ali.clone(), ..grant("a2", Access, "f1", Some(&hers)) }])
            .await
            .is_err()
    );
    assert!(store.grant(&[own.clone(), grant("a2", Access, "f2", Some(&hers))]).await.is_err());
    store.grant(&[own, grant("r1", Refresh, "f1", Some(&hers))]).await.unwrap();
    assert!(store.grant(&[grant("a2", Access, "f1", Some(&his))]).await.is_err());
    assert!(store.grant(&[grant("a2", Access, "f1", None)]).await.is_err());
    assert!(store.grant(&[Grant { person: ali, ..grant("a2", Access, "f1", Some(&hers)) }]).await.is_err());
    assert!(rotate(store, "r1", &[grant("a2", Access, "f2", Some(&hers))]).await.is_err());
    assert!(!there(store, "a2", Access).await && there(store, "r1", Refresh).await);
}

/// The end of a session is the end of its tokens; those of another session, or of none, live on.
pub async fn tokens_fall_with_their_session(store: &dyn Store) {
    let (one, two) = (live(store, "s1", "p-zoe").await, live(store, "s2", "p-zoe").await);
    store.grant(&[grant("a1", Access, "f1", Some(&one)), grant("r1", Refresh, "f1", Some(&one))]).await.unwrap();
    store.grant(&[grant("a2", Access, "f2", Some(&two))]).await.unwrap();
    store.grant(&[grant("r3", Refresh, "f3", None)]).await.unwrap();
    store.end_session(&one, NOW, None).await.unwrap();
    assert!(!there(store, "a1", Access).await && !there(store, "r1", Refresh).await);
    assert_eq!(rotate(store, "r1", &[grant("a9", Access, "f1", Some(&one))]).await.unwrap(), Rotation::Unknown);
    assert!(there(store, "a2", Access).await && there(store, "r3", Refresh).await);
    store.end_sessions_of(&PersonId::new("p-zoe"), NOW).await.unwrap();
    assert!(!there(store, "a2", Access).await && there(store, "r3", Refresh).await);
}

/// When a person proves who they are again, their tokens go on in the new session, and end with it.
pub async fn tokens_follow_a_session_that_goes_on(store: &dyn Store) {
    let old = live(store, "old", "p-zoe").await;
    store.grant(&[grant("a1", Access, "f1", Some(&old))]).await.unwrap();
    let new = NewSession { replaces: Some(old), ..beginning(session("new", "p-zoe")) };
    store.begin_session(&new).await.unwrap();
    let moved = store.granted(&OneTimeKey::new("a1"), Access, NOW).await.unwrap().unwrap();
    assert_eq!(moved.session.as_ref(), Some(&new.session.id));
    let next = NewSession { replaces: Some(new.session.id), ..beginning(session("his", "p-ali")) };
    store.begin_session(&next).await.unwrap();
    assert!(!there(store, "a1", Access).await, "another person's session ended it");
}

/// A person who is suspended, by hand or by a source, loses every token, with or without a session; others keep theirs.
pub async fn a_suspended_person_loses_tokens(store: &dyn Store) {
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    store.put_people(None, &[change(Person { id: PersonId::new("p-k1"), ..sourced("k1") })]).await.unwrap();
    let mut families = 0;
    for (name, person) in [("zoe", "p-zoe"), ("k1", "p-k1"), ("ali", "p-ali")] {
        let id = live(store, &format!("s-{name}"), person).await;
        for (place, session) in [("in", Some(&id)), ("out", None)] {
            families += 1;
            let token = grant(&format!("{name}-{place}"), Refresh, &format!("f{families}"), session);
            store.grant(&[Grant { person: Some(PersonId::new(person)), ..token }]).await.unwrap();
        }
    }
    store.update_person(&Person { state: AccountState::Suspended, ..local("zoe") }).await.unwrap();
    store.suspend_people(None, &source(), &["k1".into()]).await.unwrap();
    for (key, kept) in [("zoe-in", false), ("zoe-out", false), ("k1-in", false), ("k1-out", false), ("ali-in", true)] {
        assert_eq!(there(store, key, Refresh).await, kept, "{key}");
    }
    assert!(there(store, "ali-out", Refresh).await);
}

/// A new password, a stop by hand, and whoever asks for it take every token of that person back in the same stroke; what changes nothing takes
/// none.
pub async fn a_new_password_takes_tokens_back(store: &dyn Store) {
    for name in ["zoe", "ali", "eve", "max"] {
        store.add_local_person(&local(name), "one").await.unwrap();
        let person = Some(local(name).id);
        let id = live(store, &format!("s-{name}"), &format!("p-{name}")).await;
        let inside = Grant { person: person.clone(), ..grant(&format!("{name}-in"), Access, name, Some(&id)) };
        let outside = Grant { person, ..grant(&format!("{name}-out"), Refresh, &format!("{name}2"), None) };
        store.grant(&[inside]).await.unwrap();
        store.grant(&[outside]).await.unwrap();
    }
    assert!(conflicts(&store.set_password_hash(&PersonId::new("p-nobody"), "two").await));
    store.set_password_hash(&local("zoe").id, "two").await.unwrap();
    store.stop_person(&local("eve").id, "a lost phone").await.unwrap();
    store.revoke_tokens_of(&local("max").id).await.unwrap();
    for (name, kept) in [("zoe", false), ("eve", false), ("max", false), ("ali", true)] {
        assert_eq!(there(store, &format!("{name}-in"), Access).await, kept, "{name}");
        assert_eq!(there(store, &format!("{name}-out"), Refresh).await, kept, "{name}");
    }
}

/// A revoked token is gone, and its family stays; revoking again says that there was nothing.
pub async fn a_token_is_revoked(store: &dyn Store) {
    store.grant(&[grant("a1", Access, "f1", None), grant("r1", Refresh, "f1", None)]).await.unwrap();
    assert!(store.revoke(&OneTimeKey::new("a1")).await.unwrap());
    assert!(!store.revoke(&OneTimeKey::new("a1")).await.unwrap());
    assert!(!there(store, "a1", Access).await && there(store, "r1", Refresh).await);
}

/// A family is revoked whole, and no other.
pub async fn a_family_is_revoked(store: &dyn Store) {
    store.grant(&[grant("a1", Access, "f1", None), grant("r1", Refresh, "f1", None)]).await.unwrap();
    store.grant(&[grant("a2", Access, "f2", None)]).await.unwrap();
    rotate(store, "r1", &[grant("r3", Refresh, "f1", None)]).await.unwrap();
    assert!(store.revoke_family(&OneTimeKey::new("f1")).await.unwrap());
    assert!(!store.revoke_family(&OneTimeKey::new("f1")).await.unwrap());
    assert!(!there(store, "a1", Access).await && !there(store, "r3", Refresh).await);
    assert_eq!(rotate(store, "r1", &[grant("r4", Refresh, "f1", None)]).await.unwrap(), Rotation::Unknown);
    assert!(there(store, "a2", Access).await);
}

/// A refresh token is spent by its rotation; an access token, an expired one and an unknown one do not rotate.
pub async fn a_refresh_token_rotates(store: &dyn Store) {
    let short = Grant { expires: LATER, ..grant("r0", Refresh, "f1", None) };
    store.grant(&[short.clone(), grant("a1", Access, "f1", None), grant("r1", Refresh, "f1", None)]).await.unwrap();
    let next = [grant("a2", Access, "f1", None), grant("r2", Refresh, "f1", None)];
    assert_eq!(rotate(store, "a1", &next).await.unwrap(), Rotation::Unknown);
    assert_eq!(rotate(store, "never", &next).await.unwrap(), Rotation::Unknown);
    assert_eq!(store.rotate(&short.key, LATER, &next).await.unwrap(), Rotation::Unknown);
    assert!(!there(store, "r2", Refresh).await);
    assert_eq!(rotate(store, "r1", &next).await.unwrap(), Rotation::Rotated);
    assert!(!there(store, "r1", Refresh).await, "spent");
    assert!(there(store, "a1", Access).await && there(store, "a2", Access).await && there(store, "r2", Refresh).await);
    assert_eq!(rotate(store, "r2", &[grant("r3", Refresh, "f1", None)]).await.unwrap(), Rotation::Rotated);
    assert_eq!(rotate(store, "r3", &[]).await.unwrap(), Rotation::Rotated, "the last of its family");
    assert_eq!(rotate(store, "r3", &[]).await.unwrap(), Rotation::Reused);
}

/// Who presents a spent refresh token revokes everything that came of its family, and of no other.
pub async fn a_reused_refresh_token_revokes_its_family(store: &dyn Store) {
    store.grant(&[grant("r1", Refresh, "f1", None)]).await.unwrap();
    store.grant(&[grant("r9", Refresh, "f9", None)]).await.unwrap();
    rotate(store, "r1", &[grant("a2", Access, "f1", None), grant("r2", Refresh, "f1", None)]).await.unwrap();
    let copy = rotate(store, "r1", &[grant("a3", Access, "f1", None)]).await.unwrap();
    assert_eq!(copy, Rotation::Reused);
    for (key, kind) in [("a2", Access), ("r2", Refresh), ("a3", Access)] {
        assert!(!there(store, key, kind).await, "{key}");
    }
    assert_eq!(rotate(store, "r2", &[grant("a4", Access, "f1", None)]).await.unwrap(), Rotation::Unknown);
    assert!(there(store, "r9", Refresh).await);
}

/// A rotation whose next token is taken conflicts, and the refresh token is not spent.
pub async fn a_rotation_that_conflicts_changes_nothing(store: &dyn Store) {
    store.grant(&[grant("r1", Refresh, "f1", None), grant("a1", Access, "f1", None)]).await.unwrap();
    let next = [grant("r2", Refresh, "f1", None), grant("a1", Access, "f1", None)];
    assert!(conflicts(&rotate(store, "r1", &next).await));
    assert!(there(store, "r1", Refresh).await && !there(store, "r2", Refresh).await);
    assert_eq!(rotate(store, "r1", &next[..1]).await.unwrap(), Rotation::Rotated);
}

/// Of a hundred who present one refresh token at once, exactly one gets new tokens; the copies revoke them, and nobody
/// fails.
pub async fn one_of_many_rotates_and_the_others_revoke(store: &dyn Store) {
    store.grant(&[grant("r0", Refresh, "f1", None)]).await.unwrap();
    let turn = async |n: usize| rotate(store, "r0", &[grant(&format!("r{}", n + 1), Refresh, "f1", None)]).await;
    let answers = join_all((0..100).map(turn)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(Rotation::Rotated))).count(), 1);
    assert!(answers.iter().any(|answer| matches!(answer, Ok(Rotation::Reused))));
    for n in 0..=100 {
        assert!(!there(store, &format!("r{n}"), Refresh).await, "r{n}");
    }
    let once = [grant("once", Access, "f2", None)];
    assert_eq!(winners(|_| store.grant(&once), Result::is_ok).await, 1);
}

/// A family that is revoked while its tokens rotate ends empty: no new token appears behind the revocation.
pub async fn nothing_slips_past_a_revocation(store: &dyn Store) {
    for round in 0..20 {
        let family = format!("f{round}");
        let key = |n: usize| format!("r{round}-{n}");
        let first: Vec<Grant> = (0..10).map(|n| grant(&key(n), Refresh, &family, None)).collect();
        store.grant(&first).await.unwrap();
        let turn = async |n: usize| rotate(store, &key(n), &[grant(&key(n + 10), Refresh, &family, None)]).await;
        let (early, late) = (join_all((0..5).map(turn)), join_all((5..10).map(turn)));
        let revoke = OneTimeKey::new(&family);
        let (early, revoked, late) = futures::join!(early, store.revoke_family(&revoke), late);
        assert!(revoked.unwrap() && early.iter().chain(&late).all(Result::is_ok), "{early:?} {late:?}");
        for n in 0..20 {
            assert!(!there(store, &key(n), Refresh).await, "{}", key(n));
        }
    }
}

/// Nothing is born of a buried family, whoever comes first, and what was is gone.
pub async fn a_buried_family_stays_empty(store: &dyn Store) {
    for round in 0..20 {
        let family = OneTimeKey::new(format!("f{round}"));
        let session = live(store, &format!("s{round}"), "p-zoe").await;
        let of = |name: &str, session| grant(&format!("{name}{round}"), Access, family.as_str(), session);
        let (bound, late) = (of("a", Some(&session)), of("b", Some(&session)));
        let (born, buried) =
            futures::join!(store.grant(std::slice::from_ref(&bound)), store.bury_family(&family, LATER));
        assert!(born.is_ok() || conflicts(&born), "{born:?}");
        assert_eq!(born.is_ok(), buried.unwrap(), "whoever was first was found");
        assert!(conflicts(&store.grant(&[late]).await) && conflicts(&store.grant(&[of("c", None)]).await));
        for name in ["a", "b", "c"] {
            assert!(!there(store, &format!("{name}{round}"), Access).await, "{name}{round}");
        }
        assert!(!store.bury_family(&family, LATER).await.unwrap(), "twice");
    }
}

/// A session that ends while its tokens are born and rotate leaves none behind, and nobody fails otherwise than by being
/// too late.
pub async fn no_token_slips_past_the_end(store: &dyn Store) {
    for round in 0..20 {
        let id = live(store, &format!("s{round}"), "p-zoe").await;
        let key = |n: usize| format!("r{round}-{n}");
        store.grant(&[grant(&key(0), Refresh, &key(0), Some(&id))]).await.unwrap();
        let next = [grant(&key(1), Refresh, &key(0), Some(&id))];
        let born = join_all((2..10).map(async |n| store.grant(&[grant(&key(n), Access, &key(n), Some(&id))]).await));
        let first = OneTimeKey::new(key(0));
        let rotate = store.rotate(&first, NOW, &next);
        let (born, rotated, ended) = futures::join!(born, rotate, store.end_session(&id, NOW, None));
        assert!(ended.unwrap().is_some() && rotated.is_ok());
        assert!(born.iter().all(|answer| answer.is_ok() || conflicts(answer)), "{born:?}");
        for n in 0..10 {
            assert!(!there(store, &key(n), Refresh).await && !there(store, &key(n), Access).await, "{}", key(n));
        }
    }
}

/// The refresh token of a family, named by it.
fn standing(name: &str, family: &str, session: Option<&SessionId>) -> Grant {
    let key = OneTimeKey::within(&OneTimeKey::new(family), &OneTimeKey::new(name));
    grant(key.as_str(), Refresh, family, session)
}

/// A refresh token that names its family comes back whole, is what its family holds and nothing else, and its family knows the
/// latest one; one that is not is a copy, however long ago it was spent.
pub async fn a_refresh_token_stands_in_its_family(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    let first = Grant { doc: "{\"of\":\"the first\"}".into(), ..standing("r1", "f1", Some(&id)) };
    store.grant(&[grant("a1", Access, "f1", Some(&id)), first.clone()]).await.unwrap();
    store.grant(&[standing("r1", "f2", None)]).await.unwrap();
    let read = async |key: &OneTimeKey, at| store.granted(key, Refresh, at).await.unwrap();
    assert_eq!(read(&first.key, NOW).await.as_ref(), Some(&first));
    assert_eq!(read(&first.key, first.expires).await, None);
    assert_eq!(read(&standing("r2", "f1", None).key, NOW).await, None);
    assert!(!there(store, first.key.as_str(), Access).await && !there(store, "r1", Refresh).await);
    let (second, third) = (standing("r2", "f1", Some(&id)), standing("r3", "f1", Some(&id)));
    let other = standing("r9", "f2", Some(&id));
    assert!(conflicts(&store.rotate(&first.key, NOW, std::slice::from_ref(&other)).await), "of another family");
    assert_eq!(store.rotate(&first.key, first.expires, &[]).await.unwrap(), Rotation::Unknown, "too late");
    for (spent, next) in [(&first, &second), (&second, &third)] {
        let both = [grant(&format!("a-{}", next.key), Access, "f1", Some(&id)), next.clone()];
        assert_eq!(store.rotate(&spent.key, NOW, &both).await.unwrap(), Rotation::Rotated);
        assert_eq!(read(&spent.key, NOW).await, None);
        assert_eq!(read(&next.key, NOW).await.as_ref(), Some(next));
    }
    assert_eq!(store.rotate(&first.key, NOW, &[]).await.unwrap(), Rotation::Reused);
    assert!(read(&third.key, NOW).await.is_none() && !there(store, "a1", Access).await);
    assert_eq!(store.rotate(&third.key, NOW, &[]).await.unwrap(), Rotation::Unknown);
    assert!(there(store, standing("r1", "f2", None).key.as_str(), Refresh).await, "another family");
}

/// A family has one such token at a time: a second one is good beside it, and both fall with the family, the session and the person.
pub async fn a_second_refresh_token_has_a_row(store: &dyn Store) {
    let id = live(store, "s1", "p-zoe").await;
    let (one, two) = (standing("r1", "f1", Some(&id)), standing("r2", "f1", Some(&id)));
    for token in [&one, &two] {
        store.grant(std::slice::from_ref(token)).await.unwrap();
        assert_eq!(store.granted(&token.key, Refresh, NOW).await.unwrap().as_ref(), Some(token));
        assert!(conflicts(&store.grant(std::slice::from_ref(token)).await), "its key is taken");
    }
    let next = standing("r3", "f1", Some(&id));
    assert_eq!(store.rotate(&two.key, NOW, std::slice::from_ref(&next)).await.unwrap(), Rotation::Rotated);
    for token in [&one, &next] {
        assert_eq!(store.granted(&token.key, Refresh, NOW).await.unwrap().as_ref(), Some(token));
    }
    assert!(store.revoke(&one.key).await.unwrap() && !there(store, one.key.as_str(), Refresh).await);
    store.end_session(&id, NOW, None).await.unwrap();
    assert!(!there(store, next.key.as_str(), Refresh).await);
    let alone = standing("r4", "f4", None);
    store.grant(std::slice::from_ref(&alone)).await.unwrap();
    assert!(store.bury_family(&alone.family, LATER).await.unwrap());
    assert_eq!(store.rotate(&alone.key, NOW, &[]).await.unwrap(), Rotation::Unknown);
    assert!(conflicts(&store.grant(std::slice::from_ref(&alone)).await), "it stays buried");
}

/// Of a hundred who present one refresh token of a family at once, exactly one gets the next; the copies revoke it. A family
/// that is revoked meanwhile ends empty.
pub async fn one_of_many_succeeds_in_a_family(store: &dyn Store) {
    let first = standing("r0", "f0", None);
    store.grant(std::slice::from_ref(&first)).await.unwrap();
    let turn = async |n: usize| {
        let next = [standing(&format!("r{}", n + 1), "f0", None)];
        store.rotate(&first.key, NOW, &next).await
    };
    let answers = join_all((0..100).map(turn)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(Rotation::Rotated))).count(), 1);
    for n in 0..=100 {
        assert!(!there(store, standing(&format!("r{n}"), "f0", None).key.as_str(), Refresh).await, "r{n}");
    }
    for round in 1..20 {
        let family = format!("f{round}");
        let (first, next) = (standing("r0", &family, None), standing("r1", &family, None));
        store.grant(std::slice::from_ref(&first)).await.unwrap();
        let both = futures::join!(
            store.rotate(&first.key, NOW, std::slice::from_ref(&next)),
            store.revoke_family(&first.family)
        );
        assert!(both.0.is_ok() && both.1.unwrap());
        for token in [&first, &next] {
            assert!(!there(store, token.key.as_str(), Refresh).await, "{round}");
        }
    }
}
