//! What is typed: one answer for every failure, the same work for it, passwords taken as they are, bounds before work.

use futures::stream::{FuturesUnordered, StreamExt};
use preau_domain::{AccountState, JoinKey, Person, PersonId, Public, SourceId};
use preau_flows::{ALICE, Answer, Browser, GAELLE, INES, NOE, Role, TestHub, stories};
use std::collections::BTreeSet;
use std::task::Poll;
use std::time::{Duration, Instant};

stories!(
    one_answer_for_every_failure,
    one_answer_for_every_failure_of_a_guest,
    whoever_chose_what_they_are_not_is_told_what_a_wrong_password_is,
    whoever_is_of_two_kinds_comes_in_by_both,
    what_the_directory_knows_of_an_account_is_told_to_nobody,
    an_entry_with_the_login_of_a_guest_takes_nothing,
    the_same_work_for_every_failure,
    a_refusal_waits_for_the_moment_the_directory_says,
    the_same_time_for_every_failure,
    a_local_password_is_taken_as_it_is,
    a_password_too_long_costs_nothing,
    an_empty_password_reaches_nobody,
    a_login_is_found_however_it_is_typed,
    a_flood_of_passwords_is_turned_away,
    whoever_finds_the_pool_full_keeps_a_place_in_line,
    whoever_is_called_comes_in,
    a_pool_without_a_place_left_keeps_nobody_else_waiting,
    a_suspended_record_of_an_account_that_goes_on_is_told_as_any,
);

/// The page of a failure, without what differs by chance: incident number, names of the sign-in, what was typed.
fn told(answer: &Answer, login: &str) -> (u16, Vec<String>, String) {
    let by_chance = ["x-correlation-id", "content-length"];
    let kept = answer.headers.iter().filter(|(name, _)| !by_chance.contains(&name.as_str()));
    let mut headers: Vec<String> = kept.map(|header| format!("{header:?}")).collect();
    for (_, copy) in answer.cookies().iter().filter(|(name, _)| name == "__Secure-preau-sign-in") {
        headers.iter_mut().for_each(|header| *header = header.replace(copy, &"s".repeat(copy.len())));
    }
    headers.sort();
    let mut body = answer.body.replace(login, "LOGIN");
    // The copies of the sign-in that the browser carries, and the challenge of a passkey, are sealed anew each time; their lengths are not by chance.
    let forms = answer.forms();
    let sealed = ["sign_in", "challenge"].map(|name| forms.iter().filter_map(move |form| form.value(name)));
    for carried in sealed.into_iter().flatten() {
        body = body.replace(carried, &"s".repeat(carried.len()));
    }
    let asked = body.split_once("{&#34;challenge&#34;:&#34;").and_then(|(_, rest)| rest.split_once("&#34;"));
    if let Some(challenge) = asked.map(|(challenge, _)| challenge.to_owned()) {
        body = body.replace(&challenge, &"s".repeat(challenge.len()));
    }
    (answer.status.as_u16(), headers, body)
}

async fn failures(browser: &mut Browser, who: &Role, tries: &[(&str, &str)]) -> Vec<(u16, Vec<String>, String)> {
    let page = browser.password_page("/", who).await;
    let mut all = Vec::new();
    for (login, password) in tries {
        let answer = browser.try_password(&page, login, password).await;
        all.push(told(&answer, login));
    }
    all
}

async fn one_answer_for_every_failure(hub: TestHub) {
    let mut suspended = NOE.person();
    suspended.state = AccountState::Suspended;
    hub.put(suspended).await;
    let tries = [
        (ALICE.login, "mauvais-mot-de-passe"),
        (NOE.login, NOE.password),
        ("personne.inconnue", "mauvais-mot-de-passe"),
        (GAELLE.login, GAELLE.password),
        ("x' or '1'='1", "mauvais-mot-de-passe"),
    ];
    let answers = failures(&mut hub.browser(), &ALICE, &tries).await;
    assert_eq!(answers[0].0, 422);
    for (answer, (login, _)) in answers.iter().zip(tries) {
        let escaped = answer.2.replace("x&#39; or &#39;1&#39;=&#39;1", "LOGIN");
        assert_eq!((answer.0, &answer.1, &escaped), (answers[0].0, &answers[0].1, &answers[0].2), "{login}");
    }
    assert!(hub.browser().sign_in(&ALICE).at_home().await.answer.status == 429, "and the right one is right");
}

