//! A directory that is down, silent or hostile: nobody waits long, nothing breaks, and no failure counts against a person.

use crate::doubles::{Request, Road, Scripted, element, entry, message, result};
use crate::support::{Annuaire, Everything, most_memory, passwords};
use preau_connector_api::{Completion, Verdict};
use preau_rig::{Slapd, SlapdOptions};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

const QUICK: &str = "connect_ms = 300\nanswer_ms = 300\ntotal_ms = 1000";

/// F1: refused connections are answered for at once, and the directory is found again when it is back.
#[tokio::test]
async fn a_directory_that_is_down_is_said_to_be_at_once() {
    let annuaire = Annuaire::start("ldap-down");
    let (port, folder, teacher) = (annuaire.slapd.port(), annuaire.folder.clone(), annuaire.account("teacher").clone());
    let connector = annuaire.connector();
    let check = passwords(&connector);
    let right = || check.check(&teacher.login, &teacher.password);
    assert!(matches!(right().await, Ok(Verdict::Proven { .. })), "control");
    annuaire.slapd.stop();
    let start = Instant::now();
    for _ in 0..50 {
        assert!(right().await.is_err(), "never a refusal: it is not the person's fault");
    }
    assert!(connector.probe.probe().await.is_err());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());

    let options = SlapdOptions { port: Some(port), ..SlapdOptions::default() };
    let _again = Slapd::start(&folder.join("slapd"), &options).expect("slapd starts again");
    let back = async {
        while right().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), back).await.expect("it is found again");
    assert!(matches!(right().await, Ok(Verdict::Proven { .. })));
    assert!(connector.probe.probe().await.is_ok());
}

/// F3: a server that takes the call and says nothing.
#[tokio::test]
async fn a_directory_that_is_silent_is_given_up_in_time() {
    let annuaire = Annuaire::start("ldap-silent");
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let port = silent.local_addr().expect("it is bound").port();
    let connector = annuaire.connector_through(port, QUICK);
    let start = Instant::now();
    assert!(passwords(&connector).check("io", "secret").await.is_err());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(Everything::of(&connector).await.incomplete().contains("in time"));
    let authority = annuaire.folder.join("tls");
    let tls = preau_rig::Tls::make(&authority).expect("the scratch folder is ours");
    let encrypted = format!("ca = {:?}\n{QUICK}", tls.authority);
    let config = annuaire.config(&format!("ldaps://localhost:{port}"), &encrypted);
    let connector = crate::support::open(&config).expect("the configuration is right");
    let start = Instant::now();
    assert!(passwords(&connector).check("io", "secret").await.is_err());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());

    let teacher = annuaire.account("teacher");
    let verdict = passwords(&annuaire.connector()).check(&teacher.login, &teacher.password).await;
    assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "control");
}

/// F3: a server whose packets are dropped: nobody refuses the call, and nobody takes it.
#[tokio::test]
async fn a_directory_behind_a_wall_is_given_up_in_time() {
    let annuaire = Annuaire::start("ldap-wall");
    let socket = TcpSocket::new_v4().expect("sockets can be made");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("loopback has a free port");
    // Calls that nobody takes fill the queue of the kernel; from then on it drops the packets of those who call.
    let listener = socket.listen(1).expect("it is bound");
    let address = listener.local_addr().expect("it is bound");
    let call = || tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address));
    let mut taken = Vec::new();
    while let Ok(connected) = call().await {
        taken.push(connected.expect("the kernel takes calls until its queue is full"));
        assert!(taken.len() < 100, "the queue of the kernel has an end");
    }
    let connector = annuaire.connector_through(address.port(), QUICK);
    let start = Instant::now();
    let said = passwords(&connector).check("io", "secret").await.expect_err("nobody answers").to_string();
    assert!(
        start.elapsed() < Duration::from_secs(2) && said.contains("no connection within"),
        "{:?}: {said}",
        start.elapsed()
    );
    let start = Instant::now();
    assert!(!Everything::of(&connector).await.incomplete().is_empty());
    assert!(
        connector.probe.probe().await.is_err() && start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );

    drop((listener, taken));
    let teacher = annuaire.account("teacher");
    let verdict = passwords(&annuaire.connector()).check(&teacher.login, &teacher.password).await;
    assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "control");
}

