//! Large pages under memory that is about to be filled: the one place of this repository with a call that the compiler
//! cannot check ([ADR 0050](../../../docs/adr/0050-a-hash-has-large-pages.md)).
//!
//! Owns that call and nothing else. Who holds the memory, and what is written there, is `preau_keys::passwords`.

use std::mem::MaybeUninit;

/// What an address is asked to be a multiple of. A system with larger pages refuses, and nothing is lost but speed.
const PAGE: usize = 4096;

/// Asks the system for pages of 2 MiB under this memory before it is first used. Neither what is there nor who owns it changes. False where
/// the system knows no such pages, or gives none on request; memory then works as ever.
pub fn ask_under<T>(memory: &[MaybeUninit<T>]) -> bool {
    // From the beginning of the page on: what an allocator keeps there, just before the memory, would leave the first large page to small ones.
    let before = memory.as_ptr().addr() % PAGE;
    let from = memory.as_ptr().wrapping_byte_sub(before).cast_mut();
    let length = before.saturating_add(size_of_val(memory));
    // SAFETY: `MADV_HUGEPAGE` is a wish about how a range is mapped. The kernel neither reads nor writes nor unmaps anything of it, and answers a
    // range that is not ours with an error. So no value, reference or owner can tell, whatever the range is; this one is memory that the
    // caller holds, and the rest of its first page.
    #[expect(unsafe_code, reason = "a wish to the kernel that touches no memory; see above and ADR 0050")]
    let answer = unsafe { libc::madvise(from.cast(), length, libc::MADV_HUGEPAGE) };
    answer == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::read_to_string;

    const LARGE: usize = 33 << 20;

    /// Whether the kernel has that wish for the mapping that this memory is in.
    fn wished(memory: &[MaybeUninit<u64>]) -> bool {
        let at = memory.as_ptr().addr() + size_of_val(memory) / 2;
        let maps = read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        for line in maps.lines() {
            let range = line.split(' ').next().and_then(|range| range.split_once('-'));
            let ends = range.map(|(from, to)| (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16)));
            if let Some((Ok(from), Ok(to))) = ends {
                inside = (from..to).contains(&at);
            } else if inside && line.starts_with("VmFlags:") {
                return line.split(' ').any(|flag| flag == "hg");
            }
        }
        panic!("memory that is mapped nowhere");
    }

    #[test]
    fn memory_that_was_asked_for_has_the_wish_and_other_memory_has_not() {
        let mut asked: Vec<u64> = Vec::with_capacity(LARGE / 8);
        let mut other: Vec<u64> = Vec::with_capacity(LARGE / 8);
        let taken = ask_under(asked.spare_capacity_mut());
        assert_eq!(wished(asked.spare_capacity_mut()), taken);
        assert!(!wished(other.spare_capacity_mut()), "control");
        let known = read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").is_ok();
        assert_eq!(taken, known, "a kernel that has such pages takes the wish");
    }

    #[test]
    fn what_is_there_stays() {
        let mut memory: Vec<u64> = (0..LARGE as u64 / 16).collect();
        memory.reserve_exact(LARGE / 16);
        ask_under(memory.spare_capacity_mut());
        assert!(memory.iter().copied().eq(0..LARGE as u64 / 16));
    }
}
