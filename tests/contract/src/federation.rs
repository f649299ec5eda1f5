//! Identities of elsewhere.

use crate::fixture::{LATER, NOW, beginning, conflicts, elsewhere, ending, live, session, source, winners};
use preau_domain::{FederatedIdentity, FederatedLink, Instant, PersonId, Session, SessionId, SourceId, Upstream};
use preau_store::{NewSession, Store};

fn link(subject: &str, person: &str, at: Instant) -> FederatedLink {
    FederatedLink { identity: elsewhere(subject), person: PersonId::new(person), at }
}

/// Begins a session that `elsewhere(subject)` opened under the name `sid`.
async fn opened(store: &dyn Store, id: &str, subject: &str, sid: Option<&str>) -> SessionId {
    let upstream = Some(Upstream { identity: elsewhere(subject), sid: sid.map(str::to_owned) });
    store.begin_session(&NewSession { upstream, ..beginning(session(id, "p-zoe")) }).await.unwrap();
    SessionId::new(id)
}

async fn found(store: &dyn Store, subject: Option<&str>, sid: Option<&str>) -> Vec<String> {
    let issuer = elsewhere("").issuer;
    let sessions = store.sessions_upstream(&source(), &issuer, (subject, sid), &SessionId::new("")).await.unwrap();
    sessions.iter().map(|id| id.as_str().to_owned()).collect()
}

/// An identity finds its accounts, an account its identities, oldest first; provider, issuer and subject count exactly.
pub async fn an_identity_opens_accounts(store: &dyn Store) {
    let (first, second, other) = (link("x", "p-zoe", NOW), link("x", "p-ali", LATER), link("y", "p-zoe", LATER));
    for link in [&second, &other, &first] {
        store.add_link(link).await.unwrap();
    }
    assert_eq!(store.links_of(&elsewhere("x")).await.unwrap(), [first.clone(), second]);
    assert_eq!(store.links_of_person(&PersonId::new("p-zoe")).await.unwrap(), [first, other]);
    let provider = FederatedIdentity { provider: SourceId::new("autre"), ..elsewhere("x") };
    let issuer = FederatedIdentity { issuer: "https://guichet.example/".into(), ..elsewhere("x") };
    for stranger in [provider, issuer, elsewhere("X"), elsewhere("x\0"), elsewhere("")] {
        assert!(store.links_of(&stranger).await.unwrap().is_empty(), "{stranger:?}");
    }
}

/// A link is made once; one identity opens a hundred accounts at most.
pub async fn a_link_is_made_once(store: &dyn Store) {
    store.add_link(&link("x", "p-0", NOW)).await.unwrap();
    assert!(conflicts(&store.add_link(&link("x", "p-0", LATER)).await));
    assert_eq!(store.links_of(&elsewhere("x")).await.unwrap(), [link("x", "p-0", NOW)]);
    for n in 1..100 {
        store.add_link(&link("x", &format!("p-{n}"), NOW)).await.unwrap();
    }
    assert!(conflicts(&store.add_link(&link("x", "p-100", NOW)).await));
    assert_eq!(store.links_of(&elsewhere("x")).await.unwrap().len(), 100);
    store.add_link(&link("y", "p-100", NOW)).await.unwrap();
}

/// A link that is removed opens nothing any more; the others stay.
pub async fn a_link_is_removed(store: &dyn Store) {
    store.add_link(&link("x", "p-zoe", NOW)).await.unwrap();
    store.add_link(&link("x", "p-ali", NOW)).await.unwrap();
    assert!(store.remove_link(&elsewhere("x"), &PersonId::new("p-zoe")).await.unwrap());
    assert!(!store.remove_link(&elsewhere("x"), &PersonId::new("p-zoe")).await.unwrap());
    assert!(!store.remove_link(&elsewhere("y"), &PersonId::new("p-ali")).await.unwrap());
    assert_eq!(store.links_of(&elsewhere("x")).await.unwrap(), [link("x", "p-ali", NOW)]);
}

/// Of a hundred who make one link at once, exactly one does.
pub async fn one_of_many_makes_a_link(store: &dyn Store) {
    let link = link("x", "p-zoe", NOW);
    assert_eq!(winners(|_| store.add_link(&link), Result::is_ok).await, 1);
}