/// F3: the network loses every packet in the middle of a search. Nobody is told that the connection is gone.
#[tokio::test]
async fn a_search_whose_packets_are_lost_is_given_up_in_time() {
    let annuaire = Annuaire::start("ldap-lost");
    let teacher = annuaire.account("teacher");
    // The answer to the bind is there, and that to the search has begun.
    let road = Road::losing(annuaire.slapd.port(), 60).await;
    let check = passwords(&annuaire.connector_through(road.port, ""));
    for _ in 0..2 {
        let start = Instant::now();
        let said = check.check(&teacher.login, &teacher.password).await.expect_err("half an answer came").to_string();
        assert!(start.elapsed() < Duration::from_secs(2) && said.contains("too long"), "{:?}: {said}", start.elapsed());
    }
    assert_eq!(road.carried.load(Ordering::Relaxed), 120);

    let whole = Everything::of(&annuaire.connector_with("page_size = 200")).await;
    assert_eq!(whole.completion, Completion::Complete, "control");
    let road = Road::losing(annuaire.slapd.port(), 400_000).await;
    let connector = annuaire.connector_through(road.port, "page_size = 200\npage_ms = 1000");
    let start = Instant::now();
    let read = Everything::of(&connector).await;
    assert!(
        read.incomplete().contains("in time") && start.elapsed() < Duration::from_secs(10),
        "{}",
        read.incomplete()
    );
    assert!((1..whole.records.len()).contains(&read.records.len()), "{} were read", read.records.len());
    let verdict = passwords(&annuaire.connector()).check(&teacher.login, &teacher.password).await;
    assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "control");
}

/// A directory that stops in the middle of its work: it still takes calls, and connections to it stay open. The first
/// who come see that it does not answer within two seconds, the others at once, except one at a time who tries it.
#[tokio::test]
async fn a_directory_that_hangs_is_said_to_be_within_two_seconds() {
    const PAGE: Duration = Duration::from_secs(2);
    const AT_ONCE: Duration = Duration::from_millis(500);
    let annuaire = Annuaire::start("ldap-hangs");
    let teacher = annuaire.account("teacher").clone();
    let connector = annuaire.connector();
    let check = passwords(&connector);
    let right = || {
        let (check, teacher) = (check.clone(), teacher.clone());
        async move {
            let start = Instant::now();
            let proven = matches!(check.check(&teacher.login, &teacher.password).await, Ok(Verdict::Proven { .. }));
            (proven, start.elapsed())
        }
    };
    assert!(right().await.0, "control, which leaves a connection behind");

    let frozen = annuaire.slapd.freeze();
    for _ in 0..2 {
        let (proven, waited) = right().await;
        assert!(!proven && waited < PAGE, "{waited:?}");
    }
    let (proven, waited) = right().await;
    assert!(!proven && waited < AT_ONCE, "the breaker is open: {waited:?}");
    // Twice over: the one who tries it does not close it.
    for _ in 0..2 {
        let slow = loop {
            let crowd: Vec<_> = (0..20).map(|_| tokio::spawn(right())).collect();
            let mut slow = 0;
            for one in crowd {
                let (proven, waited) = one.await.expect("a check never panics");
                assert!(!proven && waited < PAGE, "{waited:?}");
                slow += usize::from(waited > AT_ONCE);
            }
            if slow > 0 {
                break slow;
            }
        };
        assert_eq!(slow, 1, "one at a time tries it, the others are told at once");
    }
    drop(frozen);
    let back = async { while !right().await.0 {} };
    tokio::time::timeout(Duration::from_secs(5), back).await.expect("it is found again");
    let crowd: Vec<_> = (0..20).map(|_| tokio::spawn(right())).collect();
    for one in crowd {
        assert!(one.await.expect("a check never panics").0, "and by everybody");
    }
}

