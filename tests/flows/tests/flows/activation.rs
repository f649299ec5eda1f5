//! Codes on paper: how pupils and parents come by a password that lives here, and the charte they accept before a service opens.

use preau_connector_api::Names;
use preau_domain::{AuditKind, Factor, FactorId, FactorKind, Instant, JoinKey, Person, PersonId, Profile, SourceId};
use preau_flows::{ALICE, Answer, Browser, COLLEGE, HUGO, INES, NOE, Role, TestHub, When, crowd, stories};
use preau_store::SaidBy;
use preau_web::activation::{self, LASTS};
use preau_web::{Charte, Words};

stories!(
    a_code_opens_the_door_once,
    a_reprint_takes_the_former_back,
    a_code_that_is_worth_nothing_says_nothing,
    of_two_with_one_paper_one_comes_in,
    a_weak_password_is_not_taken,
    what_was_before_a_code_goes_with_it,
    a_code_ends_the_passwords_of_every_record,
    a_code_is_for_those_who_prove_themselves_here,
    the_charte_comes_before_the_first_ticket,
    a_new_charte_is_accepted_anew,
    a_school_is_read_twice_however_many_are_in_it,
    a_head_prints_the_codes_of_the_establishment,
    a_code_is_used_by_the_browser_that_shows_it,
    a_teacher_helps_a_pupil_of_their_class,
    nobody_helps_pupils_of_others,
    of_two_who_help_the_later_code_counts,
    a_password_is_changed_by_its_owner,
    a_password_of_the_annuaire_is_not_changed_here,
);

pub const GOOD: &str = "girafe-lente-verte";

/// The same house, whose pupils and parents have their passwords here.
pub async fn local(hub: &TestHub) -> TestHub {
    let here = |public: &str| (public.to_owned(), "local".to_owned());
    hub.again_with(|setup| setup.config.sign_in.publics.extend([here("pupil"), here("guardian")])).await
}

/// A code for somebody, as it stands on paper.
pub async fn code_for(hub: &TestHub, who: &PersonId) -> String {
    let (times, people) = ((hub.hub.now(), LASTS), [who.clone()]);
    let made = activation::make(&*hub.hub.store, &hub.hub.keyring, &*hub.hub.ids, &people, times, None).await;
    let code = made.expect("codes are kept").remove(0);
    hub.secrets.saw("activation code", &code);
    activation::shown(&code)
}

/// Types a code.
pub async fn show(browser: &mut Browser, code: &str) -> Answer {
    let page = browser.visit("/activate").await;
    browser.submit(&page.form_with("code"), &[("code", code)]).await
}

/// Chooses a login and a password on the page that follows.
pub async fn choose(browser: &mut Browser, page: &Answer, login: &str, password: &str) -> Answer {
    let form = page.form_with("password");
    browser.submit(&form, &[("login", login), ("password", password), ("again", password)]).await
}

fn role(who: &Role, login: &'static str, password: &'static str) -> Role {
    Role { login, password, ..who.clone() }
}

async fn a_code_opens_the_door_once(hub: TestHub) {
    let hub = local(&hub).await;
    let code = code_for(&hub, &NOE.person_id()).await;
    let mut noe = hub.browser();
    let page = show(&mut noe, &code.to_lowercase()).await;
    assert!(page.words().contains("celui de Noé Petit"), "{}", page.words());
    assert_eq!(page.form_with("password").value("login"), Some("noe.petit2"), "noe.petit is the name in the annuaire");
    let home = choose(&mut noe, &page, "Noe.P", GOOD).await;
    assert!(noe.signed_in() && home.words().contains("Bonjour"), "{}", home.words());
    let mut thief = hub.browser();
    let again = show(&mut thief, &code).await;
    assert_eq!((again.status.as_u16(), thief.signed_in()), (422, false), "it was used");
    let mut later = hub.browser();
    later.sign_in(&role(&NOE, "noe.p", GOOD)).at_home().await;
    assert!(later.signed_in(), "control");
    let mut wrong = hub.browser();
    wrong.sign_in(&role(&NOE, "noe.p", "girafe-lente-bleue")).at_home().await;
    assert!(!wrong.signed_in());
    let told = hub.hub.store.audit_about(&NOE.person_id(), Instant(0), 9).await.expect("it is read");
    assert!(told.iter().any(|e| (e.kind, &*e.detail) == (AuditKind::CredentialsChanged, "activated")), "{told:?}");
}

