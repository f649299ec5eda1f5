//! Passwords that are guessed: delays per account, counted before the check, kept in the database, hurting nobody else.

use futures::future::join_all;
use preau_flows::{ALICE, Answer, Browser, GAELLE, NOE, Role, TestHub, crowd, stories};

stories!(
    delays_grow_and_never_last,
    a_right_password_waits_too,
    fifty_guesses_at_once_are_one_guess,
    a_hundred_guesses_over_two_nodes_are_as_many_as_on_one,
    the_count_survives_a_restart,
    the_owner_gets_in_while_a_stranger_fails,
    a_made_up_device_is_a_stranger,
    an_unknown_account_is_delayed_like_any_other,
    a_forged_address_changes_nothing,
    a_whole_school_behind_one_address,
    one_password_on_a_whole_school_is_slowed_and_nobody_else,
    a_password_tried_on_many_keeps_its_owner_out_of_no_known_device,
    a_password_tried_on_many_waits_for_all_nodes_together,
    a_class_with_one_password_comes_in_though_it_is_tried_on_many,
    a_list_stolen_elsewhere_rings_though_nothing_of_it_comes_twice,
    one_login_of_two_sources_is_counted_twice,
    a_device_of_one_source_is_no_device_of_the_other,
);

async fn guess(browser: &mut Browser, who: &Role, password: &str) -> Answer {
    let page = browser.password_page("/", who).await;
    browser.try_password(&page, who.login, password).await
}

/// Fails until that many failures are counted, waiting each time as long as it takes.
async fn fail(hub: &TestHub, browser: &mut Browser, who: &Role, times: usize) {
    let (mut page, before) = (browser.password_page("/", who).await, hub.directory.asked());
    while hub.directory.asked() - before < times {
        let answer = browser.try_password(&page, who.login, "faux-et-archi-faux").await;
        match answer.status.as_u16() {
            422 | 429 => hub.clock.advance(answer.header("retry-after").parse().unwrap_or(0)),
            // A sign-in lives a quarter of an hour: who guesses for longer begins another.
            400 => page = browser.password_page("/", who).await,
            other => panic!("{other}: {}", answer.words()),
        }
    }
}

async fn delays_grow_and_never_last(hub: TestHub) {
    let mut attacker = hub.browser();
    for (failures, seconds) in [(1, "1"), (3, "3"), (9, "5"), (25, "10")] {
        fail(&hub, &mut attacker, &ALICE, failures - hub.directory.asked()).await;
        let next = guess(&mut attacker, &ALICE, "encore-faux").await;
        assert_eq!((next.status.as_u16(), next.header("retry-after")), (429, seconds), "after {failures} failures");
        hub.clock.advance(next.header("retry-after").parse().unwrap_or(0));
    }
    hub.clock.advance(60);
    let home = hub.browser().sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("Alice Martin"), "the account was never locked: {}", home.words());
    let first = guess(&mut hub.browser(), &ALICE, "faux-de-nouveau").await;
    assert_eq!(first.status, 422, "and its count began again");
}

async fn a_right_password_waits_too(hub: TestHub) {
    let mut browser = hub.browser();
    assert_eq!(guess(&mut browser, &ALICE, "presque-le-bon").await.status, 422);
    let asked = hub.directory.asked();
    let early = guess(&mut browser, &ALICE, ALICE.password).await;
    assert_eq!((early.status.as_u16(), hub.directory.asked()), (429, asked), "it is not even looked at");
    assert!(early.words().contains("attendez une seconde"), "{}", early.words());
    hub.clock.advance(1);
    assert_eq!(guess(&mut browser, &ALICE, ALICE.password).await.location(), Some("/"));
}

async fn fifty_guesses_at_once_are_one_guess(hub: TestHub) {
    let node = hub.node().await;
    let mut ready = Vec::new();
    for number in 0..50 {
        let mut browser = if number % 2 == 0 { hub.browser() } else { hub.browser().meets(&node) };
        ready.push((browser.password_page("/", &ALICE).await, browser));
    }
    hub.directory.hold();
    let guesses = ready.iter_mut().map(|(page, browser)| browser.try_password(page, ALICE.login, "essai-au-hasard"));
    let (answers, ()) = futures::join!(join_all(guesses), async {
        hub.directory.waiting(1).await;
        hub.directory.release();
    });
    assert_eq!(hub.directory.asked(), 1, "counted before it is checked, on both nodes");
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 49);
    hub.clock.advance(1);
    assert!(hub.browser().sign_in(&ALICE).at_home().await.answer.status.is_success());
}