/// F2: a directory that accepts connections and is too slow to answer keeps few of us waiting, and none of us long.
#[tokio::test]
async fn a_storm_on_a_slow_directory_stays_small() {
    let annuaire = Annuaire::start("ldap-storm");
    let server = Scripted::start(|id, request| match request {
        Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
        _ => Vec::new(),
    })
    .await;
    let check = passwords(&annuaire.connector_through(server.port, &format!("{QUICK}\nsearches = 3")));
    let start = Instant::now();
    let storm = (0..200).map(|n| {
        let check = check.clone();
        tokio::spawn(async move { check.check(&format!("io{n}"), "secret").await })
    });
    for one in storm.collect::<Vec<_>>() {
        assert!(one.await.expect("a check never panics").is_err());
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let connections: std::collections::BTreeSet<usize> = server.asked().into_iter().map(|(n, _)| n).collect();
    assert!((1..=12).contains(&connections.len()), "{} connections for 200 people", connections.len());
}

/// Answers of a server whose fault it is.
#[tokio::test]
async fn a_directory_in_trouble_is_nobodys_failure() {
    let annuaire = Annuaire::start("ldap-busy");
    for code in [1, 2, 3, 51, 52, 53, 80] {
        let server = Scripted::start(move |id, request| match request {
            Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
            _ => message(id, &result(0x65, code, "", &[]), &[]),
        })
        .await;
        let check = passwords(&annuaire.connector_through(server.port, QUICK));
        assert!(check.check("io", "secret").await.is_err(), "{code}");
    }
}

/// LDAP-07: messages meant to hurt the one who reads them.
#[tokio::test]
async fn a_hostile_server_hurts_nobody() {
    let annuaire = Annuaire::start("ldap-hostile");
    let teacher = annuaire.account("teacher");
    let (real, before) = (passwords(&annuaire.connector()), most_memory());
    let mut deep = element(0x04, b"");
    for _ in 0..1000 {
        deep = element(0x30, &deep);
    }
    let attributes = [("ENTPersonLogin", "io"), ("ENTPersonJointure", "AC-NOTOS$7")];
    let io = move |id| message(id, &entry("uid=io,ou=people", &attributes), &[]);
    let done = |id| message(id, &result(0x65, 0, "", &[]), &[]);
    type Answer = Box<dyn Fn(u8) -> Vec<u8> + Send + Sync>;
    let cases: Vec<(&str, Answer)> = vec![
        ("a length of two thousand million", Box::new(|_| vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02, 0x01])),
        ("a thousand levels", Box::new(move |id| message(id, &element(0x64, &deep), &[]))),
        ("a value of a hundred million", Box::new(|_| vec![0x30, 0x84, 0x05, 0xf5, 0xe1, 0x00])),
        ("half a message, then silence", Box::new(move |id| io(id)[..20].to_vec())),
        ("a farewell nobody asked for", Box::new(|_| message(0, &result(0x78, 52, "", &[]), &[]))),
        ("the number of another message", Box::new(move |id| [io(id + 1), done(id + 1)].concat())),
        ("a result that is no result", Box::new(|id| message(id, &element(0x65, b"\x04\x00"), &[]))),
        ("an answer to something else", Box::new(|id| message(id, &result(0x61, 0, "", &[]), &[]))),
        ("a message without content", Box::new(|_| vec![0x30, 0x00])),
        ("text that is no BER", Box::new(|_| b"HTTP/1.1 200 OK\r\n\r\n".to_vec())),
        ("names that are no text", Box::new(|id| message(id, &element(0x64, b"\x04\x01\xff\x30\x00"), &[]))),
        ("entries without end", Box::new(move |id| io(id).repeat(50_000))),
    ];
    for (what, answer) in cases {
        let server = Scripted::start(move |id, request| match request {
            Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
            Request::Search { .. } => answer(id),
            _ => Vec::new(),
        })
        .await;
        let connector = annuaire.connector_through(server.port, QUICK);
        let start = Instant::now();
        let verdict = passwords(&connector).check("io", "secret").await;
        assert!(verdict.is_err(), "{what}: {verdict:?}");
        assert!(start.elapsed() < Duration::from_secs(2), "{what}: {:?}", start.elapsed());
        let read = Everything::of(&connector).await;
        assert!(!read.incomplete().is_empty() && read.records.is_empty(), "{what}");
        let verdict = real.check(&teacher.login, &teacher.password).await;
        assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "after {what}, others are served");
    }
    // What follows the end of an answer is answer to nothing.
    let server = Scripted::start(move |id, request| match request {
        Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
        Request::Search { .. } => [io(id), done(id), io(id), io(id)].concat(),
        _ => Vec::new(),
    })
    .await;
    let verdict = passwords(&annuaire.connector_through(server.port, "")).check("io", "secret").await;
    assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "{verdict:?}");
    // Both ends are in this process, and one of them sends fifty thousand entries; the lengths that others claim are more.
    let grown = most_memory() - before;
    assert!(grown < 90 << 20, "{} MiB more", grown >> 20);
}