async fn a_reprint_takes_the_former_back(hub: TestHub) {
    let hub = local(&hub).await;
    let (first, second) = (code_for(&hub, &NOE.person_id()).await, code_for(&hub, &NOE.person_id()).await);
    let mut browser = hub.browser();
    assert_eq!(show(&mut browser, &first).await.status, 422);
    let page = show(&mut browser, &second).await;
    let newest = code_for(&hub, &NOE.person_id()).await;
    choose(&mut browser, &page, "noe.p", GOOD).await;
    assert!(!browser.signed_in(), "reprinted while the page was open");
    let page = show(&mut browser, &newest).await;
    choose(&mut browser, &page, "noe.p", GOOD).await;
    assert!(browser.signed_in(), "control");
}

async fn a_code_that_is_worth_nothing_says_nothing(hub: TestHub) {
    let hub = local(&hub).await;
    let used = code_for(&hub, &INES.person_id()).await;
    let mut ines = hub.browser();
    let page = show(&mut ines, &used).await;
    choose(&mut ines, &page, "ines.p", GOOD).await;
    let expired = code_for(&hub, &NOE.person_id()).await;
    hub.clock.advance(LASTS.0);
    let mut said = Vec::new();
    for code in [used.as_str(), &expired, "AAAA-BBBB-CCCC", "nonsense", "' OR 1=1 --"] {
        let mut browser = hub.browser();
        let answer = show(&mut browser, code).await;
        said.push((answer.status.as_u16(), answer.words()));
        let told = hub.journal(answer.incident()).await;
        assert!(told.iter().any(|event| event.detail == "unknown-code" && event.person.is_none()), "{told:?}");
    }
    assert!(said.iter().all(|one| *one == said[0] && one.0 == 422), "{said:?}");
    let fresh = code_for(&hub, &NOE.person_id()).await;
    assert_eq!(show(&mut hub.browser(), &fresh).await.status, 200, "control");
}

async fn of_two_with_one_paper_one_comes_in(hub: TestHub) {
    let hub = local(&hub).await;
    let code = code_for(&hub, &NOE.person_id()).await;
    let (mut one, mut other) = (hub.browser(), hub.browser());
    let (first, second) = (show(&mut one, &code).await, show(&mut other, &code).await);
    let (a, b) = tokio::join!(choose(&mut one, &first, "noe.one", GOOD), choose(&mut other, &second, "noe.two", GOOD));
    assert!(one.signed_in() != other.signed_in(), "{} {}", a.words(), b.words());
    let won = if one.signed_in() { "noe.one" } else { "noe.two" };
    let kept = hub.hub.store.credential_of(&NOE.person_id()).await.expect("it is read").expect("it is there");
    assert_eq!(kept.login, won);
}

async fn a_weak_password_is_not_taken(hub: TestHub) {
    let hub = local(&hub).await;
    let code = code_for(&hub, &NOE.person_id()).await;
    let mut noe = hub.browser();
    for (password, why) in
        [("girafe", "trop court"), ("azertyuiop", "tout le monde essaie"), ("noepetit2015", "ressemble à votre nom")]
    {
        let page = show(&mut noe, &code).await;
        let refused = choose(&mut noe, &page, "noe.p", password).await;
        assert!(refused.status == 422 && refused.words().contains(why), "{password}: {}", refused.words());
    }
    let page = show(&mut noe, &code).await;
    let form = page.form_with("password");
    let unequal = noe.submit(&form, &[("login", "noe.p"), ("password", GOOD), ("again", "girafe")]).await;
    assert!(unequal.status == 422 && !noe.signed_in(), "{}", unequal.words());
    let taken = choose(&mut noe, &unequal, "gaelle.riou", GOOD).await;
    assert!(taken.words().contains("déjà pris"), "{}", taken.words());
    choose(&mut noe, &taken, "noe.p", GOOD).await;
    assert!(noe.signed_in(), "control: the code is still good");
}

/// Something somebody proves themselves with besides.
fn passkey_of(who: &Role, hub: &TestHub) -> Factor {
    let (id, name, doc) = (FactorId::new("key"), "Clé".to_owned(), "{}".to_owned());
    let (kind, added) = (FactorKind::Passkey, hub.hub.now());
    Factor { id, person: who.person_id(), kind, name, doc, counter: 0, added, used: None }
}

