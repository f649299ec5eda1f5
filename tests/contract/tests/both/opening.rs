//! What opening promises: data outlives the process that wrote it, several may open one database at once, and a database
//! this program does not understand is left alone.

use crate::Place;
use crate::chain::alter;
use preau_contract::fixture::{
    LATER, NOW, change, event, live, local, pending, registration, source, sourced, ticket, uai, visit, winners,
};
use preau_domain::{
    Affiliation, CorrelationId, Instant, KeptKind, KeptThing, OneTimeKey, PendingId, PendingSignIn, Profile,
    Registration, RegistrationKind, Seconds, ServiceId, SessionId, Ticket, TicketKind,
};
use preau_store::{Attempt, Delays};
use preau_store_sql::{open, open_with};
use std::collections::HashSet;
use std::sync::Arc;

#[tokio::test]
async fn what_was_answered_outlives_the_process() {
    for place in Place::each("outlives") {
        let first = place.open().await;
        first.add_local_person(&local("zoe"), "h").await.unwrap();
        first.put_people(None, &[change(sourced("k1"))]).await.unwrap();
        first.put_pending(&pending("a")).await.unwrap();
        let id = live(&*first, "s1", "p-zoe").await;
        first.record(event("c1", "kept"));
        first.issue_ticket(&ticket("t1", &id), Some(&visit(&id, "moodle", NOW))).await.unwrap();
        let granting = Ticket { kind: TicketKind::CasProxyGranting, ..ticket("g1", &id) };
        first.issue_ticket(&granting, None).await.unwrap();
        const DELAYS: Delays = Delays(&[(1, 1_000)]);
        first.begin_attempt("failed", NOW, DELAYS).await.unwrap();
        first.fail_attempt("failed").await.unwrap();
        // Never closed: what follows sees what a process finds that comes after one that was killed.
        std::mem::forget(first);
        let second = place.open().await;
        assert_eq!(second.person(&local("zoe").id).await.unwrap(), Some(local("zoe")));
        assert_eq!(second.source_index(&source(), "", 9).await.unwrap().len(), 1);
        assert!(second.pending(&PendingId::new("a"), NOW).await.unwrap().is_some());
        assert_eq!(second.audit_of(&CorrelationId::new("c1")).await.unwrap().len(), 1);
        // A ticket of seconds may be forgotten with its process; one that lives as long as its session is not.
        let granting = second.ticket(&OneTimeKey::new("g1"), TicketKind::CasProxyGranting, NOW).await.unwrap();
        assert!(granting.is_some());
        assert_eq!(second.end_session(&id, NOW, None).await.unwrap(), Some(vec![visit(&id, "moodle", NOW)]));
        let waits = second.begin_attempt("failed", NOW, DELAYS).await.unwrap();
        assert!(matches!(waits, Attempt::NotBefore(_)), "what failed stays counted: {waits:?}");
    }
}