/// A hundred browsers in front of the form, half of them at another node.
async fn a_hundred_ready(hub: &TestHub, other: &TestHub, who: &Role) -> Vec<(Answer, Browser)> {
    let mut ready = Vec::new();
    for number in 0..100 {
        let mut browser = if number % 2 == 0 { hub.browser() } else { hub.browser().meets(other) };
        ready.push((browser.password_page("/", who).await, browser));
    }
    ready
}

/// Each guesses another password, all at once; how many of them the directory was asked for.
async fn guess_at_once(hub: &TestHub, ready: &mut [(Answer, Browser)], who: &Role) -> usize {
    let asked = hub.directory.asked();
    hub.directory.hold();
    let guesses = ready.iter_mut().enumerate().map(async |(number, (page, browser))| {
        browser.try_password(page, who.login, &format!("essai-au-hasard-{number}")).await
    });
    futures::join!(join_all(guesses), async {
        hub.directory.waiting(1).await;
        hub.directory.release();
    });
    hub.directory.asked() - asked
}

/// LOG-04, compared: over two nodes of one database no more passes than over one, wave after wave.
async fn a_hundred_guesses_over_two_nodes_are_as_many_as_on_one(hub: TestHub) {
    let node = hub.node().await;
    for (who, other) in [(&NOE, &hub), (&ALICE, &node)] {
        let (mut ready, mut made) = (a_hundred_ready(&hub, other, who).await, Vec::new());
        for pause in [1, 1, 3, 3] {
            made.push(guess_at_once(&hub, &mut ready, who).await);
            hub.clock.advance(pause);
        }
        assert_eq!(made, [1, 1, 1, 1], "{}", who.login);
        let early = guess(&mut hub.browser().meets(other), who, "le-cinquième").await;
        assert_eq!(early.status, 422, "control: once the pause of four failures is over, another one is looked at");
        let next = guess(&mut hub.browser(), who, who.password).await;
        assert_eq!((next.status.as_u16(), next.header("retry-after")), (429, "3"), "and all five are counted");
        hub.clock.advance(3);
        assert_eq!(guess(&mut hub.browser().meets(other), who, who.password).await.location(), Some("/"), "control");
    }
}

async fn the_count_survives_a_restart(hub: TestHub) {
    let mut attacker = hub.browser();
    fail(&hub, &mut attacker, &ALICE, 9).await;
    let last = guess(&mut attacker, &ALICE, "encore-un-essai").await;
    let restarted = hub.again().await;
    let next = guess(&mut attacker.meets(&restarted), &ALICE, "et-un-autre").await;
    assert_eq!((last.status.as_u16(), next.status.as_u16()), (429, 429));
    assert_eq!(next.header("retry-after"), last.header("retry-after"));
    assert!(hub.browser().meets(&restarted).sign_in(&NOE).at_home().await.answer.status.is_success());
}

async fn the_owner_gets_in_while_a_stranger_fails(hub: TestHub) {
    let mut owner = hub.browser();
    owner.sign_in(&ALICE).at_home().await;
    owner.sign_out().await;
    let mut stranger = hub.browser().at("203.0.113.66");
    fail(&hub, &mut stranger, &ALICE, 101).await;
    assert_eq!(guess(&mut stranger, &ALICE, ALICE.password).await.header("retry-after"), "600");
    let home = owner.sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("Alice Martin"), "{}", home.words());
    let elsewhere = guess(&mut stranger, &ALICE, "un-essai-de-plus").await;
    assert_eq!(elsewhere.status, 429, "which gives the stranger nothing");
}