/// LOG-02: the answer does not say that the password was right, and the attempt is counted.
async fn whoever_chose_what_they_are_not_is_told_what_a_wrong_password_is(hub: TestHub) {
    for (chosen, who, others) in [(&ALICE, &NOE, &INES), (&NOE, &ALICE, &INES), (&INES, &NOE, &ALICE)] {
        let mut browser = hub.browser();
        let tries = [(others.login, "mauvais-mot-de-passe"), (who.login, who.password)];
        let [wrong, right] = &failures(&mut browser, chosen, &tries).await[..] else { panic!("two tries") };
        assert_eq!((right.0, &right.1, &right.2), (422, &wrong.1, &wrong.2), "{}", who.login);
        assert!(right.2.contains("profil choisi") && !browser.signed_in());
        assert_eq!(browser.sign_in(who).at_home().await.answer.status, 429, "it was counted");
        hub.clock.advance(600);
        browser.sign_in(who).at_home().await;
        assert!(browser.signed_in(), "control: by what they are");
    }
}

async fn whoever_is_of_two_kinds_comes_in_by_both(hub: TestHub) {
    let mut both = ALICE.person();
    both.affiliations.extend(INES.person().affiliations);
    hub.put(both).await;
    for public in [Public::Staff, Public::Guardian] {
        let mut browser = hub.browser();
        browser.sign_in(&Role { public, ..ALICE }).at_home().await;
        assert!(browser.signed_in(), "{public:?}");
    }
    // Whom no choice of their own leads to this check is not held to it: a teacher whose account is kept here, where a directory asks teachers.
    let claire = Role { id: "pclaire000000000", login: "claire.azur", ..GAELLE };
    let local = Person { affiliations: ALICE.person().affiliations, ..claire.person() };
    let hash = hub.hub.passwords.hash(claire.password).await.expect("hashed");
    hub.hub.store.add_local_person(&local, &hash).await.expect("kept");
    let mut browser = hub.browser();
    browser.sign_in(&claire).at_home().await;
    assert!(browser.signed_in());
}

async fn one_answer_for_every_failure_of_a_guest(hub: TestHub) {
    let mut stopped = GAELLE.person();
    (stopped.id, stopped.login) = (PersonId::new("pstopped00000000"), Some("paul.parti".to_owned()));
    stopped.state = AccountState::Suspended;
    let hash = hub.hub.passwords.hash("bon-mais-trop-tard").await.expect("hashed");
    hub.hub.store.add_local_person(&stopped, &hash).await.expect("kept");
    let tries = [
        (GAELLE.login, "mauvais-mot-de-passe"),
        ("paul.parti", "bon-mais-trop-tard"),
        ("personne.inconnue", "mauvais-mot-de-passe"),
        (ALICE.login, ALICE.password),
    ];
    let answers = failures(&mut hub.browser(), &GAELLE, &tries).await;
    for (answer, (login, _)) in answers.iter().zip(tries) {
        assert_eq!(answer, &answers[0], "{login}");
    }
    assert_eq!(answers[0].0, 422);
}

/// Policies of a directory (LDAP-10): a page that says more than another would tell who exists; the journal has the word.
async fn what_the_directory_knows_of_an_account_is_told_to_nobody(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    let plain = told(&browser.try_password(&page, "someone.wrong", "mauvais-mot-de-passe").await, "someone.wrong");
    assert_eq!(plain.0, 422);
    for word in ["expired", "locked"] {
        let login = format!("someone.{word}");
        hub.directory.stop(&login, word);
        let answer = browser.try_password(&page, &login, "bon-mot-de-passe").await;
        assert_eq!(told(&answer, &login), plain, "{word}");
        assert_eq!(hub.journal(answer.incident()).await.pop().map(|event| event.detail).as_deref(), Some(word));
    }
}

