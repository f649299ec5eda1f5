//! What a process cost: processor time of all its threads, and resident memory, from the kernel's own books.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::time::Duration;

/// Processor time used so far, thread by thread, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Used(BTreeMap<OsString, u64>);

impl Used {
    /// All of it, of the threads that are there.
    pub fn whole(&self) -> Duration {
        Duration::from_nanos(self.0.values().sum())
    }

    /// What each thread used since an earlier look. What one used that has ended meanwhile is gone with it, and not taken from
    /// the others.
    pub fn since(&self, earlier: &Used) -> Vec<Duration> {
        let more = |(thread, now): (&OsString, &u64)| now.saturating_sub(earlier.0.get(thread).copied().unwrap_or(0));
        self.0.iter().map(more).map(Duration::from_nanos).collect()
    }
}

/// Processor time used so far by every thread of a process.
pub fn of(pid: u32) -> Result<Used> {
    let mut used = Used::default();
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
        let task = task?;
        // A thread may end between the listing and the reading.
        let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
        let nanoseconds = text.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0);
        used.0.insert(task.file_name(), nanoseconds);
    }
    Ok(used)
}

/// Resident memory of a process, in bytes.
pub fn resident(pid: u32) -> Result<u64> {
    status(pid, "VmRSS:")
}

/// Highest resident memory a process ever had, in bytes.
pub fn peak(pid: u32) -> Result<u64> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, field: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = text.lines().find(|l| l.starts_with(field)).context("no such field")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
    Ok(kilobytes * 1024)
}