async fn a_made_up_device_is_a_stranger(hub: TestHub) {
    let (mut attacker, mut owner, mut colleague) = (hub.browser(), hub.browser(), hub.browser());
    owner.sign_in(&ALICE).at_home().await;
    colleague.sign_in(&NOE).at_home().await;
    assert_eq!(guess(&mut attacker, &ALICE, "essai-numero-un").await.status, 422);
    let of_somebody_else = colleague.cookie("__Host-preau-device").unwrap_or_default();
    for device in ["0123456789abcdefghjkmnpqrstvwxyz", of_somebody_else, "", "x'; --"] {
        attacker.plant("__Host-preau-device", device);
        assert_eq!(guess(&mut attacker, &ALICE, "essai-suivant").await.status, 429, "{device:?} changes nothing");
    }
    owner.sign_out().await;
    assert_eq!(guess(&mut owner, &ALICE, ALICE.password).await.location(), Some("/"), "the control");
}

async fn an_unknown_account_is_delayed_like_any_other(hub: TestHub) {
    let mut browser = hub.browser();
    let nobody = Role { login: "personne.inconnue", ..NOE };
    for _ in 0..2 {
        let (known, unknown) =
            (guess(&mut browser, &NOE, "essai-un").await, guess(&mut browser, &nobody, "essai-un").await);
        assert_eq!(known.status, unknown.status);
        assert_eq!(known.header("retry-after"), unknown.header("retry-after"));
    }
    let local = Role { login: "invite.inconnu", ..GAELLE };
    assert_eq!(guess(&mut browser, &local, "essai-un").await.status, 422);
    assert_eq!(guess(&mut browser, &local, "essai-deux").await.status, 429);
}

/// So many pupils whom the directory knows: login and password.
async fn school(hub: &TestHub, pupils: usize) -> Vec<(String, String)> {
    let school = crowd(pupils);
    hub.put_all(school.iter().map(|(person, _, _)| person.clone()).collect()).await;
    school.iter().for_each(|(person, login, password)| {
        hub.directory.add(login, password, &person.join.as_ref().expect("from the directory").key);
    });
    school.into_iter().map(|(_, login, password)| (login, password)).collect()
}

async fn one_password_on_a_whole_school_is_slowed_and_nobody_else(hub: TestHub) {
    let school = school(&hub, 300).await;
    let mut attacker = hub.browser().at("192.0.2.10");
    let mut page = attacker.password_page("/", &NOE).await;
    let mut told = [0, 0];
    for (number, (login, password)) in school.iter().enumerate() {
        let tried = attacker.try_password(&page, login, "Azerty2026!").await;
        told[usize::from(tried.status == 429)] += 1;
        let mut pupil = hub.browser().at("192.0.2.10");
        let own = pupil.password_page("/", &NOE).await;
        if number.is_multiple_of(12) {
            let mistyped = pupil.try_password(&own, login, &format!("{password}{number}")).await;
            assert!([422, 429].contains(&mistyped.status.as_u16()), "{}", mistyped.words());
            hub.clock.advance(3);
        }
        // Who was tried a moment ago waits a second, as after any failure.
        hub.clock.advance(i64::from(tried.status == 422));
        assert_eq!(pupil.try_password(&own, login, password).await.status, 303, "{login}");
        page = if number % 100 == 99 { attacker.password_page("/", &NOE).await } else { page };
    }
    assert!(told[0] < 30 && told[1] > 270, "tried and slowed: {told:?}");
    let mut elsewhere = hub.browser().at("198.51.100.9");
    let page = elsewhere.password_page("/", &NOE).await;
    let tried = elsewhere.try_password(&page, &school[0].0, "Azerty2026!").await;
    assert_eq!(tried.status, 422, "control: of that place alone");
}

async fn a_password_tried_on_many_keeps_its_owner_out_of_no_known_device(hub: TestHub) {
    let school = school(&hub, 20).await;
    let (owner, word) = school[19].clone();
    let mut known = hub.browser().at("192.0.2.10");
    let page = known.password_page("/", &NOE).await;
    assert_eq!(known.try_password(&page, &owner, &word).await.status, 303);
    known.sign_out().await;
    let mut attacker = hub.browser().at("192.0.2.10");
    let page = attacker.password_page("/", &NOE).await;
    for (login, _) in &school[..12] {
        attacker.try_password(&page, login, &word).await;
    }
    let mut stranger = hub.browser().at("192.0.2.10");
    let page = stranger.password_page("/", &NOE).await;
    assert_eq!(stranger.try_password(&page, &owner, &word).await.status, 429, "it waits, for it is tried on many");
    let page = known.password_page("/", &NOE).await;
    assert_eq!(known.try_password(&page, &owner, &word).await.status, 303);
    hub.clock.advance(5);
    let page = stranger.password_page("/", &NOE).await;
    assert_eq!(stranger.try_password(&page, &owner, &word).await.status, 303, "and not for ever");
}