/// Sessions are found by subject, by name, or by both; what a session owes falls with it.
pub async fn a_session_owes_to_its_provider(store: &dyn Store) {
    live(store, "here", "p-zoe").await;
    let one = opened(store, "s1", "x", Some("sid-1")).await;
    opened(store, "s2", "x", Some("sid-2")).await;
    opened(store, "s3", "y", None).await;
    assert_eq!(found(store, Some("x"), None).await, ["s1", "s2"]);
    assert_eq!(found(store, None, Some("sid-2")).await, ["s2"]);
    assert_eq!(found(store, Some("x"), Some("sid-1")).await, ["s1"]);
    for (subject, sid) in [(Some("y"), Some("sid-1")), (None, None), (Some("X"), None), (None, Some(""))] {
        assert!(found(store, subject, sid).await.is_empty(), "{subject:?} {sid:?}");
    }
    let about = (Some("x"), Some("sid-1"));
    let foreign = store.sessions_upstream(&source(), "https://autre.example", about, &SessionId::new("")).await;
    assert!(foreign.unwrap().is_empty());
    let owed = Upstream { identity: elsewhere("x"), sid: Some("sid-1".into()) };
    assert_eq!(store.upstream_of(&one, NOW).await.unwrap(), Some(owed));
    assert_eq!(store.upstream_of(&one, session("s1", "p-zoe").expires).await.unwrap(), None);
    assert_eq!(store.upstream_of(&SessionId::new("here"), NOW).await.unwrap(), None);
    store.end_session(&one, NOW, None).await.unwrap();
    assert_eq!(found(store, Some("x"), None).await, ["s2"]);
}

/// More sessions than one answer holds are found page by page, whichever way they are looked for.
pub async fn sessions_of_a_provider_are_found_page_by_page(store: &dyn Store) {
    let names: Vec<String> = (0..101).map(|n| format!("s{n:03}")).collect();
    for name in &names {
        opened(store, name, "x", Some("sid")).await;
    }
    let issuer = elsewhere("").issuer;
    for about in [(Some("x"), None), (None, Some("sid")), (Some("x"), Some("sid"))] {
        let mut found = Vec::new();
        for _ in 0..3 {
            let after = found.last().cloned().unwrap_or(SessionId::new(""));
            let page = store.sessions_upstream(&source(), &issuer, about, &after).await.unwrap();
            assert!(page.len() <= 100, "{about:?}");
            found.extend(page);
        }
        assert_eq!(found.iter().map(SessionId::as_str).collect::<Vec<_>>(), names, "{about:?}");
    }
}

/// A session that goes on owes what the one before owed, unless it was opened from elsewhere itself; another person's
/// owes nothing of it.
pub async fn a_session_that_goes_on_still_owes(store: &dyn Store) {
    let next = |id: &str, person: &str, old: &SessionId, upstream: Option<Upstream>| NewSession {
        replaces: Some(old.clone()),
        upstream,
        ..beginning(session(id, person))
    };
    let one = opened(store, "s1", "x", Some("sid-1")).await;
    store.begin_session(&next("s2", "p-zoe", &one, None)).await.unwrap();
    assert_eq!(found(store, None, Some("sid-1")).await, ["s2"]);
    let other = Upstream { identity: elsewhere("y"), sid: None };
    store.begin_session(&next("s3", "p-zoe", &SessionId::new("s2"), Some(other))).await.unwrap();
    assert!(found(store, None, Some("sid-1")).await.is_empty());
    assert_eq!(found(store, Some("y"), None).await, ["s3"]);
    store.begin_session(&next("s4", "p-ali", &SessionId::new("s3"), None)).await.unwrap();
    assert!(found(store, Some("y"), None).await.is_empty());
}

/// What a session owes is there with it or not at all.
pub async fn what_a_session_owes_begins_with_it(store: &dyn Store) {
    let upstream = Some(Upstream { identity: elsewhere("x"), sid: None });
    let new = NewSession {
        pending: Some(ending("a")),
        upstream,
        ..beginning(Session { expires: LATER, ..session("s1", "p-zoe") })
    };
    let late = NewSession { pending: Some(ending("b")), ..new.clone() };
    store.end_pending(&ending("b")).await.unwrap();
    assert!(conflicts(&store.begin_session(&late).await), "that sign-in ended");
    assert!(found(store, Some("x"), None).await.is_empty());
    store.begin_session(&new).await.unwrap();
    assert_eq!(found(store, Some("x"), None).await, ["s1"]);
    store.sweep(LATER, NOW, 9).await.unwrap();
    assert!(found(store, Some("x"), None).await.is_empty());
}