/// An entry made to take over an account (LDAP-08): the same login, in another source.
async fn an_entry_with_the_login_of_a_guest_takes_nothing(hub: TestHub) {
    let mut thief = ALICE.person();
    (thief.id, thief.login) = (PersonId::new("pthief0000000000"), Some(GAELLE.login.to_owned()));
    thief.join.as_mut().expect("of the directory").key = "key-thief".to_owned();
    hub.put(thief).await;
    hub.directory.add(GAELLE.login, "mot-de-passe-voleur", "key-thief");
    let as_staff = Role { public: ALICE.public, password: "mot-de-passe-voleur", ..GAELLE };
    let as_guest = Role { password: "mot-de-passe-voleur", ..GAELLE };
    let home = hub.browser().sign_in(&as_staff).at_home().await.answer;
    assert!(home.words().contains("Alice Martin"), "the entry signs in as itself: {}", home.words());
    assert_eq!(hub.browser().sign_in(&as_guest).at_home().await.answer.status, 422, "and not as the guest");
    hub.clock.advance(1);
    let home = hub.browser().sign_in(&GAELLE).at_home().await.answer;
    assert!(home.words().contains("Gaëlle Riou"), "who still has her own password: {}", home.words());
}

/// How long the processor has worked for this process.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// A guest whose account was stopped, and their password.
async fn stopped_guest(hub: &TestHub) -> (&'static str, &'static str) {
    let (login, password) = ("invitee.arretee", "son-ancien-mot-de-passe");
    let mut stopped = GAELLE.person();
    (stopped.id, stopped.login) = (PersonId::new("pstopped00000000"), Some(login.into()));
    stopped.state = AccountState::Suspended;
    let hash = hub.hub.passwords.hash(password).await.expect("hashed");
    hub.hub.store.add_local_person(&stopped, &hash).await.expect("kept");
    (login, password)
}

/// Noé's account is stopped here, and his password is right at the directory; hers it has locked.
async fn stopped_at_school(hub: &TestHub) -> [(&'static str, &'static str); 2] {
    let mut suspended = NOE.person();
    suspended.state = AccountState::Suspended;
    hub.put(suspended).await;
    hub.directory.stop("quelquun.de.ferme", "locked");
    [(NOE.login, NOE.password), ("quelquun.de.ferme", "mauvais-mot-de-passe")]
}

/// LOG-02, counted: of each failure, how many passwords are hashed here and how many the directory is asked for.
async fn the_same_work_for_every_failure(hub: TestHub) {
    let wrong = "mauvais-mot-de-passe";
    let guests = [(GAELLE.login, wrong), ("invite.inconnu", wrong), ("x\u{7f}y", wrong), stopped_guest(&hub).await];
    let [suspended, locked] = stopped_at_school(&hub).await;
    let school = [(ALICE.login, wrong), ("personne.inconnue", wrong), ("x\u{7f}y", wrong), suspended, locked];
    let guests = guests.map(|tried| (&GAELLE, tried, (1, 0)));
    for (public, (login, password), expected) in guests.into_iter().chain(school.map(|tried| (&ALICE, tried, (0, 1)))) {
        let mut browser = hub.browser();
        let page = browser.password_page("/", public).await;
        let (hashed, asked) = (hub.hub.passwords.hashed(), hub.directory.asked());
        let answer = browser.try_password(&page, login, password).await;
        let work = (hub.hub.passwords.hashed() - hashed, hub.directory.asked() - asked);
        assert_eq!((answer.status.as_u16(), work), (422, expected), "{login:?}");
        hub.clock.advance(600);
    }
}

/// LOG-02, of the directory: no refusal is told before the directory says that it may be, whoever found the reason.
async fn a_refusal_waits_for_the_moment_the_directory_says(hub: TestHub) {
    const KEPT_BACK: Duration = Duration::from_secs(2);
    let wrong = "mauvais-mot-de-passe";
    let [suspended, locked] = stopped_at_school(&hub).await;
    hub.directory.add("quelquun.dautre", "bon-mot-de-passe", "key-other");
    hub.directory.keep_back(KEPT_BACK);
    let chose_another = (INES.login, INES.password);
    let right = (ALICE.login, ALICE.password);
    let tries = [("quelquun.dautre", wrong), ("personne.inconnue", wrong), suspended, locked, chose_another, right];
    let mut all = FuturesUnordered::new();
    for (login, password) in tries {
        let mut browser = hub.browser();
        let page = browser.password_page("/", &ALICE).await;
        all.push(async move {
            let began = Instant::now();
            (login, browser.try_password(&page, login, password).await.status.as_u16(), began.elapsed())
        });
    }
    let (login, status, _) = all.next().await.expect("six try");
    assert_eq!((login, status), (ALICE.login, 303), "control: whoever is let in waits for nothing");
    while let Some((login, status, waited)) = all.next().await {
        assert!(status == 422 && waited >= KEPT_BACK, "{login}: {status} after {waited:?}");
    }
}

