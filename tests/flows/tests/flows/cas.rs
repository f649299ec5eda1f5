//! CAS as a service meets it: a ticket, its one validation, and the parameters of the standard.

use preau_flows::{ALICE, TestHub, stories};

stories!(a_ticket_opens_the_door_once);

/// A ticket used twice (CAS-13): the first validation says who it is, the second nothing.
async fn a_ticket_opens_the_door_once(hub: TestHub) {
    let app = hub.app("app");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    let first = app.validate(&ticket).await;
    assert_eq!(first.user(), Some(ALICE.login));
    assert_eq!(first.attribute("displayName"), ["Alice Martin"]);
    assert_eq!(app.validate(&ticket).await.code(), Some("INVALID_TICKET"));
}
