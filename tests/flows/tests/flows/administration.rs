//! The pages of sources: for the administrators whom the configuration names, and for nobody else.

use preau_authenticator::{Authenticator, Said};
use preau_domain::{AuditKind, Instant, RunId, SourceId};
use preau_flows::{ALICE, Browser, GAELLE, Recorder, TestHub, authenticator, stories};
use preau_store::{RunOutcome, RunRecord};
use serde_json::json;
use std::sync::Arc;

stories!(
    the_pages_of_sources_are_for_administrators_alone,
    an_administrator_proves_it_anew_after_a_quarter_of_an_hour,
    administration_always_asks_for_a_second_factor,
    a_held_run_is_let_go_once_by_whoever_was_shown_it,
    a_run_that_was_refused_is_let_go_by_nobody,
    a_report_is_shown_and_taken_away,
);

fn annuaire() -> SourceId {
    SourceId::new("annuaire")
}

/// The same house, administered by a person whose password is checked here, and by one of the directory.
async fn administered(hub: &TestHub) -> (TestHub, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::over(&[annuaire()]));
    let all = Arc::clone(&recorder);
    let change = move |setup: &mut preau_flows::Setup| {
        setup.config.administrators = vec![GAELLE.id.to_owned(), ALICE.id.to_owned()];
        setup.synchronised = all;
    };
    (hub.again_with(change).await, recorder)
}

/// A run of the annuaire that names somebody.
async fn run(hub: &TestHub, id: &str, outcome: RunOutcome, minutes: i64) {
    let report = json!({
        "people": { "read": 50, "suspended": 90, "updated": 2 },
        "held": ["26 % of 0990001N would vanish (80 of 300 people)"],
        "reasons": [{ "rule": "too-many-of-one-school", "establishment": "0990001N", "active": 300, "absent": 80, "lost": 0, "percent": 20 }],
        "losses": [{ "establishment": "0990001N", "active": 300, "absent": 80, "lost": 0, "profiles": [
            { "profile": "National_ELV", "active": 200, "absent": 80, "lost": 0, "moved": 4, "came": 0 }] }],
        "rejected": { "total": 1, "by_reason": { "no name": 1 }, "entries": [{ "dn": "=uid<b>zoe</b>", "reason": "no name" }] },
        "duration_ms": 1500,
    });
    let started = Instant(hub.hub.now().0 + minutes * 60_000);
    let (id, source, report) = (RunId::new(id), annuaire(), report.to_string());
    let run = RunRecord { id, source, started, finished: Some(started), outcome, report };
    hub.hub.store.put_run(&run).await.expect("it is kept");
}

/// A browser in which the administrator signed in with a passkey of hers.
async fn administrator(hub: &TestHub) -> Browser {
    equipped(hub).await.0
}

async fn equipped(hub: &TestHub) -> (Browser, Authenticator) {
    let (mut maker, mut browser, mut device) = (hub.browser(), hub.browser(), authenticator());
    let kept = hub.hub.store.factors_of(&GAELLE.person_id()).await.expect("they are read");
    for factor in kept {
        hub.hub.store.remove_factor(&GAELLE.person_id(), &factor.id, false).await.expect("it is removed");
    }
    maker.sign_in(&GAELLE).at_home().await;
    let added = maker.add_passkey(&mut device, &Said::default()).await;
    assert_eq!(added.location(), Some("/account"), "{}", added.words());
    let page = browser.visit("/").await;
    browser.prove_passkey(&page, &mut device, &Said::default()).await;
    (browser, device)
}

const PAGES: [&str; 5] = [
    "/sources",
    "/sources/annuaire",
    "/sources/annuaire/runs.csv",
    "/sources/annuaire/runs/r1",
    "/sources/annuaire/runs/r1/rejected.csv",
];

async fn the_pages_of_sources_are_for_administrators_alone(hub: TestHub) {
    run(&hub, "r1", RunOutcome::Held, 0).await;
    let mut nobody = administrator(&hub).await;
    for path in PAGES {
        assert_eq!(nobody.get(path).await.status, 404, "{path}: the configuration names nobody");
    }
    let (hub, _) = administered(&hub).await;
    let (mut gaelle, mut alice) = (administrator(&hub).await, hub.browser());
    alice.sign_in(&ALICE).at_home().await;
    for path in PAGES {
        let outside = hub.browser().get(path).await;
        assert!(outside.location().is_some_and(|to| to.starts_with("/sign-in/")), "{path}: {}", outside.status);
        assert_eq!(alice.get(path).await.status, 404, "{path}: her password is not checked here");
        assert_eq!(gaelle.get(path).await.status, 200, "{path}: control");
    }
    assert_eq!(gaelle.get("/sources/other").await.status, 404);
    assert_eq!(gaelle.get("/sources/annuaire/runs/r9").await.status, 404);
}