/// Rounds in which each failure is timed.
const ROUNDS: usize = 51;

/// What the processor worked for each failure, round by round.
async fn times(hub: &TestHub, tries: [(&str, &str); 3]) -> [Vec<Duration>; 3] {
    let mut times = [const { Vec::new() }; 3];
    for turn in 0..3 * ROUNDS {
        // Turn by turn, in another order each round: what else the machine does strikes all alike.
        let class = (turn + turn / 3) % 3;
        let mut browser = hub.browser();
        let page = browser.password_page("/", &GAELLE).await;
        let began = worked();
        let answer = browser.try_password(&page, tries[class].0, tries[class].1).await;
        times[class].push(worked() - began);
        assert_eq!(answer.status, 422, "{}", tries[class].0);
        hub.clock.advance(600);
    }
    times
}

fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2].as_secs_f64()
}

/// LOG-02, of guests: three failures take the processor as long. A difference is one if it is there in more rounds than chance
/// would have it, once in a million, and amounts to something: a twentieth.
async fn the_same_time_for_every_failure(hub: TestHub) {
    let wrong = "mauvais-mot-de-passe";
    let tries = [(GAELLE.login, wrong), ("invite.inconnu", wrong), stopped_guest(&hub).await];
    let times = times(&hub, tries).await;
    println!("wrong, unknown, stopped: {:?}", times.each_ref().map(|times| median(times)));
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let longer = times[one].iter().zip(&times[other]).filter(|(one, other)| one > other).count();
        // 51 fair coins show fewer than 9 or more than 42 heads once in a million.
        let by_chance = (9..=42).contains(&longer);
        let gap = (median(&times[one]) / median(&times[other]) - 1.0).abs();
        assert!(by_chance || gap < 0.05, "{}, {}: {longer} of {ROUNDS}, {gap}", tries[one].0, tries[other].0);
    }
}

async fn a_local_password_is_taken_as_it_is(hub: TestHub) {
    let long = format!(" {}é\u{1f511}", "phrase de passe ".repeat(8));
    let hash = hub.hub.passwords.hash(&long).await.expect("hashed");
    hub.hub.store.set_password_hash(&GAELLE.person_id(), &hash).await.expect("kept");
    let decomposed = long.replace('é', "e\u{301}");
    let tries = [
        (long[..72].to_owned(), false),
        (long.trim_start().to_owned(), false),
        (format!("{long}x"), false),
        (format!("{long}\0"), false),
        (decomposed, true),
        (long, true),
    ];
    for (password, right) in tries {
        hub.clock.advance(60);
        let mut browser = hub.browser();
        let page = browser.password_page("/", &GAELLE).await;
        let answer = browser.try_password(&page, GAELLE.login, &password).await;
        assert_eq!(answer.status.as_u16(), if right { 303 } else { 422 }, "{password:?}");
    }
}

async fn a_password_too_long_costs_nothing(hub: TestHub) {
    let mut browser = hub.browser();
    for (length, status) in [(4097, 422), (20_000, 422), (40_000, 413), (1 << 20, 413)] {
        let page = browser.password_page("/", &ALICE).await;
        let (watch, before) = (hub.under_attack(), hub.directory.asked());
        let answer = browser.try_password(&page, ALICE.login, &"a".repeat(length)).await;
        assert_eq!((answer.status.as_u16(), hub.directory.asked()), (status, before), "{length}");
        watch.repelled(&answer).await;
    }
    hub.directory.add(ALICE.login, &"a".repeat(4096), &ALICE.key());
    let page = browser.password_page("/", &ALICE).await;
    assert_eq!(browser.try_password(&page, ALICE.login, &"a".repeat(4096)).await.status, 303, "4 KiB are taken");
}

