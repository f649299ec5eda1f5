//! What a process cost: processor time of all its threads, and resident memory, from the kernel's own books.

use anyhow::{Context, Result};
use std::fs;
use std::time::Duration;

/// Processor time used so far by every thread of a process. Threads that ended are not counted, so the process must
/// keep its threads, as a server does.
pub fn of(pid: u32) -> Result<Duration> {
    let mut nanoseconds = 0u64;
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
        let path = task?.path().join("schedstat");
        // A thread may end between the listing and the reading.
        let Ok(text) = fs::read_to_string(path) else { continue };
        nanoseconds += text.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
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
