//! The page of figures: each with its target, in the terminal as it comes and in the reference as a table.

use crate::measure::{self, Costs, Floor, PasswordCosts, TOGETHER, Units};
use crate::sync::{Run, Runs};
use crate::{rentree, storm};
use std::fmt::Write;
use std::time::Duration;

/// Microseconds of two bare answers and two rows of an open transaction on the machine of reference. A row costs that
/// little only where many share a commit; whoever is alone pays for a whole one.
const REFERENCE_FLOOR: f64 = 58.0;

/// What a reader must know to judge the figures.
const NOTES: &str = "
What the figures mean:

- **Floors.** A flow is held against the least it can cost, measured in the same round: an *answer* is a request that a bare axum server
  answers with one line on a connection that stays; an *insert* is one row, written by our own writer in a commit of its own
  that waits for the disk, with the two journeys between threads it takes; a *signature* is one of ES256. Of inserts a flow
  has as many as it changes things that must survive. A sign-on has one: the visit, so that the service hears of the end of the
  session; its ticket lives for seconds, in memory ([ADR 0008](../adr/0008-tickets-of-seconds.md)). A code flow has one as well, the tokens,
  and so has a refresh: the next tokens and the end of the former one are one change. Userinfo, introspection and the validation
  of a ticket have none.
- **The journal is counted.** A figure is taken from rest to rest: the events that a flow leaves to be written a tenth of a
  second later belong to it, also where its floor has no insert.
- Over **PostgreSQL** a ticket, a code and an access token are rows: a sign-on has two inserts (ticket with visit, and its end), a
  code flow three (code, its end, tokens). Counted is the server alone, and of an insert whoever asks for it, not what PostgreSQL does
  in its own processes, which is the same for both.
- The *floor of reference* counts two rows and no commit, on another machine. Somebody who comes alone pays for a whole commit, most
  of it in the kernel and different from one disk to the next; of people who come together many share one, which is what that
  floor describes. Both are told.
- The target of a sign-in is held against *one bare Argon2id call*: the plain call of the library with the parameters of the house, which
  takes memory of its own each time and fills it, as anybody's first program does. Our own hashes find their memory there from the one
  before; held against such a hash a sign-in comes out dearer, by what that memory saves. Both are told.
- The hash is the fastest sound one that was found. Three implementations with these parameters, in an order drawn anew 80 times, on 29 November 2026 on
  a machine that others used (AMD EPYC with AVX2, no AVX-512): in the processor time of libsodium 1.0.18, the library of the house takes 0.85, in memory that is
  there already 0.82, and the reference library of Debian 1.24.
- A sign-in begins where a hash has just swept the caches of the processor. What surrounds the hash costs the more for it, and
  the more again on a machine that others use: the code of four requests and a connection, some 0.7 million instructions at a third of an
  instruction a cycle, and a commit, the session. The attempt is counted in memory before the hash, and
  written when it fails ([ADR 0005](../adr/0005-delays-per-account.md)). The server keeps the memory of a hash in large pages ([ADR
  0050](../adr/0050-a-hash-has-large-pages.md)), the calls it is held against have theirs in small ones, as they come: by the machine that is
  between one part in a hundred and one in ten.
- A commit costs by the pages it writes, some five microseconds each, and by the wait for the disk, which an insert has as well: a sign-on
  writes about six pages, a code flow eight. Each index is a page; the journal has three.
- A SAML sign-on is one request with a deflated `AuthnRequest` and one answer, a page whose form carries the signed response. Of its floor are
  one answer, one insert (the visit, so that the service hears of the end of the session) and one signature. With RSA it is
  held against the signature alone, of which an answer and an insert are a third already. The first sign-on at a service is of
  people who have just signed in and open six services one after the other, each on their connection that stays: every time policy
  is asked, what leaves is made and a visit waits for the disk. Who comes alone pays for a whole commit, and for a processor that has
  done other things during it; thirty-two people at once share both, as those of the CAS sign-on do. Whoever comes again
  within the session is on the same visit, and nothing is inserted. That a service calls the person by that name is known from an earlier
  session, as it is on most days: it is written once a month.
- Of a sign-in with a passkey a fifth is the verification of its signature, by the arithmetic that `webauthn-rs` brings (five times what
  the verification of its floor takes, which is by the library that signs here). What the standard asks to be looked at is the business of that
  crate, and is not done a second time by us to save it.
- **Policy** by itself is asked in the process of the benchmark, of services that each name ten groups, about people of whom no two are
  in the same groups. Rules look at a few values of a few attributes, and what the rule engine said of one is known of all who are the same
  to them ([ADR 0030](../adr/0030-an-answer-is-kept-by-its-question.md)); what it costs to ask it is told beside.