async fn what_was_before_a_code_goes_with_it(hub: TestHub) {
    let hub = local(&hub).await;
    let code = code_for(&hub, &NOE.person_id()).await;
    let mut before = hub.browser();
    let page = show(&mut before, &code).await;
    choose(&mut before, &page, "noe.p", GOOD).await;
    hub.hub.store.add_factor(&passkey_of(&NOE, &hub)).await.expect("it is added");
    let second = code_for(&hub, &NOE.person_id()).await;
    assert_eq!(before.get("/account").await.status, 200, "a code that nobody used changes nothing");
    let mut after = hub.browser();
    let page = show(&mut after, &second).await;
    assert!(page.words().contains("il ne change pas"), "{}", page.words());
    choose(&mut after, &page, "another", "tortue-pressée-rose").await;
    assert_eq!(hub.hub.store.factors_of(&NOE.person_id()).await.expect("they are read"), []);
    hub.clock.advance(4);
    assert_eq!(before.get("/account").await.status, 303, "the session of before is over");
    let mut old = hub.browser();
    old.sign_in(&role(&NOE, "noe.p", GOOD)).at_home().await;
    assert!(!old.signed_in());
    hub.clock.advance(5);
    old.sign_in(&role(&NOE, "noe.p", "tortue-pressée-rose")).at_home().await;
    assert!(old.signed_in(), "control: the same login");
}

async fn a_code_ends_the_passwords_of_every_record(hub: TestHub) {
    let hub = local(&hub).await;
    let join = Some(JoinKey { source: SourceId::new("ville"), key: "noe".to_owned() });
    let further = Person { id: PersonId::new("pnoe-ville"), join, login: None, ..NOE.person() };
    hub.put(further.clone()).await;
    for (who, login) in [(&NOE.person_id(), "noe.p"), (&further.id, "noe.ville")] {
        let (code, mut browser) = (code_for(&hub, who).await, hub.browser());
        let page = show(&mut browser, &code).await;
        choose(&mut browser, &page, login, GOOD).await;
        assert!(browser.signed_in(), "control: {login}");
    }
    let pairs = [(NOE.person_id(), further.id)];
    assert_eq!(hub.hub.store.pair(&pairs, SaidBy::Hand, hub.hub.now()).await.expect("kept"), [true]);
    let opens = async |login, password| {
        let mut browser = hub.browser();
        browser.sign_in(&role(&NOE, login, password)).at_home().await;
        browser.signed_in()
    };
    assert!(opens("noe.p", GOOD).await && opens("noe.ville", GOOD).await, "control: one person, two ways in");
    let (code, mut noe) = (code_for(&hub, &NOE.person_id()).await, hub.browser());
    let page = show(&mut noe, &code).await;
    choose(&mut noe, &page, "", "tortue-pressée-rose").await;
    assert!(noe.signed_in() && !opens("noe.ville", GOOD).await && !opens("noe.p", GOOD).await);
    hub.clock.advance(1);
    assert!(opens("noe.p", "tortue-pressée-rose").await, "control");
}

async fn a_code_is_for_those_who_prove_themselves_here(hub: TestHub) {
    let here = local(&hub).await;
    let hers = code_for(&here, &ALICE.person_id()).await;
    assert_eq!(show(&mut here.browser(), &hers).await.status, 422, "her password is in the annuaire");
    let his = code_for(&here, &NOE.person_id()).await;
    let mut noe = here.browser();
    let page = show(&mut noe, &his).await;
    choose(&mut noe, &page, "noe.p", GOOD).await;
    assert!(noe.signed_in(), "control");
    here.put(Person { affiliations: ALICE.person().affiliations, ..NOE.person() }).await;
    let mut grown = here.browser();
    grown.sign_in(&role(&NOE, "noe.p", GOOD)).at_home().await;
    assert!(!grown.signed_in(), "who became staff proves it where staff do");
    let stopped = code_for(&here, &INES.person_id()).await;
    here.hub.store.stop_person(&INES.person_id(), "essai").await.expect("she is stopped");
    assert_eq!(show(&mut here.browser(), &stopped).await.status, 422);
}

pub fn charte(version: &str) -> Words {
    let names = |text: &str| Names { fr: text.to_owned(), en: text.to_owned() };
    let (version, title, text) = (version.to_owned(), names("Charte"), names("Soyons courtois."));
    Words { charte: Some(Charte { version, title, text, asked: true }), notices: Vec::new() }
}

