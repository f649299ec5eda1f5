//! A database for one story: a file that goes away with it, or a schema of its own on a PostgreSQL server.

use preau_keys::{Keyring, SystemIds};
use preau_store::Store;
use preau_store_sql::{Journal, Options, open_with};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// See the module. Opening it twice gives the same data: that is what a restart is.
#[derive(Clone)]
pub struct Database {
    url: String,
    schema: Option<String>,
    _folder: Option<Arc<TempDir>>,
}

impl Database {
    /// A fresh SQLite file.
    pub fn sqlite() -> Database {
        let folder = TempDir::new().expect("a folder for the database");
        let url = format!("sqlite://{}/preau.db", folder.path().display());
        Database { url, schema: None, _folder: Some(Arc::new(folder)) }
    }

    /// A fresh schema of the server that `TEST_POSTGRES_URL` names. The schemas stay behind: the server is one that
    /// lives for the tests only.
    pub fn postgres() -> Option<Database> {
        let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
            println!("TEST_POSTGRES_URL is not set: this story was told on SQLite only");
            return None;
        };
        let mut name = [0u8; 8];
        preau_domain::Ids::fill(&preau_keys::SystemIds, &mut name);
        let schema = name.iter().fold("story_".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        Some(Database { url, schema: Some(schema), _folder: None })
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