/// Somebody who tries one password at one account after another.
struct Sprayer {
    browser: Browser,
    page: Answer,
    number: usize,
}

impl Sprayer {
    /// In front of that node, with accounts from that number on.
    async fn at(hub: &TestHub, number: usize) -> Sprayer {
        let mut browser = hub.browser();
        Sprayer { page: browser.password_page("/", &NOE).await, browser, number }
    }

    /// Tries a password at the next account; whether it was looked at, and not kept waiting.
    async fn tries(&mut self, password: &str) -> bool {
        self.number += 1;
        let answer = self.browser.try_password(&self.page, &format!("personne.{}", self.number), password).await;
        assert!([422, 429].contains(&answer.status.as_u16()), "{}", answer.words());
        answer.status == 422
    }
}

/// LOG-09 on several nodes: whoever goes round them waits as at one, and a restart forgets nothing of it.
async fn a_password_tried_on_many_waits_for_all_nodes_together(hub: TestHub) {
    let node = hub.node().await;
    let mut both = [Sprayer::at(&hub, 0).await, Sprayer::at(&node, 1_000).await];
    let mut made = [0, 0];
    for round in 0..30 {
        // Ten rounds at once, and then one every five seconds, which is what it waits at last.
        hub.clock.advance(if round < 10 { 0 } else { 5 });
        for sprayer in &mut both {
            made[usize::from(round >= 10)] += usize::from(sprayer.tries("Azerty2026!").await);
        }
    }
    assert_eq!(made, [10, 20], "five at each node, for as many may mistype alike; then one at a time on both");
    let mut after = Sprayer::at(&hub.again().await, 2_000).await;
    assert!(after.tries("Azerty2026!").await, "a server that was started anew looks once");
    hub.clock.advance(1);
    assert!(!after.tries("Azerty2026!").await, "and goes on where all were");
    assert!(after.tries("Azerty2027!").await, "control: another one");
    hub.clock.advance(5);
    assert!(after.tries("Azerty2026!").await, "control: not for ever");
}

/// Last year's first password of everybody is tried at accounts that have another one by now, and is right for a class.
async fn a_class_with_one_password_comes_in_though_it_is_tried_on_many(hub: TestHub) {
    let word = "Rentree-des-6B-2026";
    let class = school(&hub, 25).await;
    for (person, login, _) in crowd(25) {
        hub.directory.add(&login, word, &person.join.as_ref().expect("from the directory").key);
    }
    let mut sprayer = Sprayer::at(&hub, 0).await;
    for expected in [true, true, true, true, true, false] {
        assert_eq!(sprayer.tries(word).await, expected, "control: it is slowed");
    }
    for (login, _) in &class {
        hub.clock.advance(1);
        let mut pupil = hub.browser();
        let page = pupil.password_page("/", &NOE).await;
        assert_eq!(pupil.try_password(&page, login, word).await.status, 303, "{login}: a second after the one before");
    }
}

/// What the journal of this day says of accounts that fail.
async fn alarms(hub: &TestHub) -> Vec<String> {
    let kept = hub.journal(preau_web::alarms_of(hub.hub.now()).as_str()).await;
    kept.into_iter().map(|event| event.detail).collect()
}