async fn an_empty_password_reaches_nobody(hub: TestHub) {
    let (mut browser, before) = (hub.browser(), hub.directory.asked());
    let page = browser.password_page("/", &ALICE).await;
    for (login, password) in [(ALICE.login, ""), (ALICE.login, "\0"), (ALICE.login, "  "), ("", ALICE.password)] {
        let answer = browser.try_password(&page, login, password).await;
        assert_eq!(answer.status, 422, "{login:?} {password:?}");
    }
    assert_eq!(hub.directory.asked(), before, "some directories answer success to an empty password");
    assert_eq!(browser.try_password(&page, ALICE.login, ALICE.password).await.status, 303, "and nothing was counted");
}

async fn a_login_is_found_however_it_is_typed(hub: TestHub) {
    for typed in ["alice.martin", " Alice.Martin ", "ALICE.MARTIN"] {
        let mut browser = hub.browser();
        let page = browser.password_page("/", &ALICE).await;
        assert_eq!(browser.try_password(&page, typed, ALICE.password).await.status, 303, "{typed:?}");
    }
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    assert_eq!(browser.try_password(&page, "alice.martin\n", "x-faux-x").await.status, 422);
}

async fn a_flood_of_passwords_is_turned_away(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.password_pool = (1, 1)).await;
    let mut home = hub.browser();
    home.sign_in(&ALICE).at_home().await;
    let mut ready = Vec::new();
    for number in 0..40 {
        let mut browser = hub.browser();
        ready.push((browser.password_page("/", &GAELLE).await, browser, format!("inconnu.{number}")));
    }
    let flood = ready.iter_mut().map(|(page, browser, login)| browser.try_password(page, login, "peu-importe"));
    let (answers, page) = futures::join!(futures::future::join_all(flood), home.visit("/"));
    let turned_away: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(turned_away.len() >= 10 && answers.iter().any(|answer| answer.status == 422), "{}", turned_away.len());
    assert!(turned_away.iter().all(|a| a.header("retry-after").parse::<u32>().is_ok_and(|s| (3..46).contains(&s))));
    assert!(page.words().contains("Alice Martin"), "everybody else goes on");
    assert!(hub.browser().sign_in(&GAELLE).at_home().await.answer.status.is_success(), "and so do guests afterwards");
}

/// So many browsers in front of the form for a password, each with a login of nobody.
async fn ready(hub: &TestHub, count: usize) -> Vec<(Browser, Answer, String)> {
    let mut ready = Vec::new();
    for number in 0..count {
        let mut browser = hub.browser();
        let page = browser.password_page("/", &GAELLE).await;
        ready.push((browser, page, format!("inconnu.{number}")));
    }
    ready
}

/// LOG-19 and F27, counted: every place of the pool is taken for as long as the story lasts.
async fn a_pool_without_a_place_left_keeps_nobody_else_waiting(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.password_pool = (0, 4)).await;
    let (app, mut inside, mut outside) = (hub.app("app"), hub.browser(), hub.browser());
    inside.sign_in(&ALICE).to(&app).await.ticket();
    let page = outside.password_page("/", &GAELLE).await;
    let flood = ready(&hub, 40)
        .await
        .into_iter()
        .map(async |(mut browser, page, login)| browser.try_password(&page, &login, &"x".repeat(4096)).await);
    let mut flood: FuturesUnordered<_> = flood.collect();
    let turned_away: Vec<Answer> = flood.by_ref().take(36).collect().await;
    assert!(turned_away.iter().all(|answer| answer.status == 503), "four wait, and everybody else is told so");
    let pauses = turned_away.iter().map(|answer| answer.header("retry-after").parse::<u32>().expect("a pause"));
    let pauses: BTreeSet<u32> = pauses.collect();
    assert!(pauses.iter().all(|seconds| (3..46).contains(seconds)) && pauses.len() > 3, "{pauses:?}");
    // None of the four has had an answer, and nobody else waits for them.
    assert!(inside.visit("/").await.words().contains("Alice Martin"));
    let ticket = inside.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
    assert!(hub.browser().sign_in(&NOE).at_home().await.answer.status.is_success(), "the directory is asked");
    for _ in 0..12 {
        let again = outside.try_password(&page, GAELLE.login, GAELLE.password).await;
        assert_eq!(again.status, 503, "no failure is counted, or it would be told to wait: {}", again.words());
    }
    assert!(matches!(futures::poll!(flood.next()), Poll::Pending), "the four wait still");
}

