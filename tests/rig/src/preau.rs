//! The binary `preau` as its operator runs it: commands that end, and the server. Configuration files are written by
//! whoever uses the rig.

use crate::process::Process;
use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Most that is read of one answer.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// The binary and the configuration it is run with.
#[derive(Clone, Debug)]
pub struct Preau {
    program: PathBuf,
    config: PathBuf,
}

impl Preau {
    /// The `preau` built beside the running program, with this configuration file.
    pub fn new(config: &Path) -> Result<Preau> {
        let program = beside_this_program("preau");
        if !program.exists() {
            bail!("{} is not built: run `cargo build -p preau-server` first", program.display());
        }
        Ok(Preau { program, config: config.to_owned() })
    }

    /// The binary.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs a command to its end, `input` on its standard input; an error if it fails, with what it said.
    pub fn run(&self, args: &[&str], input: &str) -> Result<Output> {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        let mut stdin = child.stdin.take().context("a child with piped input has one")?;
        stdin.write_all(input.as_bytes()).context("writing to preau")?;
        drop(stdin);
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!(
                "preau {} failed ({}):\n{}{}",
                args.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(output)
    }

    /// A command whose outputs are ours, so that a person sees its progress. Its input is empty.
    pub fn show(&self, args: &[&str]) -> Result<()> {
        let status = self.command(args).stdin(Stdio::null()).status().context("starting preau")?;
        if !status.success() {
            bail!("preau {} failed ({status})", args.join(" "));
        }
        Ok(())
    }

    /// Starts the server and waits until `/readyz` says that it is ready on this loopback port. A server that listens
    /// with TLS (`plain` is false) is ready when it accepts connections.
    pub fn serve(&self, args: &[&str], port: u16, plain: bool, log: &Path) -> Result<Process> {
        self.serve_until(args, log, || if plain { is_ready(port) } else { crate::process::answers(port) })
    }

    /// The same, until it is ready by that sign.
    pub fn serve_until(&self, args: &[&str], log: &Path, ready: impl FnMut() -> bool) -> Result<Process> {
        let mut all = vec!["--config".to_owned(), self.config.display().to_string(), "serve".to_owned()];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        let mut process = Process::start("preau", &self.program, &all, &[], log)?;
        process.wait_until(ready)?;
        Ok(process)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // What the rig configures is a demonstration: plain http on this machine.
        command.arg("--demo").arg("--config").arg(&self.config).args(args);
        command
    }
}

/// A program that cargo put in the same folder as the one that is running.
fn beside_this_program(name: &str) -> PathBuf {
    let mut folder = std::env::current_exe().expect("the running program has a path");
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    folder.join(name)
}

/// Whether the server on this port answers 200 to `/readyz`.
fn is_ready(port: u16) -> bool {
    get(port, "/readyz").is_ok()
}

/// The metadata at a path of the plain server on this port, which is ready.
pub fn metadata(port: u16, path: &str) -> Result<String> {
    metadata_of("localhost", port, path)
}

/// The same of a server that is known by another name of this machine.
pub fn metadata_of(host: &str, port: u16, path: &str) -> Result<String> {
    ask(host, port, path).context("the server shows its metadata")
}

/// What the plain server on this port answers at a path, if that is 200.
pub(crate) fn get(port: u16, path: &str) -> Result<String> {
    ask("localhost", port, path)
}

fn ask(host: &str, port: u16, path: &str) -> Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    // By HTTP 1.0, so that the answer comes in one piece.
    // In one piece as well: PHP's server takes a request line that comes in two for a broken one.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    ensure!(status == "200", "{path} answers {status}");
    Ok(body.to_owned())
}