async fn the_charte_comes_before_the_first_ticket(hub: TestHub) {
    hub.hub.set_words(charte("2026-09"));
    let app = hub.app("app");
    let mut alice = hub.browser();
    let asked = alice.sign_in(&ALICE).to(&app).await;
    assert!(asked.some_ticket().is_none() && asked.answer.words().contains("acceptez-la"), "{}", asked.answer.words());
    assert!(alice.signed_in());
    let around = alice.open(&app).await;
    assert!(around.some_ticket().is_none(), "a second try skips nothing");
    let quiet = alice.visit(&format!("{}&gateway=true", app.login_url())).await;
    assert!(!quiet.location().unwrap_or_default().contains("ticket="), "{:?}", quiet.location());
    let wrong = alice.submit(&around.answer.form_with("charte"), &[("charte", "2025-09")]).await;
    assert!(wrong.words().contains("acceptez-la"), "another version is not accepted: {}", wrong.words());
    let accepted = alice.submit(&wrong.form_with("charte"), &[]).await;
    assert!(accepted.location().is_some_and(|to| to.contains("ticket=ST-")), "{:?}", accepted.location());
    assert!(alice.open(&app).await.some_ticket().is_some(), "and never again");
}

async fn a_new_charte_is_accepted_anew(hub: TestHub) {
    hub.hub.set_words(charte("2026-09"));
    let (app, mut alice) = (hub.app("app"), hub.browser());
    let page = alice.sign_in(&ALICE).at_home().await.answer;
    alice.submit(&page.form_with("charte"), &[]).await;
    assert!(alice.open(&app).await.some_ticket().is_some(), "control");
    hub.hub.set_words(charte("2027-09"));
    hub.clock.advance(4);
    let again = alice.open(&app).await;
    assert!(again.some_ticket().is_none() && again.answer.words().contains("2027-09"), "{}", again.answer.words());
    let mut stranger = hub.browser();
    let stolen = stranger.submit_once(&again.answer.form_with("charte"), &[]).await;
    assert_eq!(stolen.status, 400, "the form of another browser: {}", stolen.words());
}

/// A head of the collège.
async fn head(hub: &TestHub) -> Role {
    let head = Role { affiliations: &[(Profile::Head, COLLEGE)], ..HUGO.clone() };
    hub.put(head.person()).await;
    head
}

/// The form that prints, with nothing chosen.
fn sheets(desk: &Answer) -> preau_flows::Form {
    preau_flows::Form {
        fields: vec![("token".into(), desk.form_with("token").value("token").unwrap_or_default().into())],
        ..desk.form_to("/sheets")
    }
}

async fn a_school_is_read_twice_however_many_are_in_it(hub: TestHub) {
    let hub = local(&hub).await;
    let mut hugo = hub.browser();
    hub.put_all(crowd(40).into_iter().map(|(person, _, _)| person).collect()).await;
    hugo.sign_in(&head(&hub).await).at_home().await;
    let form = sheets(&hugo.visit("/activation").await);
    hub.faults.fail(0, When::Before);
    let printed = hugo.submit_once(&form, &[("public", "pupil")]).await;
    let calls = hub.faults.calls();
    let read = |one: &str| calls.iter().filter(|call| **call == one).count();
    assert_eq!(["people_at", "provided", "password_hash", "activation_of"].map(read), [1, 1, 0, 0], "{calls:?}");
    assert!(printed.body.starts_with("%PDF"), "{}", printed.words());
    let kept = hub.hub.store.activation_of(&NOE.person_id(), hub.hub.now()).await.expect("it is read");
    assert!(kept.is_some(), "control: there were codes to make");
}