- A **storm** is 64 browsers that send one after the other: long passwords that are hashed here; passwords for a directory that takes
  every call and never answers; requests of SAML (`IsPassive`) of nobody who is signed in, whose refusal is signed; SAML documents of 192 KB
  of a service that is not known. Held against each other are times of the clock, because waiting is what people notice: of 100 sign-ons
  with a session 99 come within that time. The client of the storm is on the same machine.
- An **unchanged synchronisation** is what a timer starts when nothing happened: the source says so itself (the change numbers of a directory,
  the files of a delivery), and nobody is read. It is held against five seconds of processor. Once a day, and with `--full`, everybody is read and compared whatever the source says: that costs what
  taking so many records from the wire or out of files costs, three quarters of a first reading, and no way of comparing makes it cheaper. It is told and not held against anything.
- A **million people** from slapd, once, on 28 November 2026 on a machine that others used heavily: 219 s, 81 s of processor (4,564 entries a
  second by the clock, 12,300 a second of processor), 176 MB at the peak where 100,000 take 42 MB, 769 MB of database; an unchanged run is over
  in 0.10 s by the word of the directory. Memory so grows with people; with what of each was not measured apart.
- **Guests, the second key, passkeys and the rentrée** have no row in a table of before 30 November 2026. They were measured on 29 and 30 November on another, slower
  machine of two cores (one bare Argon2id call 43 ms, one RSA-2048 signature 0.9 ms, an answer 38 µs), each part by itself. Ten thousand guests of one list are
  written in 0.43 s (≤ 5 s); the first sign-on of a guest costs 1.27 × that of somebody of the house who came by a provider (≤ 1.3), and among 5,000 conventions and 100,000
  spaces 0.94 × that among one (≤ 1.1). A decision behind the second key takes 12.7 µs, among 110,000 yeses of heads 1.06 × that among ten (≤ 1.15). Of people who come
  ten times as fast as passwords can be hashed 99 % of what can be hashed are through (≥ 90 %), sign-ons with a session meanwhile come within 1.25 × their time in quiet (≤ 2), and
  all is as before after 0.4 s (≤ 10 s); who was called waits up to 4.9 s from typing to being in (≤ 2 s: **no**). A sign-in with a passkey costs 7.75 × its floor
  (2.3 ms; ≤ 3: **no**): 0.4 ms of it are the verification by webauthn-rs's own arithmetic, a quarter is one commit of eighteen pages, and the rest the cold code of three requests.
- Memory of a session is the slope between 1,000 and 6,000 sessions that have all signed on to a service within the three seconds for
  which a session is kept in memory, the middle of three servers; one that is not in use takes none. That they are all of one account
  saves nothing: each has the record of its person, what policy answered and what the service received to itself
  ([ADR 0007](../adr/0007-live-cache.md)). The pages the database keeps of its file are no part of a session: each of these has visited as
  much as in a day before anything is measured, so that those pages are there for both numbers.
";

/// See the module.
pub struct Report {
    date: String,
    commit: String,
    floors: Vec<String>,
    rows: Vec<[String; 4]>,
}

