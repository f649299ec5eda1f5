//! An inspector's access to the space of one teacher: granted by a head for some days, told to the teacher, over at its very end.

use preau_connector_api::{MountedService, Network};
use preau_domain::{
    AccountState, Affiliation, Fact, Inspection, JoinKey, Person, PersonId, Profile, Public, ReleaseRule, Seconds,
};
use preau_flows::{
    ALICE, Answer, Browser, CasApp, HUGO, LYCEE, Listener, Mailbox, NOE, Role, TestHub, When, app_service, stories, uai,
};
use serde_json::{Value, json};
use std::sync::Arc;

stories!(
    an_inspector_looks_at_one_space_as_a_visitor,
    an_inspection_is_over_at_its_very_end_in_a_live_session,
    the_teacher_reads_who_looks_and_why_for_as_long_and_a_month_more,
    the_teacher_is_written_to_what_the_home_page_says,
    without_a_mailbox_the_home_page_says_it_alone,
    nobody_floods_a_teacher_with_letters,
    a_head_finds_teachers_by_name_and_nobody_else,
    twenty_teachers_are_found_at_once,
    none_is_prolonged,
    a_head_ends_one_and_the_service_hears_of_it,
    the_service_hears_of_the_end_that_comes_by_itself,
    what_may_not_be_granted_is_said_and_opens_nothing,
    nobody_but_the_head_of_the_teacher_grants_or_ends,
    whoever_is_no_inspector_any_more_looks_at_nothing,
    tokens_that_outlive_a_session_end_with_the_inspection,
);

/// Inspects, from the rectorat.
pub const VERA: Role = Role {
    id: "pvera00000000000",
    login: "vera.duval",
    password: "loupe-Claire-203",
    public: Public::Staff,
    affiliations: &[(Profile::Academy, RECTORAT)],
    name: ("Véra", "Duval"),
};
const RECTORAT: u32 = 990_900;
pub const DAY: i64 = 86_400;
const WHY: &str = "Rendez-vous de carrière du 18 septembre";

/// What `service` is told besides: the role of whoever opens it, and whose space an inspector looks at.
pub fn told(mut service: MountedService) -> MountedService {
    let rule = |name: &str, fact| ReleaseRule { name: name.into(), copy: Some(fact), ..service.release[0].clone() };
    let rules = [rule("role", Fact::Role), rule("inspected", Fact::Inspected)];
    service.release.extend(rules);
    service
}

/// The teachers' blog, and the inspector.
pub async fn blog(hub: &TestHub) -> CasApp {
    hub.directory.add(VERA.login, VERA.password, &VERA.key());
    hub.put(VERA.person()).await;
    hub.mount(told(app_service("blog", "Blog", "https://blog.example/", &[Profile::Teacher, Profile::Pupil])));
    hub.app("blog")
}

const ASKED: [(&str, &str); 5] =
    [("inspector", VERA.login), ("teacher", ALICE.id), ("service", "blog"), ("days", "7"), ("reason", WHY)];

pub async fn head(hub: &TestHub) -> Browser {
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    head
}

/// The page of a head who searched a teacher.
async fn found(head: &mut Browser, name: &str) -> Answer {
    let search = head.visit("/inspections").await.form_with("q");
    head.submit(&search, &[("q", name)]).await
}

pub async fn granted(head: &mut Browser, change: &[(&str, &str)]) -> Answer {
    let form = found(head, "martin").await.form_with("days");
    let fields: Vec<_> = ASKED.into_iter().filter(|(name, _)| !change.iter().any(|(one, _)| one == name)).collect();
    head.submit(&form, &[&fields[..], change].concat()).await
}

