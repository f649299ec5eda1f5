//! Sign-ins under way.

use crate::fixture::{LATER, NOW, beginning, conflicts, pending, session, winners};
use preau_domain::{KeptKind, OneTimeKey, PendingId, PendingSignIn, PersonId, Public};
use preau_store::{NewSession, Store};

/// What is stored is what comes back; a taken name conflicts and changes nothing.
pub async fn a_sign_in_is_kept(store: &dyn Store) {
    store.add_pending(&pending("a")).await.unwrap();
    let thief = PendingSignIn { request: "other".into(), ..pending("a") };
    assert!(conflicts(&store.add_pending(&thief).await));
    assert_eq!(store.pending(&PendingId::new("a"), NOW).await.unwrap(), Some(pending("a")));
    assert_eq!(store.pending(&PendingId::new("A"), NOW).await.unwrap(), None);
    assert_eq!(store.pending(&PendingId::new("a\0"), NOW).await.unwrap(), None);
}

/// A sign-in is there until the instant it expires, not at it.
pub async fn an_expired_sign_in_is_absent(store: &dyn Store) {
    let (id, end) = (PendingId::new("a"), pending("a").expires);
    store.add_pending(&pending("a")).await.unwrap();
    let before = preau_domain::Instant(end.0 - 1);
    assert!(store.pending(&id, before).await.unwrap().is_some());
    assert_eq!(store.pending(&id, end).await.unwrap(), None);
    assert_eq!(store.consume_pending(&id, end).await.unwrap(), None);
    assert!(store.consume_pending(&id, before).await.unwrap().is_some());
}

/// The next state replaces the one before; a sign-in that is gone cannot be brought back by its next state.
pub async fn a_sign_in_moves_on(store: &dyn Store) {
    store.add_pending(&pending("a")).await.unwrap();
    let next = PendingSignIn {
        public: Some(Public::Staff),
        person: Some(PersonId::new("p-zoe")),
        fresh_after: Some(LATER),
        strong: false,
        ..pending("a")
    };
    store.update_pending(&next).await.unwrap();
    assert_eq!(store.consume_pending(&next.id, NOW).await.unwrap(), Some(next.clone()));
    assert!(conflicts(&store.update_pending(&next).await));
    assert_eq!(store.pending(&next.id, NOW).await.unwrap(), None);
}

/// A sign-in that had to go is put back, and one that is there stays as it is; one that ended cannot be, whichever way it did.
pub async fn a_sign_in_is_put_back_unless_it_ended(store: &dyn Store) {
    let (a, b) = (pending("a"), pending("b"));
    store.put_back_pending(&a).await.unwrap();
    store.put_back_pending(&PendingSignIn { request: "other".into(), expires: LATER, ..a.clone() }).await.unwrap();
    assert_eq!(store.consume_pending(&a.id, NOW).await.unwrap(), Some(a.clone()));
    store.add_pending(&b).await.unwrap();
    let new = NewSession { pending: Some(b.id.clone()), ..beginning(session("s1", "p-zoe")) };
    store.begin_session(&new).await.unwrap();
    for ended in [a, b] {
        assert!(conflicts(&store.put_back_pending(&ended).await));
        assert_eq!(store.pending(&ended.id, NOW).await.unwrap(), None);
        let spent = store.kept(&OneTimeKey::new(ended.id.as_str()), KeptKind::SpentSignIn, NOW).await.unwrap();
        assert_eq!(spent.unwrap().expires, ended.expires, "it is remembered as long as a form could come");
    }
}

/// Of a hundred who take one sign-in out at once, exactly one gets it.
pub async fn one_of_many_takes_a_sign_in(store: &dyn Store) {
    let id = PendingId::new("a");
    store.add_pending(&pending("a")).await.unwrap();
    let won = winners(|_| store.consume_pending(&id, NOW), |answer| matches!(answer, Ok(Some(_)))).await;
    assert_eq!(won, 1);
}