/// Where a page of the line asks again.
fn place(page: &Answer) -> String {
    page.link("Vérifier maintenant").unwrap_or_else(|| panic!("no line: {} {}", page.status, page.words()))
}

async fn whoever_finds_the_pool_full_keeps_a_place_in_line(hub: TestHub) {
    let full = hub.again_with(|setup| setup.password_pool = (0, 1)).await;
    let mut late = full.browser();
    let both = ready(&full, 2).await.into_iter().map(async |(mut browser, page, login)| {
        let answer = browser.try_password(&page, &login, "peu-importe").await;
        (browser, answer)
    });
    let mut both: FuturesUnordered<_> = both.collect();
    // The other one has the one place, for good.
    let (mut ready, turned) = both.next().await.expect("one is turned away");
    assert_eq!(turned.status, 503);
    assert!(turned.words().contains("C’est bientôt à vous"), "{}", turned.words());
    let (pause, to) = turned.header("refresh").split_once("; url=").expect("it asks again by itself");
    assert!(pause.parse::<u32>().is_ok() && to == place(&turned), "{to}");
    let behind = late.password_page("/", &GAELLE).await;
    assert!(behind.status == 503 && behind.words().contains("Vous êtes à la place 2"), "nobody types in vain");
    for (page, told) in [(&turned, "C’est bientôt à vous"), (&behind, "place 2")] {
        let browser = if told == "place 2" { &mut late } else { &mut ready };
        let again = browser.get(&place(page)).await;
        assert!(again.words().contains(told), "a place is kept: {}", again.words());
    }
    let form = place(&behind).replace("/line", "");
    assert!(late.get(&form).await.words().contains("place 2"), "one number, however often it is asked for");
    assert!(!late.get(&place(&turned)).await.words().contains("bientôt à vous"), "the place of another is none");
    let next = full.browser().password_page("/", &GAELLE).await;
    assert!(next.words().contains("place 3"), "and nobody took more than one: {}", next.words());
    assert!(full.browser().sign_in(&ALICE).at_home().await.answer.status.is_success(), "a directory keeps no line");
}

async fn whoever_is_called_comes_in(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.password_pool = (1, 1)).await;
    let mut ready = Vec::new();
    for number in 0..20 {
        let mut browser = hub.browser();
        ready.push((browser.password_page("/", &GAELLE).await, browser, format!("inconnu.{number}")));
    }
    let flood = ready.iter_mut().map(|(page, browser, login)| browser.try_password(page, login, "peu-importe"));
    let answers = futures::future::join_all(flood).await;
    let turned = answers.iter().position(|answer| answer.status == 503).expect("somebody is turned away");
    let browser = &mut ready[turned].1;
    let called = browser.get(&place(&answers[turned])).await;
    assert!(called.status.is_success(), "{}", called.words());
    let home = browser.try_password(&called, GAELLE.login, GAELLE.password).await;
    assert_eq!(home.location(), Some("/"), "{}", home.words());
}

/// The directory knows the password, and names the person no more; another source does.
async fn a_suspended_record_of_an_account_that_goes_on_is_told_as_any(hub: TestHub) {
    let (store, own) = (&hub.hub.store, NOE.person());
    let key = JoinKey { source: SourceId::new("ville"), key: "noe".to_owned() };
    let further = Person { id: PersonId::new("pnoe-ville"), join: Some(key), login: None, ..own.clone() };
    hub.put(further.clone()).await;
    let pairs = [(own.id.clone(), further.id)];
    assert_eq!(store.pair(&pairs, preau_store::SaidBy::Hand, hub.hub.now()).await.expect("kept"), [true]);
    hub.browser().sign_in(&NOE).at_home().await;
    let join = own.join.expect("he is of the annuaire");
    assert_eq!(store.suspend_people(None, &join.source, &[join.key]).await.expect("suspended"), 1);
    assert!(
        store.person(&own.id).await.expect("read").is_some_and(|noe| noe.state.may_sign_in()),
        "control: he goes on"
    );
    let mut browser = hub.browser();
    let page = browser.password_page("/", &NOE).await;
    let answer = browser.try_password(&page, NOE.login, NOE.password).await;
    assert!(answer.status == 422 && answer.words().contains("peut-être suspendu"), "{}", answer.words());
}