async fn an_administrator_proves_it_anew_after_a_quarter_of_an_hour(hub: TestHub) {
    let (hub, _) = administered(&hub).await;
    let (mut gaelle, mut device) = equipped(&hub).await;
    hub.clock.advance(14 * 60);
    assert_eq!(gaelle.get("/sources").await.status, 200, "control");
    hub.clock.advance(2 * 60);
    let asked = gaelle.get("/sources").await;
    assert!(asked.location().is_some_and(|to| to.starts_with("/sign-in/")), "{}", asked.status);
    assert_eq!(gaelle.get("/").await.status, 200, "her session goes on");
    let page = gaelle.visit("/sources").await;
    let back = gaelle.prove_passkey(&page, &mut device, &Said::default()).await;
    assert_eq!(back.location(), Some("/sources"), "{}", back.words());
    assert_eq!(gaelle.get("/sources").await.status, 200);
}

async fn administration_always_asks_for_a_second_factor(hub: TestHub) {
    let (hub, _) = administered(&hub).await;
    let mut gaelle = hub.browser();
    gaelle.sign_in(&GAELLE).at_home().await;
    for path in PAGES {
        let page = gaelle.get(path).await;
        assert_eq!(page.status, 403, "{path}: a password alone");
        assert!(page.has_link("Ajouter une clé d’accès"), "{}", page.words());
    }
    let mut device = authenticator();
    gaelle.add_passkey(&mut device, &Said::default()).await;
    let page = gaelle.visit("/sources").await;
    let back = gaelle.prove_passkey(&page, &mut device, &Said::default()).await;
    assert_eq!(back.location(), Some("/sources"));
    assert_eq!(gaelle.get("/sources").await.status, 200, "control");
}

async fn a_held_run_is_let_go_once_by_whoever_was_shown_it(hub: TestHub) {
    let (hub, recorder) = administered(&hub).await;
    run(&hub, "r1", RunOutcome::Held, 0).await;
    let (mut gaelle, mut device) = equipped(&hub).await;
    let mut elsewhere = hub.browser();
    let page = elsewhere.visit("/").await;
    elsewhere.prove_passkey(&page, &mut device, &Said::default()).await;
    let page = gaelle.get("/sources/annuaire/runs/r1").await;
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/release")).expect("it can be let go");
    assert_eq!(elsewhere.submit_once(&form, &[]).await.status, 403, "the form of another session");
    assert_eq!(gaelle.submit_once(&form, &[("token", "x")]).await.status, 403);
    assert_eq!(recorder.released(), []);
    assert_eq!(gaelle.submit_once(&form, &[]).await.location(), Some("/sources/annuaire"), "control");
    assert_eq!(recorder.released(), [(annuaire(), RunId::new("r1"))]);
    let told = hub.hub.store.audit_about(&GAELLE.person_id(), Instant(0), 1).await.expect("it is read");
    assert_eq!((told[0].kind, told[0].detail.as_str()), (AuditKind::Administered, "run-released r1"));
    run(&hub, "r2", RunOutcome::Applied, 1).await;
    assert_eq!(gaelle.submit_once(&form, &[]).await.status, 403, "another run came after it");
    assert_eq!(recorder.released().len(), 1);
}

async fn a_run_that_was_refused_is_let_go_by_nobody(hub: TestHub) {
    let (hub, recorder) = administered(&hub).await;
    run(&hub, "r1", RunOutcome::Held, 0).await;
    let mut gaelle = administrator(&hub).await;
    let page = gaelle.get("/sources/annuaire/runs/r1").await;
    let form = |end: &str| page.forms().into_iter().find(|form| form.action.ends_with(end)).expect("it is there");
    assert_eq!(gaelle.submit_once(&form("/refuse"), &[]).await.location(), Some("/sources/annuaire"));
    assert_eq!(gaelle.submit_once(&form("/release"), &[]).await.status, 403);
    assert_eq!(recorder.released(), []);
    let after = gaelle.get("/sources/annuaire/runs/r1").await;
    assert!(after.words().contains("Refusée le") && after.words().contains("0990001N"), "{}", after.words());
    let told = hub.hub.store.audit_about(&GAELLE.person_id(), Instant(0), 1).await.expect("it is read");
    assert_eq!(told[0].detail, "run-refused r1");
}

async fn a_report_is_shown_and_taken_away(hub: TestHub) {
    let (hub, _) = administered(&hub).await;
    run(&hub, "r1", RunOutcome::Held, 0).await;
    let mut gaelle = administrator(&hub).await;
    let list = gaelle.get("/sources").await;
    assert!(list.words().contains("annuaire") && list.words().contains("Retenue"), "{}", list.words());
    let page = gaelle.get("/sources/annuaire/runs/r1").await;
    for part in ["0990001N", "80 personnes sur 300", "=uid<b>zoe</b>", "no name", "1,5 s", "80 seraient suspendues"] {
        assert!(page.words().contains(part), "{part}: {}", page.words());
    }
    assert!(!page.body.contains("<b>zoe"), "what a source says stays text");
    let rejected = gaelle.get("/sources/annuaire/runs/r1/rejected.csv").await;
    assert_eq!(rejected.body, "\"entry\";\"reason\"\r\n\"'=uid<b>zoe</b>\";\"no name\"\r\n");
    let runs = gaelle.get("/sources/annuaire/runs.csv").await;
    assert!(
        runs.body.contains("\"r1\"") && runs.body.contains("\"held\"") && runs.body.contains("\"90\""),
        "{}",
        runs.body
    );
}