async fn an_inspector_looks_at_one_space_as_a_visitor(hub: TestHub) {
    let (app, mut vera) = (blog(&hub).await, hub.browser());
    let closed = vera.sign_in(&VERA).to(&app).await;
    assert!(closed.some_ticket().is_none() && !vera.visit("/").await.has_link("Blog"), "before it is granted");
    let mut hugo = head(&hub).await;
    let list = granted(&mut hugo, &[]).await;
    assert!(list.words().contains("Véra Duval consulte l’espace d’Alice Martin dans « Blog »"), "{}", list.words());
    hub.clock.advance(4);
    let home = vera.visit("/").await;
    assert!(home.has_link("Blog") && home.words().contains("Vous pouvez consulter l’espace d’Alice Martin"));
    let ticket = vera.open(&app).await.ticket();
    let answer = app.validate(&ticket).await;
    assert_eq!((answer.user(), answer.attribute("role")), (Some(VERA.login), &["visiteur".to_owned()][..]));
    assert_eq!(answer.attribute("inspected"), [ALICE.login], "of her space alone");
    assert!(vera.open(&hub.app("other")).await.some_ticket().is_none(), "no other service");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("inspected"), [""; 0], "and of nobody else it is said");
    let said = hub.hub.store.audit_about(&ALICE.person_id(), hub.hub.now() - Seconds(DAY), 100).await.expect("read");
    assert!(said.iter().any(|event| event.detail.contains(WHY)), "the journal of the teacher: {said:?}");
}

async fn an_inspection_is_over_at_its_very_end_in_a_live_session(hub: TestHub) {
    let (app, mut hugo) = (blog(&hub).await, head(&hub).await);
    granted(&mut hugo, &[("days", "1")]).await;
    hub.clock.advance(DAY - 60);
    let mut vera = hub.browser();
    vera.sign_in(&VERA).at_home().await;
    hub.clock.advance(59);
    let ticket = vera.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("inspected"), [ALICE.login], "until the last second");
    let in_flight = vera.open(&app).await.ticket();
    hub.clock.advance(1);
    assert_eq!(app.validate(&in_flight).await.user(), None, "a ticket made before is worth nothing");
    let refused = vera.open(&app).await;
    assert_eq!((refused.answer.status.as_u16(), refused.some_ticket()), (403, None));
    let home = vera.visit("/").await;
    assert!(home.words().contains("Bonjour") && !home.has_link("Blog"), "still signed in: {}", home.words());
}

async fn the_teacher_reads_who_looks_and_why_for_as_long_and_a_month_more(hub: TestHub) {
    blog(&hub).await;
    let home = async |who: &Role| hub.browser().sign_in(who).at_home().await.answer.words();
    assert!(!home(&ALICE).await.contains("Inspections"), "control");
    granted(&mut head(&hub).await, &[]).await;
    let now = home(&ALICE).await;
    assert!(now.contains("Véra Duval peut consulter votre espace dans « Blog »"), "{now}");
    assert!(now.contains(WHY) && now.contains("Accordé par Hugo Lambert"), "{now}");
    assert!(!home(&NOE).await.contains("Véra"), "nobody else");
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let data: Value = serde_json::from_str(&alice.get("/account/data").await.body).expect("a document");
    assert_eq!(
        (&data["inspections"][0]["inspector"], &data["inspections"][0]["reason"]),
        (&json!("Véra Duval"), &json!(WHY))
    );
    hub.clock.advance(8 * DAY);
    assert!(home(&ALICE).await.contains("Véra Duval a pu consulter votre espace"));
    hub.clock.advance(30 * DAY);
    assert!(!home(&ALICE).await.contains("Véra"), "a month after");
    alice.sign_in(&ALICE).at_home().await;
    let data: Value = serde_json::from_str(&alice.get("/account/data").await.body).expect("a document");
    assert_eq!(data["inspections"][0]["granted_by"], "Hugo Lambert", "what is known of her says so for longer");
}

/// The same house, with a mailbox.
async fn written(hub: &TestHub) -> (TestHub, Arc<Mailbox>) {
    let mailbox = Mailbox::new();
    let post = mailbox.clone();
    let hub = hub.again_with(move |setup| setup.mail = Some(post)).await;
    (hub, mailbox)
}

async fn the_teacher_is_written_to_what_the_home_page_says(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    blog(&hub).await;
    let mut hugo = head(&hub).await;
    granted(&mut hugo, &[("days", "31")]).await;
    granted(&mut hugo, &[]).await;
    let news = mailbox.letter(1).await;
    assert_eq!(Some(&news.to), ALICE.person().mail.as_ref(), "of what is granted alone");
    assert!(news.subject.contains("un inspecteur peut consulter votre espace"), "{}", news.subject);
    for said in ["Véra Duval peut consulter votre espace", WHY, "Accordé par Hugo Lambert"] {
        assert!(news.text.contains(said), "{said}: {}", news.text);
    }
    for kept in [VERA.login, VERA.id, HUGO.login, ALICE.login, "0990"] {
        assert!(!news.text.contains(kept), "{kept}: {}", news.text);
    }
    let form = hugo.visit("/inspections").await.form_to("/inspections/end");
    hugo.submit(&form, &[]).await;
    let ended = mailbox.letter(2).await;
    assert!(ended.text.contains("plus tôt que prévu. Véra Duval a pu consulter votre espace"), "{}", ended.text);
    assert_eq!(hugo.submit_once(&form, &[]).await.status, 303, "said again it ends nothing");
    crate::mail::all_seen_to(&hub).await;
    assert_eq!(mailbox.letters().len(), 2);
}

