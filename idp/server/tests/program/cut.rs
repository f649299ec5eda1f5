//! Readings of a real directory that are cut, again and again, at different places: each keeps what it read, none takes
//! anything away, and the first that comes to the end finds the rest.

use crate::source::Annuaire;
use preau_domain::{JoinKey, PersonId, SourceId};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A road to the directory that carries so many bytes of its answers on each connection, and is then cut.
struct Road {
    port: u16,
    longest: Arc<AtomicU64>,
    carried: Arc<AtomicU64>,
}

impl Road {
    fn to(port: u16) -> Road {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let (longest, carried) = (Arc::new(AtomicU64::new(u64::MAX)), Arc::new(AtomicU64::new(0)));
        let (limit, count) = (longest.clone(), carried.clone());
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), TcpStream::connect(("127.0.0.1", port)).unwrap());
                let (mut asks, mut asked) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut asks, &mut asked));
                let (limit, count) = (limit.load(Ordering::SeqCst), count.clone());
                std::thread::spawn(move || carry(near, far, limit, &count));
            }
        });
        Road { port: own, longest, carried }
    }
}

fn carry(mut near: TcpStream, mut far: TcpStream, limit: u64, count: &AtomicU64) {
    let (mut buffer, mut left) = ([0; 4096], limit);
    while left > 0 {
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = far.read(&mut buffer[..most]).unwrap_or(0);
        if read == 0 || near.write_all(&buffer[..read]).is_err() {
            break;
        }
        left -= read as u64;
        count.fetch_add(read as u64, Ordering::SeqCst);
    }
    let _ended = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
}

impl Annuaire {
    /// Reads by a road from now on.
    fn by_a_road(&self) -> Road {
        let road = Road::to(self.slapd.port());
        let config = std::fs::read_to_string(self.desk.path("preau.toml")).unwrap();
        let config = config.replace(&self.slapd.url(), &format!("ldap://127.0.0.1:{}", road.port));
        self.desk.write("preau.toml", &format!("{config}page_size = 100\n"));
        road
    }

    /// Everybody of the source as the tables have them, without the names that chance gave them.
    fn everybody(&self) -> Vec<String> {
        let url = format!("sqlite://{}", self.desk.path("data/preau.db").display());
        let source = SourceId::new("annuaire");
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = preau_store_sql::open(&url).await.unwrap();
            let mut people = Vec::new();
            for mut row in store.source_index(&source, "", 10_000).await.unwrap() {
                let join = JoinKey { source: source.clone(), key: row.key.clone() };
                let mut person = store.person_by_join(&join).await.unwrap().unwrap();
                person.id = PersonId::new("");
                // It counts the server's own name of the entry, which no two servers give alike.
                row.digest = String::new();
                people.push(format!("{row:?} {person:?}"));
            }
            people
        })
    }
}

/// F4. The place in a paged reading is the connection’s and goes with it, so each run reads from the beginning; what it
/// writes is what those before it did not come to.
#[test]
fn readings_cut_anywhere_lose_nothing_and_the_next_writes_the_rest() {
    let (whole, cut) = (Annuaire::start(), Annuaire::start());
    let road = cut.by_a_road();
    let (_, all) = whole.sync(&[]);
    // Control: nothing is cut, and the road tells how long a reading is.
    assert_eq!(cut.sync(&["--dry-run"]).1["people"], all["people"]);
    let length = road.carried.load(Ordering::SeqCst);
    let cut_at = |tenth| {
        road.longest.store(length * tenth / 10, Ordering::SeqCst);
        let (code, report) = cut.sync(&[]);
        assert_eq!((code, &report["outcome"]), (1, &Value::from("incomplete")), "{report}");
        assert_eq!((&report["people"]["suspended"], &report["people"]["updated"]), (&0.into(), &0.into()), "{report}");
        report["people"]["created"].as_u64().unwrap()
    };
    let mut written = 0;
    for tenth in 1..10 {
        written += cut_at(tenth);
        assert_eq!(cut.active(), written);
    }
    road.longest.store(u64::MAX, Ordering::SeqCst);
    let (code, rest) = cut.sync(&[]);
    assert_eq!((code, &rest["people"]["unchanged"]), (0, &written.into()), "{rest}");
    assert!(written > 500 && rest["people"]["created"].as_u64().unwrap() > 0, "{written} {rest}");
    assert_eq!(cut.everybody(), whole.everybody());

    // Who is gone is gone when a reading came to the end, and not before.
    let gone = 12;
    whole.remove(gone);
    cut.remove(gone);
    for tenth in [4, 9] {
        assert_eq!((cut_at(tenth), Some(cut.active())), (0, all["people"]["created"].as_u64()));
    }
    road.longest.store(u64::MAX, Ordering::SeqCst);
    for (suspended, waiting) in [(0, gone), (gone, 0)] {
        let (code, report) = cut.sync(&[]);
        assert_eq!((code, whole.sync(&[]).0), (0, 0), "{report}");
        let counted = (&report["people"]["suspended"], &report["people"]["waiting"]);
        assert_eq!(counted, (&suspended.into(), &waiting.into()), "two readings agree: {report}");
    }
    assert_eq!(cut.everybody(), whole.everybody());
}