impl Report {
    /// An empty report of a day and a commit.
    pub fn new(date: &str, commit: &str) -> Report {
        Report { date: date.into(), commit: commit.into(), floors: Vec::new(), rows: Vec::new() }
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

    /// A federation that was verified and searched.
    pub fn federation(&mut self, bytes: u64, run: Run) {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let figure = format!(
            "{:.0} MB resident for {:.0} MB in {:.1} s",
            megabytes(run.peak),
            megabytes(bytes),
            run.wall.as_secs_f64()
        );
        let met = run.peak <= 150_000_000 && bytes >= 100_000_000;
        self.row("signed SAML federation, verified whole", figure, "100 MB below 150 MB resident", met);
    }

    /// Memory of an idle server.
    pub fn idle_memory(&mut self, small: u64, large: u64) {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        let figure = format!("{:.0} MB with 10 services, {:.0} MB with 1,000", mb(small), mb(large));
        self.row("resident memory, idle", figure, "≤ 60 MB", small <= 60_000_000);
    }

    /// Sign-in with a local password.
    pub fn password(&mut self, costs: &PasswordCosts, people: u32) {
        let PasswordCosts { plain, kept, of_plain, of_kept, growth } = costs;
        let figure = format!("{of_plain:.3} × (one call {:.1} ms)", plain / 1000.0);
        let what = "sign-in, local password ÷ one bare Argon2id call of the library";
        self.row(what, figure, "≤ 1.10", *of_plain <= 1.10);
        let figure = format!("{of_kept:.3} × (one hash {:.1} ms)", kept / 1000.0);
        let what = "the same ÷ a hash whose memory is there already";
        self.tell(what, figure);
        self.growth("sign-in, local password", *growth, people);
    }

    /// Sign-ons while passwords come in a flood.
    pub fn storm(&mut self, what: &str, of: &str, figures: &storm::Figures) {
        let (quiet, stormy) = figures.p99;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let figure = format!(
            "{:.2} × ({:.1} ms and {:.1} ms; {:.0} {of} a second, {:.0} % told \"not now\")",
            figures.ratio,
            ms(quiet),
            ms(stormy),
            figures.sent,
            figures.turned_away
        );
        let what = format!("99 of 100 sign-ons with a session, in a storm of {what} ÷ in quiet");
        self.row(&what, figure, "≤ 2", figures.ratio <= 2.0);
    }

    /// The morning of the rentrée.
    pub fn rentree(&mut self, figures: &rentree::Figures) {
        let rentree::Figures { capacity, goodput, people, places, looked_at, p99: (quiet, within), normal } = figures;
        let ms = |time: &Duration| time.as_secs_f64() * 1e3;
        let figure = format!(
            "{:.0} % ({people} people came in 10 s, {capacity:.0} a second are through when nobody waits; {places} places in line were shown)",
            100.0 * goodput
        );
        let what = "people through in a second when ten times as many come ÷ when nobody waits";
        self.row(what, figure, "≥ 90 %", *goodput >= 0.9);
        let figure = format!("{:.1} s", looked_at.as_secs_f64());
        self.row(
            "99 of 100 of those who were called, from typing to being in",
            figure,
            "≤ 2 s",
            looked_at.as_secs() < 2,
        );
        let ratio = within.as_secs_f64() / quiet.as_secs_f64();
        let figure = format!("{ratio:.2} × ({:.1} ms and {:.1} ms)", ms(quiet), ms(within));
        self.row("99 of 100 sign-ons with a session meanwhile ÷ in quiet", figure, "≤ 2", ratio <= 2.0);
        let figure = normal.map_or_else(|| "not within it".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
        self.row(
            "until they are as in quiet again, and whoever comes waits in no line",
            figure,
            "≤ 10 s",
            normal.is_some(),
        );
    }

    /// What the floors are made of.
    pub fn units(&mut self, place: &str, units: &Units) {
        let Units { answer, insert, signature } = units;
        let floors =
            format!("{place}: an answer {answer:.1} µs, an insert {insert:.1} µs, a signature {signature:.1} µs");
        println!("  {floors}");
        self.floors.push(floors);
    }

    /// A flow against its floor where nothing was asked.
    pub fn beside(&mut self, what: &str, (microseconds, ratio): (f64, f64), floor: Floor) {
        self.tell(&format!("{what} ÷ {}", floor.words()), format!("{ratio:.2} × ({microseconds:.0} µs)"));
    }

    /// A figure of which nothing was asked.
    pub fn tell(&mut self, what: &str, figure: String) {
        println!("  {what}: {figure}");
        self.rows.push([what.into(), figure, "none asked".into(), "—".into()]);
    }

    /// A flow against its floor.
    pub fn against(&mut self, what: &str, (microseconds, ratio): (f64, f64), floor: Floor) {
        let what = format!("{what} ÷ {}", floor.words());
        self.row(&what, format!("{ratio:.2} × ({microseconds:.0} µs)"), "≤ 3", ratio <= 3.0);
    }

    /// A flow at the large size against the same at the small one.
    pub fn growth(&mut self, what: &str, ratio: f64, people: u32) {
        let what = format!("{what}, at 11,000 establishments, {people} people, 1,000 services ÷ at 1, 1,000, 10");
        self.row(&what, format!("{ratio:.2} ×"), "≤ 1.15", ratio <= 1.15);
    }

    /// Sign-on with a session.
    pub fn sign_on(&mut self, costs: &Costs, people: u32) {
        const SIGN_ON_OF: &str = "session → ticket → validation, kept-alive, durable";
        self.units("on SQLite", &costs.units);
        self.against(SIGN_ON_OF, costs.sign_on, measure::SIGN_ON);
        let what = "the same ÷ the floor of reference (58 µs: two answers and two rows, their commit not counted)";
        self.against_reference(what, costs.sign_on.0);
        let what = format!("the same, {TOGETHER} people at once, each ÷ the floor of reference");
        self.against_reference(&what, costs.together);
        self.against("validation alone", costs.validation, measure::ANSWER);
        self.growth(SIGN_ON_OF, costs.sign_on_growth, people);
        self.growth("validation alone", costs.validation_growth, people);
    }

    fn against_reference(&mut self, what: &str, microseconds: f64) {
        let ratio = microseconds / REFERENCE_FLOOR;
        self.row(what, format!("{ratio:.2} × ({microseconds:.0} µs)"), "≤ 3", ratio <= 3.0);
    }

    /// Memory of a live session.
    pub fn session_memory(&mut self, bytes: Option<[f64; 3]>) {
        let figure = bytes.map_or("the machine was too busy to tell".into(), |[middle, least, most]| {
            format!("{middle:.0} bytes ({least:.0} to {most:.0})")
        });
        self.row(
            "memory per live session in use",
            figure,
            "≤ 1 KB",
            bytes.is_some_and(|[middle, ..]| middle <= 1024.0),
        );
    }

    /// First and unchanged synchronisations; `small` is the first of a tenth of the people.
    pub fn synchronisation(&mut self, people: usize, small: &Run, Runs { first, again, full }: &Runs) {
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
        let faster = |run: &Run| first.wall.as_secs_f64() / run.wall.as_secs_f64();
        let figure = |run: &Run| {
            let less = first.cpu.as_secs_f64() / run.cpu.as_secs_f64();
            format!("{:.1} × faster ({:.2} s; {less:.1} × less processor)", faster(run), run.wall.as_secs_f64())
        };
        let what = "an unchanged synchronisation, by the word of the directory";
        self.row(what, figure(again), "≥ 10 × faster", faster(again) >= 10.0);
        let what = "the same with `--full`, every entry read and compared";
        self.tell(what, figure(full));
    }

    /// A feed of national size, read whole for the first time.
    pub fn feed(&mut self, what: &str, people: usize, run: &Run) {
        let per_million = run.wall.as_secs_f64() * 1e6 / people as f64;
        let (peak, met) = (run.peak as f64 / 1e6, per_million <= 60.0 && run.peak <= 200_000_000);
        let (wall, cpu) = (run.wall.as_secs_f64(), run.cpu.as_secs_f64());
        let figure = format!("{wall:.0} s ({cpu:.0} s of processor), {peak:.0} MB at the peak");
        self.row(&format!("first reading of {people} people: {what}"), figure, "≤ 60 s a million, ≤ 200 MB", met);
    }

    /// The same again, nothing having changed.
    pub fn unchanged(&mut self, what: &str, run: &Run) {
        let cpu = run.cpu.as_secs_f64();
        let figure =
            format!("{cpu:.2} s of processor ({:.2} s, {:.0} MB)", run.wall.as_secs_f64(), run.peak as f64 / 1e6);
        self.row(&format!("the same again, unchanged: {what}"), figure, "≤ 5 s of processor", cpu <= 5.0);
    }

    /// The same, although the source says that nothing changed.
    pub fn compared(&mut self, what: &str, people: usize, run: &Run) {
        let (cpu, wall) = (run.cpu.as_secs_f64(), run.wall.as_secs_f64());
        let (each, peak) = (cpu * 1e6 / people as f64, run.peak as f64 / 1e6);
        let figure = format!("{cpu:.2} s of processor, {each:.0} µs a person ({wall:.2} s, {peak:.0} MB)");
        self.tell(&format!("the same again, read and compared all the same (`--full`): {what}"), figure);
    }

    /// As many changes at two sizes.
    pub fn changes(&mut self, changes: usize, few: (usize, &Run), many: (usize, &Run)) {
        let ratio = many.1.cpu.as_secs_f64() / few.1.cpu.as_secs_f64();
        let ms = |run: &Run| run.cpu.as_secs_f64() * 1e3;
        let figure = format!("{ratio:.2} × ({:.0} ms and {:.0} ms of processor)", ms(few.1), ms(many.1));
        let what = format!("{changes} changes told by slapd, at {} people ÷ at {}", many.0, few.0);
        self.row(&what, figure, "≤ 1.2", ratio <= 1.2);
    }

    /// 99 of 100 sign-ins, in quiet and during a whole reading.
    pub fn meanwhile(&mut self, people: usize, quiet: Duration, busy: Duration) {
        let (ratio, ms) = (busy.as_secs_f64() / quiet.as_secs_f64(), |time: Duration| time.as_secs_f64() * 1e3);
        let figure = format!("{ratio:.2} × ({:.0} ms and {:.0} ms)", ms(quiet), ms(busy));
        let what = format!("99 of 100 sign-ins while {people} people are read into the same SQLite ÷ in quiet");
        self.row(&what, figure, "≤ 2", ratio <= 2.0);
    }

    /// The page for the reference.
    pub fn page(&self) -> String {
        let mut page = String::from(
            "# Benchmarks\n\nWritten by `make bench`. Ratios are taken in one run, pair by pair, on processor time of whole \
             processes; the median is quoted. Absolute figures are for orientation: machines differ and are shared.\n\n",
        );
        let _ = writeln!(
            page,
            "Run of {} at commit `{}`. What floors are made of, {}.\n",
            self.date,
            self.commit,
            self.floors.join("; ")
        );
        page.push_str("| what | figure | target | met |\n|---|---|---|---|\n");
        for [what, figure, target, met] in &self.rows {
            let _ = writeln!(page, "| {what} | {figure} | {target} | {met} |");
        }
        page.push_str(NOTES);
        page
    }
}