async fn without_a_mailbox_the_home_page_says_it_alone(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    blog(&hub).await;
    hub.put(Person { mail: None, ..ALICE.person() }).await;
    let mut hugo = head(&hub).await;
    let list = granted(&mut hugo, &[]).await;
    assert!(list.words().contains("Véra Duval consulte l’espace"), "no error: {}", list.words());
    let home = hub.browser().sign_in(&ALICE).at_home().await.answer.words();
    assert!(home.contains("Véra Duval peut consulter votre espace"), "{home}");
    let form = hugo.visit("/inspections").await.form_to("/inspections/end");
    hugo.submit(&form, &[]).await;
    let waiting = async || hub.hub.store.waiting_letters(hub.hub.now()).await.expect("counted").count;
    assert_eq!((waiting().await, mailbox.letters().len()), (0, 0));
    hub.put(ALICE.person()).await;
    granted(&mut hugo, &[]).await;
    assert!(mailbox.letter(1).await.subject.contains("inspecteur"), "control");
}

async fn nobody_floods_a_teacher_with_letters(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    blog(&hub).await;
    let mut hugo = head(&hub).await;
    let again = async |hugo: &mut Browser| {
        let list = granted(hugo, &[]).await;
        if let Some(end) = list.forms().into_iter().find(|form| form.action.ends_with("/inspections/end")) {
            hugo.submit(&end, &[]).await;
        }
        list.words()
    };
    for _ in 0..Inspection::MOST_A_DAY {
        assert!(again(&mut hugo).await.contains("Véra Duval consulte l’espace"), "control");
    }
    let refused = again(&mut hugo).await;
    assert!(refused.contains("huit consultations ont été accordées en un jour"), "{refused}");
    crate::mail::all_seen_to(&hub).await;
    assert_eq!(mailbox.letters().len(), 2 * Inspection::MOST_A_DAY);
    hub.clock.advance(DAY);
    hugo.sign_in(&HUGO).at_home().await;
    assert!(again(&mut hugo).await.contains("Véra Duval consulte l’espace"), "a day later");
}

/// Somebody of the lycée of that given name.
fn helias(given: &str, profile: Profile) -> Person {
    Person {
        id: PersonId::new(given),
        join: ALICE.person().join.map(|join| JoinKey { key: given.into(), ..join }),
        given_name: given.into(),
        family_name: "Hélias".into(),
        login: Some(given.to_lowercase()),
        affiliations: vec![Affiliation::new(uai(LYCEE), profile)],
        ..ALICE.person()
    }
}

async fn a_head_finds_teachers_by_name_and_nobody_else(hub: TestHub) {
    blog(&hub).await;
    hub.put_all(vec![helias("Zoé", Profile::Teacher), helias("Élève", Profile::Pupil)]).await;
    hub.put(Person { state: AccountState::Suspended, ..helias("Partie", Profile::Teacher) }).await;
    let mut hugo = head(&hub).await;
    hub.faults.fail(0, When::Before);
    let read = |one: &str| hub.faults.calls().iter().filter(|call| **call == one).count();
    let page = hugo.visit("/inspections").await;
    assert!(page.forms().iter().all(|form| form.value("days").is_none()), "nobody to choose yet");
    assert_eq!(["people_at", "people_as"].map(read), [0, 0], "and nobody is read");
    let page = found(&mut hugo, " heLIas ").await;
    assert!(page.words().contains("Zoé Hélias"), "{}", page.words());
    assert!(!page.words().contains("Élève") && !page.words().contains("Partie"), "{}", page.words());
    assert_eq!(["people_at", "people_as"].map(read), [0, 1]);
    let none = found(&mut hugo, "lambert").await;
    assert!(none.words().contains("Aucun professeur de votre établissement"), "not the head: {}", none.words());
}