/// An earlier version kept the establishments of a row without profiles: the first synchronisation after an upgrade knows
/// from the record what everybody was, and is held like any other.
#[tokio::test]
async fn what_people_were_is_known_after_an_upgrade() {
    for place in Place::each("upgrade") {
        let store = place.open().await;
        let mut teacher = sourced("k1");
        teacher.affiliations =
            [(3, Profile::Teacher), (1, Profile::Guardian), (1, Profile::Teacher), (3, Profile::Teacher)]
                .map(|(school, profile)| Affiliation::new(uai(school), profile))
                .into_iter()
                .collect();
        store.put_people(None, &[change(teacher)]).await.unwrap();
        let index = store.source_index(&source(), "", 9).await.unwrap();
        assert_eq!(index[0].places.len(), 3, "control");
        for (earlier, expected) in [(format!("{} {}", uai(1), uai(3)), &index[0].places[..]), (String::new(), &[])] {
            alter(&place, &format!("UPDATE person SET establishments = '{earlier}'")).await;
            assert_eq!(store.source_index(&source(), "", 9).await.unwrap()[0].places, expected, "{earlier}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_open_an_empty_database_at_once() {
    for place in Place::each("at_once") {
        let nodes = futures::future::join_all((0..4).map(|_| place.open())).await;
        for (n, node) in nodes.iter().enumerate() {
            live(&**node, &format!("s{n}"), "p-zoe").await;
        }
        let sessions = nodes[0].sessions_of(&preau_domain::PersonId::new("p-zoe"), NOW).await.unwrap();
        assert_eq!(sessions.len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_winner_among_several_nodes() {
    for place in Place::each("nodes") {
        let nodes = [place.open().await, place.open().await];
        let id = live(&*nodes[0], "s1", "p-zoe").await;
        nodes[1].issue_ticket(&ticket("t1", &id), None).await.unwrap();
        let key = OneTimeKey::new("t1");
        let consume = |n: usize| nodes[n % 2].consume_ticket(&key, TicketKind::CasService);
        assert_eq!(winners(consume, |answer| matches!(answer, Ok(Some(_)))).await, 1);
        let take = async |n: usize| nodes[n % 2].acquire_lease("sync", &format!("h{n}"), NOW, LATER).await;
        assert_eq!(winners(take, |answer| matches!(answer, Ok(true))).await, 1);
        assert!(nodes[0].end_session(&id, NOW, None).await.unwrap().is_some());
        assert_eq!(nodes[1].session(&SessionId::new("s1"), NOW).await.unwrap(), None);
    }
}

/// What several nodes count together they let pass as one would. What is only begun is counted by all of them where several may share the
/// database; a file has one server, which counts that in its memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_on_several_nodes_do_not_outrun_the_count() {
    const DELAYS: Delays = Delays(&[(3, 1_000)]);
    let allowed = |answer: &preau_store::Result<Attempt>| matches!(answer, Ok(Attempt::Allowed { .. }));
    for place in Place::each("attempts") {
        let nodes = [place.open().await, place.open().await];
        let shared = place.folder.is_none();
        for (at, passed) in [(NOW, 3), (NOW + Seconds(1), 1), (NOW + Seconds(2), 1)] {
            assert_eq!(winners(|n| nodes[n % 2].count_attempt("counted", at, DELAYS), allowed).await, passed);
            if shared {
                assert_eq!(winners(|n| nodes[n % 2].begin_attempt("begun", at, DELAYS), allowed).await, passed);
                nodes[0].fail_attempt("begun").await.unwrap();
            }
        }
        let counted = nodes[1].count_attempt("counted", NOW + Seconds(2), DELAYS).await.unwrap();
        assert_eq!(counted, Attempt::NotBefore(NOW + Seconds(3)));
        assert!(nodes[0].is_counted("counted", NOW).await.unwrap(), "and each knows what the other one counted");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_store_usable() {
    for place in Place::each("goes_away") {
        let store = place.open().await;
        for n in 0..50 {
            let sign_in = pending(&format!("p{n}"));
            let mut call = store.put_pending(&sign_in);
            // Asked once, then dropped: the write happens as a whole or not at all.
            let _ = futures::poll!(&mut call);
        }
        store.put_pending(&pending("last")).await.unwrap();
        let taken = store.pending(&PendingId::new("last"), NOW).await.unwrap();
        assert_eq!(taken, Some(pending("last")));
        store.ready().await.unwrap();
    }
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_refused() {
    let mut place = Place::sqlite("nowhere");
    for url in ["", "mysql://localhost/x", "sqlite:///no/such/folder/preau.db", "postgres://127.0.0.1:1/none"] {
        let refused = open(url).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.starts_with("storage: "), "{url}: {refused}");
    }
    let secret = open("postgres://someone:hunter2@127.0.0.1:1/none").await.err().map(|e| e.to_string());
    assert!(!secret.unwrap_or_default().contains("hunter2"));
    place.options.schema = Some("bad\"; DROP TABLE person".into());
    let url = std::env::var("TEST_POSTGRES_URL").unwrap_or("postgres://127.0.0.1:1/none".into());
    assert!(open_with(&url, &place.options).await.is_err());
    open(&place.url).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sqlite("rights");
    live(&*place.open().await, "s1", "p-zoe").await;
    let folder = place.folder.as_ref().unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let place = Place::sqlite("foreign");
    let path = place.folder.as_ref().unwrap().join("preau.db");
    let text = "a letter, not a database ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    assert!(open(&place.url).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_store_is_shared_between_threads() {
    fn shared<T: Send + Sync + ?Sized>(_: &Arc<T>) {}
    shared(&Place::sqlite("threads").open().await);
}

#[tokio::test]
async fn a_flood_in_the_name_of_a_service_fills_nothing() {
    for mut place in Place::each("of_one") {
        (place.options.kept_of_one, place.options.kept_of_all) = (64, 160);
        let store = place.open().await;
        let thing = |owner: usize, n: i64| KeptThing {
            expires: Instant(LATER.0 + n),
            ..preau_contract::fixture::kept(&format!("{owner}-{n}"), "{}")
        };
        let left = async |owner: usize| {
            let all = (0..500).map(async |n| store.kept(&thing(owner, n).key, KeptKind::PushedRequest, NOW).await);
            let found = futures::future::join_all(all).await;
            found.into_iter().filter(|kept| kept.as_ref().is_ok_and(Option::is_some)).count()
        };
        let own = KeptThing { key: OneTimeKey::new("own"), ..thing(9, 0) };
        store.keep(&own, NOW).await.unwrap();
        store.keep_of(&ServiceId::new("quiet"), None, &thing(9, 400), NOW).await.unwrap();
        for owner in 0..2 {
            for n in 0..500 {
                store.keep_of(&ServiceId::new(format!("loud-{owner}")), None, &thing(owner, n), NOW).await.unwrap();
            }
        }
        assert!((64..68).contains(&left(0).await) && (64..68).contains(&left(1).await));
        assert_eq!(left(9).await, 1, "a flood in one name takes nothing from another");
        for n in 0..500 {
            store.keep_of(&ServiceId::new("loud-2"), None, &thing(2, n), NOW).await.unwrap();
        }
        let all = left(0).await + left(1).await + left(2).await + left(9).await;
        assert!((160..164).contains(&all) && left(2).await >= 32, "{all}");
        assert_eq!(left(9).await, 1, "nor do floods in many names together");
        assert!(store.kept(&own.key, own.kind, NOW).await.unwrap().is_some(), "what has no owner stays");
    }
}

#[tokio::test]
async fn a_flood_from_one_place_pushes_nothing_out_of_another() {
    for mut place in Place::each("of_place") {
        (place.options.kept_of_one, place.options.kept_of_all) = (64, 160);
        let store = place.open().await;
        let thing = |from: &str, n: i64| KeptThing {
            expires: Instant(LATER.0 + n),
            ..preau_contract::fixture::kept(&format!("{from}-{n}"), "{}")
        };
        let keep = async |service: &str, from: Option<&str>, n: i64| {
            let name = from.unwrap_or(service);
            store.keep_of(&ServiceId::new(service), from, &thing(name, n), NOW).await.unwrap();
        };
        let left = async |from: &str, of: i64| {
            let mut left = 0;
            for n in 0..of {
                let found = store.kept(&thing(from, n).key, KeptKind::PushedRequest, NOW).await.unwrap();
                left += usize::from(found.is_some());
            }
            left
        };
        for n in 0..10 {
            keep("public", Some("here"), n).await;
            keep("proved", None, n).await;
        }
        for n in 0..500 {
            keep("public", Some("there"), n).await;
        }
        assert_eq!((left("here", 10).await, left("proved", 10).await), (10, 10));
        assert!((54..58).contains(&left("there", 500).await), "control: of one service there are no more than before");
        let many: Vec<String> = (0..40).map(|n| format!("p{n}")).collect();
        for from in &many {
            for n in 0..10 {
                keep("public", Some(from.as_str()), n).await;
            }
        }
        let mut all = 0;
        for from in &many {
            all += left(from.as_str(), 10).await;
        }
        all += left("here", 10).await + left("there", 500).await;
        assert!((64..68).contains(&all), "nor in many places together: {all}");
        assert_eq!(left("proved", 10).await, 10);
    }
}

#[tokio::test]
async fn a_flood_of_sign_ins_fills_nothing() {
    for mut place in Place::each("flood") {
        place.options.sign_ins = 64;
        let store = place.open().await;
        for n in 0..500_i64 {
            let begun = PendingSignIn { expires: Instant(LATER.0 + n), ..pending(&format!("p{n}")) };
            store.put_pending(&begun).await.unwrap();
        }
        let mut kept = Vec::new();
        for n in 0..500 {
            kept.extend(store.pending(&PendingId::new(format!("p{n}")), NOW).await.unwrap().map(|_| n));
        }
        assert!((64..68).contains(&kept.len()), "{}", kept.len());
        assert!(kept[0] >= 500 - 68, "the oldest go: {kept:?}");
        // One that lasts longer than those that come after it is not among the oldest.
        let typed = PendingSignIn { expires: Instant(LATER.0 + 10_000), ..pending("typed") };
        store.put_pending(&typed).await.unwrap();
        for n in 500..1_000_i64 {
            let begun = PendingSignIn { expires: Instant(LATER.0 + n), ..pending(&format!("p{n}")) };
            store.put_pending(&begun).await.unwrap();
        }
        assert_eq!(store.pending(&typed.id, NOW).await.unwrap(), Some(typed));
    }
}

/// Ten services opened in eleven thousand schools: nothing bounds how many are read, and what comes after is read by itself.
#[tokio::test]
async fn every_opening_of_a_nation_is_read_and_then_what_changed() {
    const ALL: usize = 110_000;
    for place in Place::each("nation") {
        let store = place.open().await;
        let fill = format!(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ALL} - 1)
             INSERT INTO registration (id, kind, owner, doc, created, expires)
             SELECT 's' || (i % 10) || '@' || (1000000 + i / 10) || 'A', 'opening', NULL, '{{}}', 1, NULL FROM n"
        );
        alter(&place, &fill).await;
        let (mut seen, mut after) = (HashSet::new(), 0);
        loop {
            let page = store.openings_changed(after, NOW, 2_000).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.number;
            seen.extend(page.into_iter().filter(|one| one.now.is_some()).map(|one| one.id));
        }
        assert_eq!(seen.len(), ALL);
        let one = Registration { kind: RegistrationKind::Opening, ..registration("s3@1000007A") };
        store.put_registration(&one).await.unwrap();
        let page = store.openings_changed(after, NOW, 2_000).await.unwrap();
        assert_eq!(page.into_iter().map(|change| change.now).collect::<Vec<_>>(), [Some(one)]);
    }
}
