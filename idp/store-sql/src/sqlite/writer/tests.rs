//! What the port cannot show: work that panics, work refused halfway beside its neighbours, a disk that is full.

use super::*;
use crate::Options;
use crate::link::args;
use crate::sqlite::Sqlite;
use std::path::PathBuf;

const ADD: &str = "INSERT INTO device (id, seen) VALUES ($1, 1)";
const COUNT: &str = "SELECT count(*) FROM device";

async fn add(store: &Sqlite, id: impl Into<crate::link::Arg>) -> Result<u64> {
    let values = vec![id.into()];
    store.write(Shape::One, move |link| Box::pin(link.changed(ADD, values))).await
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn open(name: &str) -> (Sqlite, Folder) {
    let folder = std::env::temp_dir().join(format!("preau-writer-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite://{}", folder.join("preau.db").display());
    (Sqlite::open(&url, &Options::default()).await.unwrap(), Folder(folder))
}

fn devices(store: &Sqlite) -> i64 {
    store.rows(COUNT, vec![]).unwrap()[0].int(0).unwrap()
}

#[tokio::test]
async fn work_that_panics_takes_nothing_with_it() {
    let (store, _folder) = open("panics").await;
    let panics = store.write(Shape::Several, |link| {
        Box::pin(async move {
            link.rows(ADD, args!["half"]).await?;
            panic!("a defect")
        })
    });
    let (panicked, beside) = futures::join!(panics, add(&store, "whole"));
    let panicked: Result<()> = panicked;
    assert!(matches!(panicked, Err(StoreError::Backend(_))));
    beside.unwrap();
    assert_eq!(devices(&store), 1);
}

#[tokio::test]
async fn work_refused_halfway_leaves_nothing_and_its_neighbours_alone() {
    let (store, _folder) = open("halfway").await;
    let add = |n: usize| {
        store.write(Shape::Several, move |link| {
            Box::pin(async move {
                link.rows(ADD, args![format!("first-{n}")]).await?;
                link.rows(ADD, args![if n.is_multiple_of(2) { "same".to_owned() } else { format!("second-{n}") }])
                    .await
                    .map(drop)
            })
        })
    };
    let answers = futures::future::join_all((0..20).map(add)).await;
    let refused = answers.iter().filter(|answer| matches!(answer, Err(StoreError::Conflict))).count();
    assert_eq!((answers.iter().filter(|answer| answer.is_ok()).count(), refused), (11, 9));
    assert_eq!(devices(&store), 22);
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let (store, _folder) = open("full").await;
    let limit = async |pages: &'static str| {
        let set = store.write(Shape::Checked, move |link| Box::pin(link.rows(pages, vec![])));
        set.await.unwrap();
    };
    limit("PRAGMA max_page_count = 60").await;
    let big = "x".repeat(10_000);
    let add = async |n: usize| add(&store, format!("{n}{big}")).await;
    let mut written = 0;
    while add(written).await.is_ok() {
        written += 1;
        assert!(written < 100, "the disk never filled");
    }
    assert!(matches!(add(written).await, Err(StoreError::Backend(_))));
    assert_eq!(devices(&store), i64::try_from(written).unwrap());
    limit("PRAGMA max_page_count = 100000").await;
    add(written).await.unwrap();
    assert_eq!(devices(&store), i64::try_from(written + 1).unwrap());
}

#[tokio::test]
async fn when_the_database_fails_nobody_is_told_yes() {
    let (store, _folder) = open("fails").await;
    let fails = store.write(Shape::Checked, |link| {
        Box::pin(async move {
            link.rows(ADD, args!["half"]).await?;
            link.rows("SELECT * FROM nothing", vec![]).await.map(drop)
        })
    });
    // While the writer is held in a commit before, all of these come to wait: they share the next one.
    let (running, runs) = oneshot::channel();
    let (release, released) = std::sync::mpsc::channel();
    let held = store.write(Shape::Checked, move |_| {
        Box::pin(async move {
            running.send(()).unwrap();
            released.recv().unwrap();
            Ok(())
        })
    });
    let together = async {
        runs.await.unwrap();
        let beside = futures::future::join_all((0..50).map(|n| add(&store, format!("{n}"))));
        let (failed, beside, ()) = futures::join!(fails, beside, async { release.send(()).unwrap() });
        (failed, beside)
    };
    let (held, (failed, beside)) = futures::join!(held, together);
    held.unwrap();
    assert!(failed.is_err() && beside.iter().all(Result::is_err));
    assert_eq!(devices(&store), 0);
    add(&store, "after").await.unwrap();
    assert_eq!(devices(&store), 1);
}