async fn a_list_stolen_elsewhere_rings_though_nothing_of_it_comes_twice(hub: TestHub) {
    let school = school(&hub, 60).await;
    let tried = async |number: usize| {
        let known = school.get(number).map(|(login, _)| login.clone());
        let login = known.unwrap_or_else(|| format!("personne{number}"));
        let mut stranger = hub.browser().at(&format!("198.51.100.{number}"));
        let page = stranger.password_page("/", &NOE).await;
        let answer = stranger.try_password(&page, &login, &format!("volé-ailleurs-{number}")).await;
        assert_eq!(answer.status, 422, "nobody is slowed: {}", answer.words());
    };
    for number in 0..99 {
        tried(number).await;
    }
    assert_eq!(alarms(&hub).await, Vec::<String>::new(), "of few, a share says nothing");
    for number in 99..120 {
        tried(number).await;
    }
    assert_eq!(alarms(&hub).await, ["accounts-fail 100 of 100"], "once");
    let warned =
        hub.log.lines().iter().filter(|line| line.contains("\"WARN\"") && line.contains("stolen list")).count();
    assert_eq!(warned, 1);
}

/// Somebody of the annuaire whose login there is a guest's here.
async fn namesake(hub: &TestHub) -> Role {
    let who = Role { login: GAELLE.login, password: "lanterne-Jaune-12", ..ALICE.clone() };
    hub.put(Role { login: ALICE.login, ..who.clone() }.person()).await;
    hub.directory.add(who.login, who.password, &ALICE.key());
    who
}

async fn one_login_of_two_sources_is_counted_twice(hub: TestHub) {
    let (who, mut attacker) = (namesake(&hub).await, hub.browser());
    for _ in 0..2 {
        assert_eq!(guess(&mut attacker, &GAELLE, "essai-au-hasard").await.status, 422);
        hub.clock.advance(1);
    }
    assert_eq!(guess(&mut attacker, &GAELLE, "essai-au-hasard").await.status, 422);
    let home = hub.browser().sign_in(&who).at_home().await.answer;
    assert!(home.words().contains("Alice Martin"), "another person waits for nobody's tries: {}", home.words());
    let next = guess(&mut attacker, &GAELLE, "un-autre-essai").await;
    assert_eq!((next.status.as_u16(), next.header("retry-after")), (429, "3"), "and forgives none of them");
}

async fn a_device_of_one_source_is_no_device_of_the_other(hub: TestHub) {
    let who = namesake(&hub).await;
    let (mut own, mut stranger) = (hub.browser(), hub.browser());
    own.sign_in(&who).at_home().await;
    own.sign_out().await;
    assert_eq!(guess(&mut stranger, &GAELLE, "essai-au-hasard").await.status, 422);
    assert_eq!(guess(&mut own, &GAELLE, "essai-au-hasard").await.status, 429, "a stranger to her account");
    assert_eq!(guess(&mut stranger, &who, "essai-au-hasard").await.status, 422);
    assert_eq!(guess(&mut own, &who, who.password).await.location(), Some("/"), "control: known to the owner's");
}

async fn a_forged_address_changes_nothing(hub: TestHub) {
    assert_eq!(guess(&mut hub.browser(), &ALICE, "premier-essai").await.status, 422);
    for forged in ["203.0.113.5", "10.0.0.1, 127.0.0.1", "2001:db8::1", "not an address"] {
        let mut browser = hub.browser().saying("x-forwarded-for", forged).saying("forwarded", "for=192.0.2.1");
        assert_eq!(guess(&mut browser, &ALICE, "autre-essai").await.status, 429, "{forged}");
    }
    hub.clock.advance(1);
    let mut honest = hub.browser().saying("x-forwarded-for", "203.0.113.5");
    assert_eq!(guess(&mut honest, &ALICE, ALICE.password).await.location(), Some("/"));
}

async fn a_whole_school_behind_one_address(hub: TestHub) {
    let school = school(&hub, 3_000).await;
    let pupil = async |number: usize| {
        let (login, password) = &school[number];
        let mut browser = hub.browser().at("192.0.2.10");
        let page = browser.password_page("/", &NOE).await;
        if number.is_multiple_of(12) {
            let mistyped = format!("{}{}", &password[1..], number % 10);
            assert_eq!(browser.try_password(&page, login, &mistyped).await.status, 422);
            hub.clock.advance(1);
        }
        assert_eq!(browser.try_password(&page, login, password).await.status, 303, "{login}");
    };
    for wave in (0..school.len()).collect::<Vec<_>>().chunks(60) {
        join_all(wave.iter().map(|number| pupil(*number))).await;
    }
    assert_eq!(alarms(&hub).await, Vec::<String>::new(), "one in twelve who mistypes is a Monday morning");
}
