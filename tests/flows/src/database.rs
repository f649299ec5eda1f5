//! A database for one story: a file that goes away with it, or a schema of its own on a PostgreSQL server.

use preau_keys::{Keyring, SystemIds};
use preau_store::Store;
use preau_store_sql::{Journal, Options, open_with};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// See the module. Opening it twice gives the same data: that is what a restart is.
#[derive(Clone)]
pub struct Database {
    url: String,
    schema: Option<String>,
    _folder: Option<Arc<TempDir>>,
    /// Locked while the story has the schema.
    _turn: Option<Arc<File>>,
}

impl Database {
    /// A fresh SQLite file.
    pub fn sqlite() -> Database {
        let folder = TempDir::new().expect("a folder for the database");
        let url = format!("sqlite://{}/preau.db", folder.path().display());
        Database { url, schema: None, _folder: Some(Arc::new(folder)), _turn: None }
    }

    /// A schema with nothing in it, on the server that `TEST_POSTGRES_URL` names. Making its tables takes longer than most stories:
    /// where `TEST_POSTGRES_SCHEMAS` names a folder, a schema goes from story to story and is emptied between them. The
    /// schemas stay behind: the server is one that lives for the tests only.
    pub fn postgres() -> Option<Database> {
        let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
            println!("TEST_POSTGRES_URL is not set: this story was told on SQLite only");
            return None;
        };
        if let Ok(folder) = std::env::var("TEST_POSTGRES_SCHEMAS") {
            let (schema, turn) = taken(&url, Path::new(&folder));
            return Some(Database { url, schema: Some(schema), _folder: None, _turn: Some(Arc::new(turn)) });
        }
        let mut name = [0u8; 8];
        preau_domain::Ids::fill(&preau_keys::SystemIds, &mut name);
        let schema = name.iter().fold("story_".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        Some(Database { url, schema: Some(schema), _folder: None, _turn: None })
    }

    /// Whether several servers may share it: only one on PostgreSQL is.
    pub fn is_shared(&self) -> bool {
        self.schema.is_some()
    }

    /// Opens it.
    pub async fn open(&self) -> Arc<dyn Store> {
        self.open_with(Options::default()).await
    }

    /// Opens it with some options of its own.
    pub async fn open_with(&self, options: Options) -> Arc<dyn Store> {
        let patience = Duration::from_secs(5);
        let journal = Some(Journal { code: Keyring::ephemeral(b"flows").journal_code(), ids: Arc::new(SystemIds) });
        let options = Options { connections: Some(4), patience, schema: self.schema.clone(), journal, ..options };
        open_with(&self.url, &options).await.expect("the database opens")
    }
}

/// A schema that no story has, emptied when one had it, and the lock that says so.
fn taken(url: &str, folder: &Path) -> (String, File) {
    for n in 0.. {
        let file = File::options().read(true).append(true).create(true).open(folder.join(n.to_string()));
        let mut file = file.expect("the folder of the schemas can be written");
        if file.try_lock().is_err() {
            continue;
        }
        let (schema, mut before) = (format!("story_{n}"), String::new());
        file.read_to_string(&mut before).expect("the schema's file can be read");
        if before.is_empty() {
            file.write_all(b"had\n").expect("the schema's file can be written");
        } else {
            empty(url, &schema);
        }
        return (schema, file);
    }
    unreachable!("numbers do not end")
}

/// Takes every row out, whatever refers to it or watches over it.
fn empty(url: &str, schema: &str) {
    let text = format!(
        "SET session_replication_role = replica;
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' AND tablename <> 'migration'
            LOOP EXECUTE format('DELETE FROM {schema}.%I', name); END LOOP;
        END $$"
    );
    let done = Command::new("psql").args(["-qX", "-v", "ON_ERROR_STOP=1", "-c", &text, url]).status();
    assert!(done.expect("psql is there, as the server is").success(), "the schema was not emptied");
}
