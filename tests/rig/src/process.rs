//! A server of the rig as an operating-system process: started in its own process group, watched until it answers,
//! ended together with everything it started. Which command to run and what makes it ready is said by each server's
//! own module.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to answer its first request, and to leave when asked to.
const PATIENCE: Duration = Duration::from_secs(30);
const GOODBYE: Duration = Duration::from_secs(10);
/// Pause between two looks at a server that is not ready yet.
const GLANCE: Duration = Duration::from_millis(20);

/// Ports the rig chooses from: the first, and how many.
const LOWEST: u32 = 12_000;
const SPAN: u32 = 20_000;

/// A running server. Dropping it ends its whole process group.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    ended: bool,
}

impl Process {
    /// Starts `program` with `args` in its own process group, both outputs going to `log` (replaced).
    ///
    /// The kernel also sends it SIGTERM if the thread that called this ends first: a test or a demo that is killed
    /// outright leaves nothing behind. So call it from a thread that lives as long as the server should.
    pub fn start(name: &str, program: &Path, args: &[String], env: &[(&str, String)], log: &Path) -> Result<Process> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        }
        let out = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--"])
            .arg(program)
            .args(args)
            .envs(env.iter().map(|(key, value)| (*key, value.as_str())))
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name} ({})", program.display()))?;
        Ok(Process { name: name.to_owned(), child, log: log.to_owned(), ended: false })
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, which is also the id of its group.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its outputs go.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Waits until `ready` says yes. An error if the process ends first or takes more than thirty seconds; the message
    /// ends with the last lines of its log.
    pub fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let start = Instant::now();
        loop {
            if ready() {
                return Ok(());
            }
            if let Some(status) = self.exited()? {
                bail!("{} ended before it was ready ({status}):\n{}", self.name, self.last_lines());
            }
            if start.elapsed() > PATIENCE {
                bail!("{} is not ready after {} s:\n{}", self.name, PATIENCE.as_secs(), self.last_lines());
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// How it ended, if it did.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("looking at {}", self.name))
    }

    /// The end of its log, for a message.
    pub fn last_lines(&self) -> String {
        let text = fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(15)..].join("\n");
        format!("{tail}\n(whole log: {})", self.log.display())
    }

    /// Asks the group to end and waits; kills what is left after ten seconds.
    pub fn stop(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        self.signal(Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < GOODBYE {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                break;
            }
            std::thread::sleep(GLANCE);
        }
        // Whatever the leader left behind in its group, and the leader itself if it would not listen.
        self.signal(Signal::KILL);
        // Waiting reaps it; an error means that it is already gone.
        self.child.wait().ok();
    }

    /// Ends the group without asking, as a power cut does.
    pub fn kill(&mut self) {
        self.ended = true;
        self.signal(Signal::KILL);
        self.child.wait().ok();
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // An error means that nobody is left in the group, which is what is wanted.
            kill_process_group(group, signal).ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A loopback port that nobody listens on now.
///
/// It lies below those the kernel gives to outgoing connections (32768 and above on Linux), so that nobody is given it
/// between this answer and the moment a server listens; and each process begins to look elsewhere, so that two of them do
/// not find the same one.
pub fn free_port() -> Result<u16> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    for _ in 0..SPAN {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed);
        let offset = std::process::id().wrapping_mul(509).wrapping_add(asked) % SPAN;
        let port = u16::try_from(LOWEST + offset).context("the span of ports is below 65536")?;
        if is_free(port) {
            return Ok(port);
        }
    }
    bail!("no port between {LOWEST} and {} is free", LOWEST + SPAN)
}

/// Whether a server could listen on this loopback port now.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() && !answers(port)
}

/// Whether something accepts connections on this loopback port.
pub fn answers(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Duration::from_millis(200)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> PathBuf {
        crate::scratch(name).join("log")
    }

    #[test]
    fn dropping_a_server_ends_what_it_started() {
        let script = "sleep 300 & echo $!; wait";
        let path = log("process-group");
        let mut process = Process::start("group", Path::new("sh"), &["-c".into(), script.into()], &[], &path).unwrap();
        let mut grandchild = String::new();
        process
            .wait_until(|| {
                grandchild = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
                !grandchild.is_empty()
            })
            .unwrap();
        let alive =
            |pid: &str| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        assert!(alive(&grandchild));
        drop(process);
        assert!(!alive(&grandchild), "process {grandchild} outlived its group");
    }

    #[test]
    fn a_server_that_dies_early_is_reported_with_its_log() {
        let args = ["-c".into(), "echo no such folder; exit 3".into()];
        let mut process = Process::start("early", Path::new("sh"), &args, &[], &log("process-early")).unwrap();
        let message = process.wait_until(|| false).unwrap_err().to_string();
        assert!(message.contains("no such folder"), "{message}");
    }

    #[test]
    fn a_taken_port_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port) && answers(port));
        drop(listener);
        assert!(is_free(port));
    }
}
