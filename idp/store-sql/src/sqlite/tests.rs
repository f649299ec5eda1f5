//! What the port cannot show of a file: which addresses name one, and that one made earlier is continued.

use super::*;

#[tokio::test]
async fn a_process_that_commits_often_lays_its_log_out_and_loses_nothing() {
    async fn add(store: &Sqlite, id: impl Into<Arg>) {
        const ADD: &str = "INSERT INTO device (id, seen) VALUES ($1, 1)";
        let values = vec![id.into()];
        let added = store.write(Shape::One, move |link| Box::pin(link.changed(ADD, values))).await;
        assert_eq!(added.unwrap(), 1);
    }
    let folder = std::env::temp_dir().join(format!("preau-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("preau.db");
    let url = format!("sqlite://{}", path.display());
    let store = Sqlite::open(&url, &Options::default()).await.unwrap();
    let length = || std::fs::metadata(folder.join("preau.db-wal")).unwrap().len();
    for n in 0..9 {
        add(&store, format!("d{n}")).await;
    }
    assert!(length() < 1 << 20, "a few commits lay nothing out");
    for n in 9..300 {
        add(&store, format!("d{n}")).await;
    }
    assert!((17 << 20..20 << 20).contains(&length()), "{}", length());
    // What a process finds that comes after one that was killed: the same files, and nobody who closed them.
    for file in ["preau.db", "preau.db-wal"] {
        std::fs::copy(folder.join(file), folder.join(file.replace("preau", "killed"))).unwrap();
    }
    let url = format!("sqlite://{}", folder.join("killed.db").display());
    let after = Sqlite::open(&url, &Options::default()).await.unwrap();
    add(&after, "one more".to_owned()).await;
    assert_eq!(after.rows("SELECT count(*) FROM device", vec![]).unwrap()[0].int(0).unwrap(), 301);
    assert_eq!(after.rows("PRAGMA integrity_check", vec![]).unwrap()[0].text(0).unwrap(), "ok");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_address_names_a_file_as_it_is_written() {
    assert_eq!(file("sqlite:///var/lib/preau.db").unwrap(), Path::new("/var/lib/preau.db"));
    assert_eq!(file("sqlite://préau d'essai.db").unwrap(), Path::new("préau d'essai.db"));
    for bad in ["sqlite://", "sqlite::memory:", "sqlite://:memory:", "sqlite://a.db?mode=ro", "sqlite://a%20b.db"] {
        assert!(file(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_file_of_an_earlier_version_is_continued_and_one_that_was_changed_is_left_alone() {
    let folder = std::env::temp_dir().join(format!("preau-continued-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("preau.db");
    let first = &migration::SQLITE[0];
    let made = Connection::open(&path).unwrap();
    made.execute_batch(migration::TABLE).unwrap();
    made.execute_batch(first.text).unwrap();
    made.execute(migration::NOTE, [first.name, first.text]).unwrap();
    made.execute_batch("INSERT INTO device (id, seen) VALUES ('kept', 1)").unwrap();
    let url = format!("sqlite://{}", path.display());
    let store = Sqlite::open(&url, &Options::default()).await.unwrap();
    assert_eq!(store.rows("SELECT id FROM device", vec![]).unwrap()[0].text(0).unwrap(), "kept");
    drop(store);
    made.execute_batch("UPDATE migration SET text = 'another'").unwrap();
    let refused = Sqlite::open(&url, &Options::default()).await.err().unwrap().to_string();
    assert!(refused.contains("is not the one this database was made with"), "{refused}");
    std::fs::remove_dir_all(&folder).unwrap();
}
