//! Where the tests sit: a folder, a configuration, the program.

use preau_domain::{Establishment, EstablishmentKind, JoinKey, SourceId};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder with a configuration, and the program run in it.
pub struct Desk {
    folder: tempfile::TempDir,
    /// Where its server listens.
    pub address: SocketAddr,
}

impl Desk {
    pub fn new() -> Desk {
        // The port is free when it is asked for, and the next to be given out is another.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let desk = Desk { folder: tempfile::tempdir().unwrap(), address };
        std::fs::create_dir(desk.path("services")).unwrap();
        desk.write(
            "preau.toml",
            &format!(
                "[server]\nlisten = \"{address}\"\n[web]\npublic_url = \"https://{address}\"\n[log]\nformat = \"json\"\n"
            ),
        );
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_preau"));
        command.args(args).current_dir(&self.folder).env_remove("PREAU_LISTEN").env_remove("PREAU_STORAGE_URL");
        command
    }

    pub fn run(&self, args: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(args).stdin(Stdio::null()).output().unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    pub fn serve(&self, args: &[&str]) -> Server {
        let log = std::fs::File::create(self.path("log")).unwrap();
        let child = self.command(&[&["serve"], args].concat()).stderr(log).spawn().unwrap();
        Server { child, address: self.address }
    }

    /// A server whose disk may be taken away: a write beyond its limit fails instead of ending it.
    pub fn serve_on_a_disk_that_may_fail(&self) -> Server {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" serve", env!("CARGO_BIN_EXE_preau")]).current_dir(&self.folder);
        let child = command.env_remove("PREAU_LISTEN").env_remove("PREAU_STORAGE_URL").stderr(Stdio::null()).spawn();
        Server { child: child.unwrap(), address: self.address }
    }

    /// Mounts a service.
    pub fn mount(&self, id: &str) {
        let text = "connector = \"apache-cas\"\n[parameters]\nurl = \"https://intranet.example\"\n";
        // Put in place whole, as an operator's tools do: the server may look at any moment.
        self.write(".draft", text);
        std::fs::rename(self.path(".draft"), self.path(&format!("services/{id}.toml"))).unwrap();
    }

    /// A database that knows one establishment.
    pub fn with_school(self) -> Desk {
        std::fs::create_dir(self.path("data")).unwrap();
        let school = Establishment {
            uai: "0990001N".parse().unwrap(),
            join: JoinKey { source: SourceId::new("annuaire"), key: "1".into() },
            kind: EstablishmentKind::College,
            name: "Collège des Lilas".into(),
            city: None,
            sector: None,
            groups: Vec::new(),
        };
        let url = format!("sqlite://{}", self.path("data/preau.db").display());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = preau_store_sql::open(&url).await.unwrap();
            store.put_establishments(None, &[school]).await.unwrap();
        });
        self
    }
}

/// The program serving.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Waits for something the server does by itself.
    pub fn until<T>(&mut self, what: &str, mut done: impl FnMut(&Server) -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if let Some(found) = done(self) {
                return found;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "the server ended before {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no {what}");
    }

    pub fn ready(mut self) -> Server {
        self.until("readiness", |server| server.get("/readyz", "").filter(|answer| answer.starts_with("HTTP/1.1 200")));
        self
    }

    pub fn get(&self, path: &str, headers: &str) -> Option<String> {
        self.get_as(&self.address.to_string(), path, headers)
    }

    /// The same, asked for by another name.
    pub fn get_as(&self, host: &str, path: &str, headers: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// From now on nothing it writes to a file is kept.
    pub fn take_its_disk_away(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=0"]).status().unwrap().success());
    }

    /// Waits until it ends by itself.
    pub fn end(mut self) -> i32 {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server goes on");
    }

    pub fn stop(mut self) -> i32 {
        self.signal("-TERM");
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