async fn a_head_prints_the_codes_of_the_establishment(hub: TestHub) {
    let hub = local(&hub).await;
    let (mut hugo, mut alice) = (hub.browser(), hub.browser());
    alice.sign_in(&ALICE).at_home().await;
    assert_eq!(alice.get("/activation").await.status, 404, "a teacher");
    let head = head(&hub).await;
    let home = hugo.sign_in(&head).at_home().await.answer;
    assert!(home.has_link("Imprimer des codes d’activation"), "{}", home.words());
    let desk = hugo.visit("/activation").await;
    let form = sheets(&desk);
    let printed = hugo.submit_once(&form, &[("public", "pupil"), ("class", "6B")]).await;
    assert_eq!((printed.status.as_u16(), printed.header("content-type")), (200, "application/pdf"));
    assert!(printed.body.starts_with("%PDF") && printed.body.contains("<4E6FE9205065746974>"), "{}", printed.body);
    assert_eq!(printed.header("cache-control"), "no-store");
    let nobody = hugo.submit_once(&form, &[("public", "pupil"), ("class", "6A")]).await;
    assert!(nobody.words().contains("Personne n’a besoin"), "{}", nobody.words());
    let code = hub.hub.store.activation_of(&NOE.person_id(), hub.hub.now()).await.expect("it is read");
    assert_eq!(code.expect("it was made").by, Some(HUGO.person_id()));
    let stolen = alice.submit_once(&form, &[("public", "pupil")]).await;
    assert_eq!(stolen.status, 404);
    hub.clock.advance(16 * 60);
    assert_eq!(hugo.submit_once(&form, &[("public", "pupil")]).await.status, 303, "after a quarter of an hour");
}

async fn a_code_is_used_by_the_browser_that_shows_it(hub: TestHub) {
    let hub = local(&hub).await;
    let code = code_for(&hub, &NOE.person_id()).await;
    let (mut noe, mut other) = (hub.browser(), hub.browser());
    let page = show(&mut noe, &code).await;
    let form = page.form_with("password");
    let chosen = [("login", "noe.p"), ("password", GOOD), ("again", GOOD)];
    assert_eq!(other.submit_once(&form, &chosen).await.status, 400, "a form of another browser");
    let forged = noe.submit_once(&form, &[&chosen[..], &[("token", "x")]].concat()).await;
    assert_eq!((forged.status.as_u16(), noe.signed_in()), (403, false), "a form of another site");
    noe.submit(&form, &chosen).await;
    assert!(noe.signed_in(), "control");
}

/// A pupil who has a password, signed in.
async fn activated(hub: &TestHub) -> Browser {
    let code = code_for(hub, &NOE.person_id()).await;
    let mut noe = hub.browser();
    let page = show(&mut noe, &code).await;
    choose(&mut noe, &page, "noe.p", GOOD).await;
    assert!(noe.signed_in(), "control");
    noe
}

/// Somebody who teaches in the collège, of that class.
pub async fn teacher_of(hub: &TestHub, class: &str) -> Browser {
    let mut alice = ALICE.person();
    alice.affiliations.truncate(1);
    alice.affiliations[0].head_teacher_of = vec![class.to_owned()];
    hub.put(alice).await;
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    browser
}

/// The code on a page that shows one.
pub fn code_on(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("<code>").unwrap_or_else(|| panic!("no code: {}", page.words()));
    rest.split('<').next().unwrap_or_default().to_owned()
}

async fn a_teacher_helps_a_pupil_of_their_class(hub: TestHub) {
    let hub = local(&hub).await;
    let mut noe = activated(&hub).await;
    let mut alice = teacher_of(&hub, "6B").await;
    assert!(alice.visit("/").await.has_link("Mots de passe de mes élèves"));
    let class = alice.visit("/pupils").await;
    assert!(class.words().contains("Noé Petit A un mot de passe"), "{}", class.words());
    let made = alice.submit_once(&class.form_with("pupil"), &[]).await;
    let code = code_on(&made);
    let told = noe.visit("/").await;
    assert!(told.words().contains("Alice Martin a fait un code pour vous"), "{}", told.words());
    let journal: Vec<String> = hub.journal(made.incident()).await.into_iter().map(|event| event.detail).collect();
    assert_eq!(journal, ["code-made-for-them", "code-made"]);
    let mut elsewhere = hub.browser();
    let page = show(&mut elsewhere, &code).await;
    choose(&mut elsewhere, &page, "", "tortue-pressée-rose").await;
    assert!(elsewhere.signed_in(), "the login of before");
    hub.clock.advance(4);
    assert_eq!(noe.get("/").await.status, 303, "whoever was signed in is out");
}

