//! The page of figures: each with its target, in the terminal as it comes and in the reference as a table.

use crate::measure::{Costs, TOGETHER};
use crate::sync::Run;
use std::fmt::Write;
use std::time::Duration;

/// Microseconds of two bare answers and two rows of an open transaction on the machine of reference. A row costs that
/// little only where many share a commit; whoever is alone pays for a whole one.
const REFERENCE_FLOOR: f64 = 58.0;

/// What a reader must know to judge the figures.
const NOTES: &str = "
What the figures mean:

- The floor of reference counts two rows and no commit. Somebody who comes alone pays for a whole commit, most of it in the
  kernel and different from one disk to the next; of people who come together many share one, which is what that floor
  describes. Both are told.
- Events of the journal are written a tenth of a second after a validation at the latest, many in one commit. On a machine that
  is busy with something else they fall into the time that is measured, on a quiet one behind it: the figure of validation
  alone is about 2 without them and 3.5 to 4 with them.
- A sign-in begins where a hash has just swept the caches of the processor. What surrounds the hash costs the more for it, and
  the more again on a machine that others use.
";

/// See the module.
pub struct Report {
    date: String,
    commit: String,
    rows: Vec<[String; 4]>,
}

impl Report {
    /// An empty report of a day and a commit.
    pub fn new(date: &str, commit: &str) -> Report {
        Report { date: date.into(), commit: commit.into(), rows: Vec::new() }
    }

    /// Says what is being done.
    pub fn say(&self, what: &str) {
        println!("… {what}");
    }

    /// One figure.
    pub fn row(&mut self, what: &str, figure: String, target: &str, met: bool) {
        let verdict = if met { "yes" } else { "**no**" };
        println!("  {what}: {figure} (target {target}: {})", if met { "met" } else { "NOT met" });
        self.rows.push([what.into(), figure, target.into(), verdict.into()]);
    }

    /// Start-up of the two worlds.
    pub fn start(&mut self, small: Duration, large: Duration, people: u32) {
        let worst = small.max(large);
        let figure =
            format!("{:.2} s with 1,000 people, {:.2} s with {people}", small.as_secs_f64(), large.as_secs_f64());
        self.row("restart to first answer", figure, "≤ 1 s", worst <= Duration::from_secs(1));
    }

    /// Memory of an idle server.
    pub fn idle_memory(&mut self, small: u64, large: u64) {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        let figure = format!("{:.0} MB with 10 services, {:.0} MB with 1,000", mb(small), mb(large));
        self.row("resident memory, idle", figure, "≤ 60 MB", small <= 60_000_000);
    }

    /// Sign-in with a local password.
    pub fn password(&mut self, hash: f64, ratio: f64) {
        let figure = format!("{ratio:.3} × (one hash {:.1} ms)", hash / 1000.0);
        self.row("sign-in, local password ÷ one bare Argon2id call", figure, "≤ 1.10", ratio <= 1.10);
    }

    /// Sign-on with a session, against two floors: that of this run, two bare answers and a durable insert by our own
    /// writer; and the one drawn from measured parts on the machine of reference, two answers and two inserts into an
    /// open transaction. The second is held against people who come together, whose commits are shared as that floor has
    /// it, and against one person alone.
    pub fn sign_on(&mut self, costs: &Costs, insert: f64) {
        let floor = 2.0 * costs.bare + insert;
        let ratio = costs.sign_on / floor;
        let figure = format!(
            "{ratio:.2} × ({:.0} µs; floor {floor:.0} µs = 2 bare answers of {:.1} µs and a durable insert of {insert:.1} µs)",
            costs.sign_on, costs.bare
        );
        self.row("session → ticket → validation, kept-alive, durable ÷ floor of this run", figure, "≤ 3", ratio <= 3.0);
        let what = "the same ÷ the floor of reference (58 µs: two answers and two rows, their commit not counted)";
        self.against_reference(what, costs.sign_on);
        let what = format!("the same, {TOGETHER} people at once, each ÷ the floor of reference");
        self.against_reference(&what, costs.together);
        let figure = format!("{:.2} ×", costs.validation);
        self.row("validation alone ÷ a bare axum answer", figure, "≤ 3", costs.validation <= 3.0);
    }

    fn against_reference(&mut self, what: &str, microseconds: f64) {
        let ratio = microseconds / REFERENCE_FLOOR;
        self.row(what, format!("{ratio:.2} × ({microseconds:.0} µs)"), "≤ 3", ratio <= 3.0);
    }

    /// The same at two sizes.
    pub fn sizes(&mut self, costs: &Costs, people: u32) {
        let ratio = costs.sign_on_growth;
        let what = format!("sign-on at 11,000 establishments, {people} people, 1,000 services ÷ at 1, 1,000, 10");
        self.row(&what, format!("{ratio:.2} ×"), "≤ 1.15", ratio <= 1.15);
        let ratio = costs.validation_growth;
        self.row("validation at the same two sizes", format!("{ratio:.2} ×"), "≤ 1.15", ratio <= 1.15);
    }

    /// Memory of a live session.
    pub fn session_memory(&mut self, bytes: f64) {
        self.row("memory per live session", format!("{bytes:.0} bytes"), "≤ 1 KB", bytes <= 1024.0);
    }

    /// First and unchanged synchronisation.
    pub fn synchronisation(&mut self, people: usize, small: &Run, first: &Run, again: &Run) {
        let rate = people as f64 / first.wall.as_secs_f64();
        let figure = format!(
            "{rate:.0} entries/s ({:.1} s, {:.1} s of processor)",
            first.wall.as_secs_f64(),
            first.cpu.as_secs_f64()
        );
        self.row(
            &format!("first synchronisation of {people} people from slapd into SQLite"),
            figure,
            "≥ 5,000/s",
            rate >= 5000.0,
        );
        let growth = first.peak as f64 / small.peak as f64;
        let figure = format!("{:.0} MB, {growth:.2} × that of a tenth of the people", first.peak as f64 / 1e6);
        self.row("its peak memory", figure, "flat (≤ 2 ×)", growth <= 2.0);
        let faster = first.wall.as_secs_f64() / again.wall.as_secs_f64();
        let figure = format!(
            "{faster:.1} × faster ({:.2} s; {:.1} × less processor)",
            again.wall.as_secs_f64(),
            first.cpu.as_secs_f64() / again.cpu.as_secs_f64()
        );
        self.row("an unchanged synchronisation", figure, "≥ 10 × faster", faster >= 10.0);
    }

    /// The page for the reference.
    pub fn page(&self) -> String {
        let mut page = String::from(
            "# Benchmarks\n\nWritten by `make bench`. Ratios are taken in one run, pair by pair, on processor time of whole \
             processes; the median is quoted. Absolute figures are for orientation: machines differ and are shared.\n\n",
        );
        let _ = writeln!(page, "Run of {} at commit `{}`.\n", self.date, self.commit);
        page.push_str("| what | figure | target | met |\n|---|---|---|---|\n");
        for [what, figure, target, met] in &self.rows {
            let _ = writeln!(page, "| {what} | {figure} | {target} | {met} |");
        }
        page.push_str(NOTES);
        page
    }
}
