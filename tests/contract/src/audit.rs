//! The journal.

use crate::fixture::{LATER, NOW, conflicts, event, live, local, uai};
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Person, PersonId, ServiceId, SessionId};
use preau_store::Store;

/// Events of a request come back whole and in the order they were handed over.
pub async fn events_of_a_request_come_in_order(store: &dyn Store) {
    let full = AuditEvent {
        person: Some(PersonId::new("p-zoe")),
        session: Some(SessionId::new("s1")),
        service: Some(ServiceId::new("moodle")),
        establishment: Some(uai(1)),
        ..AuditEvent::new(LATER, AuditKind::AttributesReleased, CorrelationId::new("c1"), "l'accent \"é\"")
    };
    let events = [full, event("c1", "second"), event("c1", "first")];
    for event in &events {
        store.record(event.clone());
    }
    store.record(event("c2", "of another request"));
    store.flush_audit().await.unwrap();
    assert_eq!(store.audit_of(&CorrelationId::new("c1")).await.unwrap(), events);
    assert!(store.audit_of(&CorrelationId::new("C1")).await.unwrap().is_empty());
    store.flush_audit().await.unwrap();
}

/// An event is there before any write its caller asks for afterwards.
pub async fn an_event_comes_before_the_next_write(store: &dyn Store) {
    for round in 0..20 {
        let correlation = format!("c{round}");
        store.record(event(&correlation, "before"));
        live(store, &format!("s{round}"), "p-zoe").await;
        assert_eq!(store.audit_of(&CorrelationId::new(correlation)).await.unwrap().len(), 1);
    }
}

/// A write that conflicts does not take the event before it away.
pub async fn an_event_outlives_a_conflict(store: &dyn Store) {
    store.add_local_person(&local("zoe"), "h").await.unwrap();
    store.add_local_person(&local("ali"), "h").await.unwrap();
    let taken = Person { login: Some("zoe".into()), ..local("ali") };
    for round in 0..5 {
        for n in 0..round {
            store.record(event(&format!("c{round}"), &n.to_string()));
        }
        assert!(conflicts(&store.add_local_person(&taken, "h").await));
        assert!(conflicts(&store.update_person(&taken).await));
        assert_eq!(store.audit_of(&CorrelationId::new(format!("c{round}"))).await.unwrap().len(), round);
    }
}

/// What is known of a person comes latest first, since an instant, and no more than asked.
pub async fn events_about_a_person_come_latest_first(store: &dyn Store) {
    let about =
        |person: &str, at, detail: &str| AuditEvent { at, person: Some(PersonId::new(person)), ..event("c1", detail) };
    store.record(about("p-zoe", NOW, "1"));
    store.record(about("p-zoe", LATER, "2"));
    store.record(about("p-ali", LATER, "3"));
    store.record(event("c1", "nobody's"));
    store.record(about("p-zoe", LATER, "4"));
    store.flush_audit().await.unwrap();
    let zoe = PersonId::new("p-zoe");
    let told = async |since, limit| -> Vec<String> {
        store.audit_about(&zoe, since, limit).await.unwrap().into_iter().map(|e| e.detail).collect()
    };
    assert_eq!(told(NOW, 9).await, ["4", "2", "1"]);
    assert_eq!(told(LATER, 9).await, ["4", "2"]);
    assert_eq!(told(NOW, 1).await, ["4"]);
}

/// Many events written together are all there; a request shows at most a thousand.
pub async fn many_events_are_written_together(store: &dyn Store) {
    for n in 0..2_000 {
        store.record(event(if n % 2 == 0 { "even" } else { "odd" }, &n.to_string()));
    }
    store.record(event("even", "one too many"));
    store.record(event("nul", "a\0b"));
    store.flush_audit().await.unwrap();
    let even = store.audit_of(&CorrelationId::new("even")).await.unwrap();
    assert_eq!((even.len(), even[0].detail.as_str(), even[999].detail.as_str()), (1000, "0", "1998"));
    assert_eq!(store.audit_of(&CorrelationId::new("odd")).await.unwrap().len(), 1000);
    assert_eq!(store.audit_of(&CorrelationId::new("nul")).await.unwrap().len(), 1);
}