async fn nobody_helps_pupils_of_others(hub: TestHub) {
    let hub = local(&hub).await;
    let mut noe = activated(&hub).await;
    let mut own = teacher_of(&hub, "6B").await;
    let form = own.visit("/pupils").await.form_with("pupil");
    let mut other = hub.browser();
    other.sign_in(&HUGO).at_home().await;
    assert_eq!(other.get("/pupils").await.status, 404, "no class of theirs in the lycée");
    assert_eq!(noe.get("/pupils").await.status, 404, "a pupil");
    let mut stranger = teacher_of(&hub, "6A").await;
    let theirs = stranger.visit("/pupils").await;
    assert!(!theirs.words().contains("Noé"), "{}", theirs.words());
    assert_eq!(stranger.get("/pupils?class=6B").await.status, 404, "a class of somebody else");
    let stolen = stranger.submit_once(&form, &[]).await;
    assert_eq!(stolen.status, 403, "a form of another session");
    assert!(hub.hub.store.activation_of(&NOE.person_id(), hub.hub.now()).await.expect("it is read").is_none());
    hub.clock.advance(4);
    let mut own = teacher_of(&hub, "6B").await;
    let form = own.visit("/pupils").await.form_with("pupil");
    let parent = own.submit_once(&form, &[("pupil", INES.id)]).await;
    assert_eq!(parent.status, 404, "a parent is no pupil of hers");
    assert_eq!(own.submit_once(&form, &[]).await.status, 200, "control");
    hub.clock.advance(16 * 60);
    assert_eq!(own.submit_once(&form, &[]).await.status, 303, "after a quarter of an hour");
}

async fn of_two_who_help_the_later_code_counts(hub: TestHub) {
    let hub = local(&hub).await;
    let mut alice = teacher_of(&hub, "6B").await;
    let head = head(&hub).await;
    let mut hugo = hub.browser();
    hugo.sign_in(&head).at_home().await;
    let (one, two) = (alice.visit("/pupils").await, hugo.visit("/pupils?class=6B").await);
    let (one, two) = (one.form_with("pupil"), two.form_with("pupil"));
    let (a, b) = tokio::join!(alice.submit_once(&one, &[]), hugo.submit_once(&two, &[]));
    let mut good = Vec::new();
    for code in [code_on(&a), code_on(&b)] {
        good.push(show(&mut hub.browser(), &code).await.status.as_u16());
    }
    good.sort_unstable();
    assert_eq!(good, [200, 422], "one code is in force");
}

async fn a_password_is_changed_by_its_owner(hub: TestHub) {
    let hub = local(&hub).await;
    let mut noe = activated(&hub).await;
    let mut other = hub.browser();
    other.sign_in(&role(&NOE, "noe.p", GOOD)).at_home().await;
    let waiting = code_for(&hub, &NOE.person_id()).await;
    let page = noe.visit("/account/password").await;
    let weak =
        noe.submit_once(&page.form_with("password"), &[("password", "azertyuiop"), ("again", "azertyuiop")]).await;
    assert!(weak.status == 422 && weak.words().contains("tout le monde essaie"), "{}", weak.words());
    let new = [("password", "tortue-pressée-rose"), ("again", "tortue-pressée-rose")];
    let done = noe.submit_once(&page.form_with("password"), &new).await;
    assert!(done.words().contains("pas d’autre moyen de connexion"), "{}", done.words());
    hub.clock.advance(4);
    let (here, there) = (noe.get("/account").await.status, other.get("/account").await.status);
    assert_eq!((here.as_u16(), there.as_u16()), (200, 303), "this session goes on, and no other");
    assert_eq!(show(&mut hub.browser(), &waiting).await.status, 422, "nor does a code that waited");
    let mut old = hub.browser();
    old.sign_in(&role(&NOE, "noe.p", GOOD)).at_home().await;
    assert!(!old.signed_in());
    hub.clock.advance(16 * 60);
    assert_eq!(noe.get("/account/password").await.status, 303, "an old proof is asked for again");
    let stale = noe.submit_once(&page.form_with("password"), &new).await;
    assert!(stale.location().is_some_and(|to| to.starts_with("/sign-in/")), "{}", stale.status);
}

async fn a_password_of_the_annuaire_is_not_changed_here(hub: TestHub) {
    let hub = local(&hub).await;
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    assert_eq!(alice.get("/account/password").await.status, 404);
    assert!(!alice.get("/account").await.has_link("Changer mon mot de passe"));
    let mut noe = activated(&hub).await;
    assert!(noe.get("/account").await.has_link("Changer mon mot de passe"), "control");
}
