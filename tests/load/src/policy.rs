//! What policy costs by itself, in this process: a decision for one service, among few services and among many, and the tiles of
//! a home page. No two of the people who ask are in the same groups. What the first of a kind asks goes to the rule engine, which is
//! told apart; whoever is the same to the rules of the service is told what it said.

use crate::measure::{PAIRS, cost, median};
use crate::report::Report;
use crate::world::uai;
use anyhow::{Context, Result, ensure};
use preau_domain::{Audience, Day, Instant, Opening, Person, PersonId, Population, Profile, ServiceId, Uai};
use preau_policy::{AccessRules, Facts, access, opens};

/// Services of a home page, and rules of each.
const TILES: usize = 200;
const RULES: usize = 10;
/// Groups of somebody who is in many.
const GROUPS: usize = 40;
/// Services of a small house and of a large one.
const FEW: usize = 10;
const MANY: usize = 5_000;
/// Establishments of a nation, whose heads turned the second key of every service of the small house.
pub const NATION: u32 = 11_000;
/// People in one figure.
const PEOPLE: usize = 200;

const HERE: &str = "0990001N";
/// 2 November 2026.
const TODAY: Instant = Instant(1_793_620_800_000);

/// A house of services, each open to groups of its own, and to the one everybody is in.
struct House {
    services: Vec<ServiceId>,
    rules: AccessRules,
}

impl House {
    fn of(services: usize, rules: usize) -> Result<House> {
        let here: Uai = HERE.parse().ok().context("an establishment")?;
        let audience = |service: usize| {
            let population = |rule: usize| Population {
                profiles: vec![Profile::Teacher],
                establishments: vec![here.clone()],
                groups: if rule == 0 { vec!["all".into()] } else { vec![format!("group-{service}-{rule}")] },
                ..Population::default()
            };
            Audience { allow: (0..rules).map(population).collect(), ..Audience::default() }
        };
        let audiences: Vec<(ServiceId, Audience)> =
            (0..services).map(|n| (ServiceId::new(format!("service-{n}")), audience(n))).collect();
        let compiled = AccessRules::compile(audiences.iter().map(|(service, audience)| (service, audience)));
        let rules = compiled.map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        Ok(House { services: audiences.into_iter().map(|(service, _)| service).collect(), rules })
    }

    /// The same, each service behind a second key, which the heads of so many establishments turned besides the one here.
    fn locked(mut self, establishments: u32) -> Result<House> {
        for service in &self.services {
            self.rules.lock(service, "sheet".into());
            self.rules.open(&opening(service, HERE.parse().ok().context("an establishment")?));
            for n in 0..establishments {
                self.rules.open(&opening(service, uai(n)?));
            }
        }
        Ok(self)
    }

    fn decide(&self, who: &Facts) -> Result<()> {
        let service = self.services.first().context("a service")?;
        ensure!(access(who, &self.rules, service).allows(), "refused");
        Ok(())
    }

    fn tiles(&self, who: &Facts) -> Result<()> {
        let (prepared, place) = (who.prepared(), who.current());
        let open = self.services.iter().filter(|service| opens(&prepared, &self.rules, service, place)).count();
        ensure!(open == self.services.len(), "{open} tiles");
        Ok(())
    }
}

/// The yes of a head, for the teachers there.
pub fn opening(service: &ServiceId, establishment: Uai) -> Opening {
    let allow = vec![Population { profiles: vec![Profile::Teacher], ..Population::default() }];
    let until = Day::end_of_school_year(2026);
    let (sheet, by, at) = ("sheet".to_owned(), PersonId::new("pbancessai000000"), TODAY);
    Opening { service: service.clone(), establishment, allow, until, sheet, by, at }
}

/// Somebody in groups that nobody else is in together.
fn somebody(number: usize) -> Result<Facts> {
    let own = (1..GROUPS).map(|group| format!("own-{number}-{group}"));
    let groups: Vec<String> = own.chain(["all".to_owned()]).collect();
    let person: Person = serde_json::from_value(serde_json::json!({
        "id": format!("p{number}"), "state": "active", "given_name": "Ondine", "family_name": "Clairval",
        "credentials": "local",
        "affiliations": [{ "establishment": HERE, "profile": Profile::Teacher.code(), "groups": groups }],
    }))?;
    Ok(Facts::of(&person, None, None, None))
}