async fn twenty_teachers_are_found_at_once(hub: TestHub) {
    blog(&hub).await;
    let many = (0..20).map(|n| helias(&format!("N{n:02}"), Profile::Teacher));
    hub.put_all(many.chain([helias("Zoé", Profile::Teacher)]).collect()).await;
    let mut hugo = head(&hub).await;
    let page = found(&mut hugo, "helias").await;
    assert!(page.words().contains("N19") && !page.words().contains("Zoé"), "{}", page.words());
    assert!(page.words().contains("Les vingt premiers"), "{}", page.words());
    let page = found(&mut hugo, "helias zoe").await;
    assert!(page.words().contains("Zoé Hélias") && !page.words().contains("Les vingt"), "control: {}", page.words());
}

async fn none_is_prolonged(hub: TestHub) {
    blog(&hub).await;
    let mut hugo = head(&hub).await;
    granted(&mut hugo, &[]).await;
    let again = granted(&mut hugo, &[("days", "30"), ("reason", "La même chose, un mois de plus")]).await;
    assert!(again.words().contains("consulte déjà cet espace"), "{}", again.words());
    hub.clock.advance(7 * DAY);
    hugo.sign_in(&HUGO).at_home().await;
    let another = granted(&mut hugo, &[("reason", "Une seconde visite, demandée par elle")]).await;
    assert!(another.words().contains("Une seconde visite"), "after the end, with its own reason: {}", another.words());
    let home = hub.browser().sign_in(&ALICE).at_home().await.answer.words();
    assert!(home.contains(WHY) && home.contains("Une seconde visite"), "she reads both: {home}");
}

/// The blog at a listener, opened by the inspector so long after it was granted for a day.
async fn looking(hub: &TestHub, listener: &Listener, after: i64) -> (CasApp, Browser, Browser) {
    blog(hub).await;
    let service = app_service("blog", "Blog", &listener.url(), &[Profile::Teacher]);
    hub.mount(told(MountedService { network: Network::Private, ..service }));
    let (app, mut hugo, mut vera) = (hub.app("blog"), head(hub).await, hub.browser());
    granted(&mut hugo, &[("days", "1")]).await;
    hub.clock.advance(after);
    let ticket = vera.sign_in(&VERA).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("inspected"), [ALICE.login], "control");
    (app, hugo, vera)
}

async fn a_head_ends_one_and_the_service_hears_of_it(hub: TestHub) {
    let mut listener = Listener::start().await;
    let (app, mut hugo, mut vera) = looking(&hub, &listener, 0).await;
    assert!(listener.heard_nothing(), "control");
    let form = hugo.visit("/inspections").await.form_to("/inspections/end");
    let list = hugo.submit(&form, &[]).await;
    assert!(list.words().contains("a pu consulter l’espace"), "{}", list.words());
    assert!(listener.next().await.body.contains("SessionIndex"), "the service is told of the end");
    assert!(vera.sign_in(&VERA).to(&app).await.some_ticket().is_none(), "and she comes in no more");
}

async fn the_service_hears_of_the_end_that_comes_by_itself(hub: TestHub) {
    let mut listener = Listener::start().await;
    let _held = looking(&hub, &listener, DAY - 100).await;
    let due = async || {
        let over = hub.hub.end_due_inspections(100).await.expect("it is told");
        hub.hub.end_expired_sessions(100).await.expect("they end");
        over
    };
    assert_eq!(due().await, 0, "control: not before");
    assert!(listener.heard_nothing(), "control");
    hub.clock.advance(100);
    assert_eq!((due().await, due().await), (1, 0), "once");
    assert!(listener.next().await.body.contains("SessionIndex"));
}

async fn what_may_not_be_granted_is_said_and_opens_nothing(hub: TestHub) {
    let app = blog(&hub).await;
    hub.mount(app_service("notes", "Carnet", "https://carnet.example/", &Profile::ALL));
    let mut hugo = head(&hub).await;
    let long = "x".repeat(501);
    for (change, said) in [
        (("inspector", NOE.login), "aucun inspecteur actif"),
        (("inspector", "personne"), "aucun inspecteur actif"),
        (("teacher", NOE.id), "n’enseigne pas dans votre établissement"),
        (("service", "notes"), "ne sait pas distinguer un visiteur"),
        (("days", "31"), "de 1 à 30 jours"),
        (("days", "0"), "de 1 à 30 jours"),
        (("days", "toujours"), "de 1 à 30 jours"),
        (("reason", "  visite  "), "une phrase de 10 à 500 caractères"),
        (("reason", long.as_str()), "une phrase de 10 à 500 caractères"),
    ] {
        let answer = granted(&mut hugo, &[change]).await;
        assert!(answer.words().contains(said), "{change:?}: {}", answer.words());
    }
    let mut vera = hub.browser();
    assert!(vera.sign_in(&VERA).to(&app).await.some_ticket().is_none());
    granted(&mut hugo, &[]).await;
    hub.clock.advance(4);
    assert!(vera.open(&app).await.some_ticket().is_some(), "control");
}

