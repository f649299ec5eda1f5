use super::*;
use crate::{AuditKind, CorrelationId, Instant, PersonId};

/// Not a code anybody should use: enough to tell texts apart.
fn code() -> Code {
    Arc::new(|parts: &[&str]| {
        let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
        for part in parts {
            for byte in part.bytes().chain([0xff]) {
                sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        format!("{sum:016x}")
    })
}

/// What a process writes, and the seal it leaves.
fn journal(chain: &str, number: u64, from: i64, count: i64) -> (Vec<Entry>, Seal) {
    let mut chain = Chain::new(chain.into(), code());
    let entries = (from..from + count).map(|seq| {
        let mut event = AuditEvent::new(Instant(seq * 10), AuditKind::SignedOut, CorrelationId::new("c"), "person");
        event.person = (seq % 2 == 0).then(|| PersonId::new("p"));
        let link = Some(chain.link(&event).to_string());
        Entry {
            seq,
            at: event.at.0,
            kind: event.kind.as_str().into(),
            correlation: "c".into(),
            person: event.person.map(|id| id.as_str().into()),
            session: None,
            service: None,
            establishment: None,
            detail: event.detail,
            link,
        }
    });
    let entries = entries.collect();
    let (head, head_code) = chain.head();
    let (chain, head_code) = (chain.id().to_owned(), head_code.to_owned());
    let seal = Seal { chain, number, floor: 0, head, head_code, newest: number, seal: String::new() };
    (entries, seal.closed(&code()))
}

fn found(entries: &[Entry], seals: &[Seal]) -> Vec<(Option<i64>, Broken)> {
    let mut check = Check::new(code(), seals.to_vec());
    entries.iter().for_each(|entry| check.see(entry));
    assert_eq!(check.events(), entries.len() as u64);
    check.end().0.into_iter().map(|finding| (finding.seq, finding.what)).collect()
}

#[test]
fn a_journal_that_nobody_touched_holds() {
    let ((one, sealed), (two, other)) = (journal("a", 1, 1, 9), journal("b", 2, 10, 3));
    let all: Vec<Entry> = one.iter().chain(&two).cloned().collect();
    assert!(found(&all, &[other, sealed.clone()]).is_empty());
    assert!(found(&all, &[sealed]).is_empty(), "a process that was killed before it said anything");
    let link: Link = one[3].link.as_deref().unwrap().parse().unwrap();
    assert_eq!((link.place, link.to_string()), (4, one[3].link.clone().unwrap()));
    for bad in ["", "a.1.b", "a.0.b.c", "a.x.b.c", "a.1.b.c.d"] {
        assert!(bad.parse::<Link>().is_err(), "{bad}");
    }
}

#[test]
fn whatever_is_altered_in_an_event_is_found_there() {
    let (entries, seal) = journal("a", 1, 1, 9);
    let changes: [fn(&mut Entry); 9] = [
        |entry| entry.at += 1,
        |entry| entry.kind = "sign-in-refused".into(),
        |entry| entry.correlation = "d".into(),
        |entry| entry.person = Some("q".into()),
        |entry| entry.session = Some(String::new()),
        |entry| entry.service = Some("moodle".into()),
        |entry| entry.establishment = Some("0990001K".into()),
        |entry| entry.detail.clear(),
        |entry| entry.link = Some("a.4.0.0".into()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut entries = entries.clone();
        change(&mut entries[3]);
        assert_eq!(found(&entries, std::slice::from_ref(&seal)), [(Some(4), Broken::Altered)], "{number}");
    }
}

#[test]
fn what_is_removed_leaves_a_hole() {
    let (entries, seal) = journal("a", 1, 1, 9);
    let without = |gone: std::ops::Range<usize>| {
        let mut entries = entries.clone();
        entries.drain(gone);
        found(&entries, std::slice::from_ref(&seal))
    };
    assert!(without(0..0).is_empty());
    assert_eq!(without(0..2), [(Some(3), Broken::Missing(1, 2))]);
    assert_eq!(without(4..5), [(Some(6), Broken::Missing(5, 5))]);
    assert_eq!(without(7..9), [(Some(7), Broken::Cut("a".into(), 8, 9))]);
    assert_eq!(without(0..9), [(None, Broken::Cut("a".into(), 1, 9))]);
}

#[test]
fn what_is_inserted_moved_or_repeated_is_found() {
    let (entries, seal) = journal("a", 1, 1, 9);
    let found = |entries: &[Entry]| found(entries, std::slice::from_ref(&seal));
    let mut unlinked = entries.clone();
    unlinked.insert(4, Entry { link: None, ..entries[0].clone() });
    assert_eq!(found(&unlinked), [(Some(1), Broken::Unlinked)]);
    let mut forged = entries.clone();
    forged.insert(4, Entry { link: Some("z.1..0".into()), ..entries[0].clone() });
    assert_eq!(found(&forged), [(Some(1), Broken::Altered)]);
    let mut repeated = entries.clone();
    repeated.insert(4, entries[0].clone());
    assert_eq!(found(&repeated), [(Some(1), Broken::Misplaced)]);
    let mut moved = entries.clone();
    moved.swap(4, 5);
    assert_eq!(found(&moved), [(Some(6), Broken::Missing(5, 5)), (Some(5), Broken::Misplaced)]);
}

#[test]
fn what_processes_say_of_their_chains_is_checked_too() {
    let ((one, mut first), (two, second)) = (journal("a", 1, 1, 9), journal("b", 2, 10, 3));
    let cut = [&one[..7], &two[..]].concat();
    let lowered = Seal { head: 7, ..first.clone() };
    let forged = found(&cut, &[lowered, second.clone()]);
    assert!(forged.contains(&(None, Broken::SealAltered("a".into()))), "{forged:?}");
    assert_eq!(found(&two, std::slice::from_ref(&second)), [(None, Broken::SealsMissing(1, 1))]);
    first.newest = 2;
    let first = first.closed(&code());
    assert_eq!(found(&one, std::slice::from_ref(&first)), [(None, Broken::SealsMissing(2, 2))]);
    assert!(found(&[one, two].concat(), &[first, second]).is_empty());
}

#[test]
fn what_went_with_its_time_is_not_missed() {
    let (entries, mut seal) = journal("a", 1, 1, 9);
    seal.floor = 4;
    let seal = seal.closed(&code());
    assert!(found(&entries[4..], std::slice::from_ref(&seal)).is_empty());
    assert_eq!(found(&entries[6..], std::slice::from_ref(&seal)), [(Some(7), Broken::Missing(5, 6))]);
    assert!(found(&[], &[Seal { floor: 9, ..seal }.closed(&code())]).is_empty());
}
