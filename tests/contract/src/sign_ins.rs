//! Sign-ins under way.

use crate::fixture::{LATER, NOW, beginning, conflicts, ending, pending, session, winners};
use preau_domain::{KeptKind, OneTimeKey, PendingId, PendingSignIn, PersonId, Public};
use preau_store::{NewSession, Store};

/// What is stored is what comes back, by its name alone; the next state takes the place of the one before.
pub async fn a_sign_in_is_kept(store: &dyn Store) {
    store.put_pending(&pending("a")).await.unwrap();
    assert_eq!(store.pending(&PendingId::new("a"), NOW).await.unwrap(), Some(pending("a")));
    assert_eq!(store.pending(&PendingId::new("A"), NOW).await.unwrap(), None);
    assert_eq!(store.pending(&PendingId::new("a\0"), NOW).await.unwrap(), None);
    let next = PendingSignIn {
        public: Some(Public::Staff),
        person: Some(PersonId::new("p-zoe")),
        fresh_after: Some(LATER),
        wants: None,
        expires: LATER,
        ..pending("a")
    };
    store.put_pending(&next).await.unwrap();
    assert_eq!(store.pending(&next.id, NOW).await.unwrap(), Some(next));
}

/// A sign-in is there until the instant it expires, not at it.
pub async fn an_expired_sign_in_is_absent(store: &dyn Store) {
    let (id, end) = (PendingId::new("a"), pending("a").expires);
    store.put_pending(&pending("a")).await.unwrap();
    let before = preau_domain::Instant(end.0 - 1);
    assert!(store.pending(&id, before).await.unwrap().is_some());
    assert_eq!(store.pending(&id, end).await.unwrap(), None);
}

/// A sign-in ends once, whether it was kept or not, and no state of it is kept any more; that is remembered as long as was said.
pub async fn a_sign_in_ends_once(store: &dyn Store) {
    let (kept, carried, begun) = (pending("a"), pending("b"), pending("c"));
    store.put_pending(&kept).await.unwrap();
    assert!(store.end_pending(&ending("a")).await.unwrap());
    assert!(store.end_pending(&ending("b")).await.unwrap());
    let new = NewSession { pending: Some(ending("c")), ..beginning(session("s1", "p-zoe")) };
    store.begin_session(&new).await.unwrap();
    for (ended, name) in [(kept, "a"), (carried, "b"), (begun, "c")] {
        assert!(!store.end_pending(&ending(name)).await.unwrap());
        assert!(conflicts(&store.put_pending(&ended).await));
        assert!(conflicts(&store.pending(&ended.id, NOW).await));
        assert_eq!(store.pending(&ended.id, ending(name).until).await.unwrap(), None);
        let spent = store.kept(&OneTimeKey::new(name), KeptKind::SpentSignIn, NOW).await.unwrap();
        assert_eq!(spent.unwrap().expires, ending(name).until);
    }
    assert!(store.end_pending(&ending("another")).await.unwrap(), "another one still ends");
}

/// Of a hundred who end one sign-in at once, exactly one is told yes.
pub async fn one_of_many_ends_a_sign_in(store: &dyn Store) {
    store.put_pending(&pending("a")).await.unwrap();
    let ending = ending("a");
    let won = winners(|_| store.end_pending(&ending), |answer| matches!(answer, Ok(true))).await;
    assert_eq!(won, 1);
}