async fn nobody_but_the_head_of_the_teacher_grants_or_ends(hub: TestHub) {
    blog(&hub).await;
    let mut hugo = head(&hub).await;
    granted(&mut hugo, &[]).await;
    let (grant, end) = (found(&mut hugo, "martin").await.form_with("days"), hugo.visit("/inspections").await);
    let end = end.form_to("/inspections/end");
    for who in [&ALICE, &NOE, &VERA] {
        let mut other = hub.browser();
        assert!(!other.sign_in(who).at_home().await.answer.has_link("Inspections"));
        for (form, with) in [(&grant, &ASKED[..]), (&end, &ASKED[..0])] {
            let answer = other.submit_once(form, with).await;
            assert_eq!(answer.status.as_u16(), 404, "{}", who.login);
        }
    }
    let elsewhere = Role { affiliations: &[(Profile::Head, 990_001)], ..HUGO.clone() };
    hub.put(elsewhere.person()).await;
    hub.clock.advance(4);
    let mine = found(&mut hugo, "martin").await;
    assert!(!mine.words().contains("Véra"), "a head of another school: {}", mine.words());
    let token = mine.form_with("days").value("token").expect("a token").to_owned();
    let answer = hugo.submit_once(&end, &[("token", &token)]).await;
    assert_eq!(answer.status.as_u16(), 404, "nor ends what that school granted");
    let of = preau_store::InspectionsOf::Establishment(&uai(LYCEE));
    let held: Vec<Inspection> = hub.hub.store.inspections(of, hub.hub.now(), 9).await.expect("read");
    assert_eq!(held.len(), 1, "control: it holds");
}

async fn whoever_is_no_inspector_any_more_looks_at_nothing(hub: TestHub) {
    let (app, mut vera) = (blog(&hub).await, hub.browser());
    granted(&mut head(&hub).await, &[]).await;
    assert!(vera.sign_in(&VERA).to(&app).await.some_ticket().is_some(), "control");
    let mut moved: Person = VERA.person();
    moved.affiliations[0].profile = Profile::SchoolStaff;
    hub.put(moved).await;
    hub.clock.advance(4);
    assert!(vera.open(&app).await.some_ticket().is_none(), "she left the academy");
    hub.put(VERA.person()).await;
    hub.amend("blog", |service| {
        let academy = preau_domain::Population { profiles: vec![Profile::Academy], ..Default::default() };
        service.audience.except = vec![academy];
    });
    hub.clock.advance(4);
    assert!(vera.open(&app).await.some_ticket().is_none(), "nor is whom the service excludes");
    hub.amend("blog", |service| service.audience.except.clear());
    assert!(vera.open(&app).await.some_ticket().is_some(), "control");
}

async fn tokens_that_outlive_a_session_end_with_the_inspection(hub: TestHub) {
    blog(&hub).await;
    let mut rp = told(preau_flows::oidc_service("pad"));
    rp.audience = hub.hub.services().get(&preau_domain::ServiceId::new("blog")).expect("the blog").audience.clone();
    let rp = hub.rp_of(rp, |_| {});
    granted(&mut head(&hub).await, &[("service", "pad"), ("days", "1")]).await;
    let asked = rp.url_with(&[("scope", "openid ent offline_access")]);
    let code = hub.browser().sign_in(&VERA).through(&asked).await.answer.code();
    let tokens = rp.redeem(&code).await;
    hub.clock.advance(DAY - 1);
    let tokens = rp.refresh(tokens.text("refresh_token")).await;
    assert_eq!(tokens.answer.status.as_u16(), 200, "until the last second: {}", tokens.answer.body);
    hub.clock.advance(1);
    assert_eq!(rp.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
}