/// What was found, in microseconds.
pub struct Costs {
    decision: f64,
    among_many: f64,
    engine: f64,
    tiles: f64,
    tiles_engine: f64,
    locked: f64,
    locked_growth: f64,
}

/// Measures everything, pair by pair.
pub async fn measure() -> Result<Costs> {
    let (few, many) = (House::of(FEW, RULES)?, House::of(MANY, RULES)?);
    let (alone, nation) = (House::of(FEW, RULES)?.locked(0)?, House::of(FEW, RULES)?.locked(NATION)?);
    let own = std::process::id();
    let (mut locked, mut locked_growths) = (vec![], vec![]);
    let (mut decisions, mut growths, mut engines, mut tiles, mut firsts) = (vec![], vec![], vec![], vec![], vec![]);
    let mut drawn = 0;
    for round in 0..=PAIRS {
        let (mut people, mut today) = (Vec::new(), Vec::new());
        for _ in 0..PEOPLE {
            drawn += 1;
            people.push(somebody(drawn)?);
            today.push(somebody(drawn)?.at(TODAY));
        }
        let one = people.first().context("somebody")?;
        let decision = of_each(own, &people, async |who| few.decide(who)).await?;
        let among_many = of_each(own, &people, async |who| many.decide(who)).await?;
        let behind_two = of_each(own, &today, async |who| alone.decide(who)).await?;
        let of_a_nation = of_each(own, &today, async |who| nation.decide(who)).await?;
        // Nobody has asked anything of these.
        let home = House::of(TILES, RULES)?;
        let first = cost(own, 1, async || home.tiles(one)).await?;
        let page = of_each(own, &people, async |who| home.tiles(who)).await?;
        // The first round warms caches.
        if round > 0 {
            decisions.push(decision);
            growths.push(among_many / decision);
            engines.push(first / TILES as f64);
            tiles.push(page);
            firsts.push(first);
            locked.push(behind_two);
            locked_growths.push(of_a_nation / behind_two);
        }
    }
    Ok(Costs {
        decision: median(decisions),
        among_many: median(growths),
        engine: median(engines),
        tiles: median(tiles),
        tiles_engine: median(firsts),
        locked: median(locked),
        locked_growth: median(locked_growths),
    })
}

/// Microseconds of something done for each of these people, one after the other, many times over.
async fn of_each(own: u32, people: &[Facts], each: impl AsyncFn(&Facts) -> Result<()>) -> Result<f64> {
    const TIMES: u32 = 5;
    let all = cost(own, TIMES, async || {
        for who in people {
            each(who).await?;
        }
        Ok(())
    });
    Ok(all.await? / people.len() as f64)
}

impl Costs {
    /// Adds what was found to the page.
    pub fn tell(&self, report: &mut Report) {
        let Costs { decision, among_many, engine, tiles, tiles_engine, locked, locked_growth } = self;
        let what = format!("policy: a decision for one service of {RULES} rules, about somebody in {GROUPS} groups");
        report.row(&what, format!("{decision:.1} µs"), "≤ 20 µs", *decision <= 20.0);
        let what = format!("the same among {MANY} services ÷ among {FEW}");
        report.row(&what, format!("{among_many:.2} ×"), "≤ 1.15", *among_many <= 1.15);
        report.tell("the same behind the second key", format!("{locked:.1} µs"));
        let what = format!("the same among {} yeses of heads ÷ among {FEW}", NATION as usize * FEW);
        report.row(&what, format!("{locked_growth:.2} ×"), "≤ 1.15", *locked_growth <= 1.15);
        report.tell(
            "the same by the rule engine, for the first of their kind since the rules were read",
            format!("{engine:.1} µs"),
        );
        let rules = TILES * RULES;
        let what = format!("policy: all tiles of a person over {TILES} services and {rules} rules");
        report.row(&what, format!("{:.2} ms", tiles / 1e3), "≤ 2 ms", *tiles <= 2_000.0);
        report
            .tell("the same by the rule engine, for the first of their kind", format!("{:.2} ms", tiles_engine / 1e3));
    }
}
