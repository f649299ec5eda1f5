//! What policy costs by itself, in this process: a decision for one service, among few services and among many, and the tiles of
//! a home page. Whatever is asked for the first time goes to the rule engine; the same of somebody who is the same to the rules
//! of the service is remembered.

use crate::measure::{PAIRS, cost, median};
use crate::report::Report;
use anyhow::{Context, Result, ensure};
use preau_domain::{Audience, Person, Population, Profile, ServiceId, Uai};
use preau_policy::{AccessRules, Facts, access, opens};

/// Services of a home page, and rules of each.
const TILES: usize = 200;
const RULES: usize = 10;
/// Groups of somebody who is in many.
const GROUPS: usize = 40;
/// Services of a small house and of a large one.
const FEW: usize = 10;
const MANY: usize = 5_000;
/// People in one figure.
const PEOPLE: u32 = 200;

const HERE: &str = "0990001N";

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
    remembered: f64,
    tiles: f64,
    tiles_remembered: f64,
}

/// Measures everything, pair by pair.
pub async fn measure() -> Result<Costs> {
    let (few, many, home) = (House::of(FEW, RULES)?, House::of(MANY, RULES)?, House::of(TILES, RULES)?);
    let own = std::process::id();
    let (mut decisions, mut growths, mut remembered, mut tiles, mut again) = (vec![], vec![], vec![], vec![], vec![]);
    let mut drawn = 0;
    for round in 0..=PAIRS {
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            drawn += 1;
            people.push(somebody(drawn)?);
        }
        let one = people.first().context("somebody")?.clone();
        let mut each = people.iter();
        let decision = cost(own, PEOPLE, async || few.decide(each.next().context("somebody")?)).await?;
        let mut each = people.iter();
        let among_many = cost(own, PEOPLE, async || many.decide(each.next().context("somebody")?)).await?;
        few.decide(&one)?;
        let known = cost(own, 5_000, async || few.decide(&one)).await?;
        let mut each = people.iter();
        let page = cost(own, 20, async || home.tiles(each.next().context("somebody")?)).await?;
        home.tiles(&one)?;
        let page_again = cost(own, 200, async || home.tiles(&one)).await?;
        // The first round warms caches.
        if round > 0 {
            decisions.push(decision);
            growths.push(among_many / decision);
            remembered.push(known);
            tiles.push(page);
            again.push(page_again);
        }
    }
    Ok(Costs {
        decision: median(decisions),
        among_many: median(growths),
        remembered: median(remembered),
        tiles: median(tiles),
        tiles_remembered: median(again),
    })
}

impl Costs {
    /// Adds what was found to the page.
    pub fn tell(&self, report: &mut Report) {
        let Costs { decision, among_many, remembered, tiles, tiles_remembered } = self;
        let what = format!("policy: a decision for one service of {RULES} rules, about somebody in {GROUPS} groups");
        report.row(&what, format!("{decision:.1} µs"), "≤ 20 µs", *decision <= 20.0);
        let what = format!("the same among {MANY} services ÷ among {FEW}");
        report.row(&what, format!("{among_many:.2} ×"), "≤ 1.15", *among_many <= 1.15);
        report.tell("the same about somebody who is the same to these rules", format!("{remembered:.1} µs"));
        let rules = TILES * RULES;
        let what = format!("policy: all tiles of a person over {TILES} services and {rules} rules");
        report.row(&what, format!("{:.2} ms", tiles / 1e3), "≤ 2 ms", *tiles <= 2_000.0);
        report.tell("the same once more", format!("{:.2} ms", tiles_remembered / 1e3));
    }
}
