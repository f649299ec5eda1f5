//! `preau connectors`: the products there are, what each is for and what it is sent; those a site adds, made and tried.

mod page;
mod scaffold;

use crate::assembly;
use crate::cli::{ConnectorsArgs, ConnectorsCommand, Failure};
use crate::commands::told;
use crate::config::Loaded;
use crate::output::say;
use preau_connector_api::{Category, Parameter, ServiceDescriptor};
use preau_connectors::{Catalogue, Product};
use preau_domain::{Person, ServiceId};
use preau_policy::{GoldenAnswers, INVENTED, InventedPeople, Judged};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

pub use page::page;

/// Lists, shows, makes or tries products.
pub fn run(loaded: &Loaded, args: &ConnectorsArgs) -> Result<(), Failure> {
    match &args.what {
        Some(ConnectorsCommand::New { name, into }) => scaffold::new(loaded, name, into.as_deref()),
        Some(ConnectorsCommand::Check { folder }) => check(loaded, folder.as_deref()),
        None => {
            let catalogue = assembly::catalogue(loaded).map_err(Failure::Config)?;
            match &args.name {
                Some(name) => show(product(&catalogue, name)?, args.json),
                None => list(&catalogue, args.json),
            }
        }
    }
}

/// The product of that name.
pub fn product<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a Product, Failure> {
    catalogue.product(name).ok_or_else(|| {
        let near: Vec<&str> = catalogue
            .products()
            .map(|one| one.name.as_str())
            .filter(|one| one.contains(name) || name.contains(one))
            .collect();
        let near = if near.is_empty() { String::new() } else { format!(" (there is {})", near.join(", ")) };
        let shown = preau_domain::display_safe(name, 64);
        Failure::new(format!("no product {shown} in the catalogue{near}: `preau connectors` lists them"))
    })
}

fn list(catalogue: &Catalogue, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return say!("{:#}", Value::Array(catalogue.products().map(told_as_json).collect()));
    }
    let widest = catalogue.products().map(|one| one.name.len()).max().unwrap_or_default();
    for category in Category::ALL {
        let mut products = catalogue.products().filter(|one| one.descriptor.category == category).peekable();
        if products.peek().is_some() {
            say!("{}", category.as_str())?;
        }
        for Product { name, descriptor, .. } in products {
            say!("  {name:<widest$}  {:<11}  {}", spoken(descriptor).join(", "), descriptor.summary.en)?;
        }
    }
    say!(
        "\n`preau connectors NAME` says what one is sent and what to type on its side; `preau mount NAME --url …` mounts it."
    )
}

/// What leaves, in words; what leaves only where an installation names it says so.
fn sent(descriptor: &ServiceDescriptor) -> Vec<(String, String)> {
    let by_saml = descriptor.saml.as_ref().and_then(|saml| saml.attributes.as_ref());
    let usual = by_saml.or(descriptor.link.as_ref().map(|link| &link.attributes));
    let rare = |name: &str| name != "(user)" && usual.is_some_and(|usual| usual.iter().all(|one| one != name));
    let rows = told::sheet(descriptor.identifier, &descriptor.release, speaks(descriptor)).into_iter();
    rows.map(
        |(name, what)| if rare(&name) { (name, what + ", only where an installation names it") } else { (name, what) },
    )
    .collect()
}

fn show(product: &Product, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return say!("{:#}", told_as_json(product));
    }
    let Product { name, descriptor, .. } = product;
    say!("{} ({name})\n{}\n", descriptor.title.en, descriptor.summary.en)?;
    say!("  category  {}", descriptor.category.as_str())?;
    say!("  speaks    {}", spoken(descriptor).join(", "))?;
    say!("  for       {}", told::audience(&descriptor.audience))?;
    say!("\nParameters")?;
    for (name, parameter) in &descriptor.parameters {
        say!("  {name:<12} {}", meaning(parameter))?;
    }
    say!("\nWhat leaves")?;
    let rows = sent(descriptor);
    if rows.is_empty() {
        say!("  nothing")?;
    }
    for (name, what) in rows {
        say!("  {name:<12} {what}")?;
    }
    say!("\nLegal sheet")?;
    let legal = &descriptor.legal;
    for (word, text) in [
        ("purpose", &legal.purpose),
        ("controller", &legal.controller),
        ("hosting", &legal.hosting),
        ("retention", &legal.retention),
    ] {
        say!("  {word:<12} {}", text.en)?;
    }
    say!(
        "\nOn the other side (`preau mount {name} --url …` says it with real addresses)\n\n{}",
        descriptor.other_side.trim()
    )
}

fn meaning(parameter: &Parameter) -> String {
    let default = parameter.default.as_ref().map(|value| format!(" ({value} unless said otherwise)"));
    format!("{}{}", parameter.en, default.unwrap_or_default())
}

fn speaks(descriptor: &ServiceDescriptor) -> bool {
    descriptor.cas.is_some() || descriptor.oidc.is_some() || descriptor.saml.is_some() || descriptor.link.is_some()
}

fn spoken(descriptor: &ServiceDescriptor) -> Vec<&'static str> {
    let ServiceDescriptor { cas, oidc, saml, link, .. } = descriptor;
    told::spoken(cas.is_some(), oidc.is_some(), saml.is_some(), link.is_some())
}

fn told_as_json(product: &Product) -> Value {
    let Product { name, descriptor, .. } = product;
    let sent: Vec<Value> = preau_policy::sent(&descriptor.release)
        .iter()
        .map(|one| json!({ "name": one.name, "facts": one.facts(), "fr": one.fr(), "en": one.en() }))
        .collect();
    json!({
        "name": name,
        "title": descriptor.title,
        "summary": descriptor.summary,
        "category": descriptor.category,
        "protocols": spoken(descriptor),
        "parameters": descriptor.parameters,
        "identifier": descriptor.identifier,
        "sent": sent,
        "audience": descriptor.audience,
        "legal": descriptor.legal,
    })
}

/// Tries the products of a folder: whether each is sound, and whether its golden answers come out.
fn check(loaded: &Loaded, folder: Option<&Path>) -> Result<(), Failure> {
    let folder = own(loaded, folder)?;
    let built_in = preau_connectors::catalogue();
    let (all, problems) = built_in.load_extra_sound(&folder);
    let mut told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let people = toml::from_str::<InventedPeople>(INVENTED).map_err(Failure::new)?;
    let people: BTreeMap<String, Person> = people.by_key().into_iter().collect();
    for product in all.products().filter(|one| built_in.product(&one.name).is_none()) {
        let (good, found) = answers(&folder, product, &all, &people);
        if found.is_empty() {
            say!("{}: sound, and {good} answers are as expected", product.name)?;
        }
        told.extend(found);
    }
    if told.is_empty() { Ok(()) } else { Err(Failure::new(told.join("\npreau: "))) }
}

/// How many answers of a product there are, and what is wrong with it.
fn answers(
    folder: &Path,
    product: &Product,
    all: &Catalogue,
    people: &BTreeMap<String, Person>,
) -> (usize, Vec<String>) {
    let at = folder.join(&product.name);
    let (file, cases) = (at.join("service.toml"), at.join("cases.toml"));
    let mut wrong: Vec<String> = Vec::new();
    if !at.join("README.md").is_file() {
        wrong.push(format!("{}: is missing", at.join("README.md").display()));
    }
    let read = match preau_connectors::read::<GoldenAnswers>(&cases) {
        Ok(read) => read,
        Err(problem) => return (0, vec![problem.to_string()]),
    };
    let placed = |file: &Path, table: &str, found: Vec<(usize, String)>| -> Vec<String> {
        let place = |(number, what)| preau_connectors::at(file, &format!("{table}[{number}]"), what).to_string();
        found.into_iter().map(place).collect()
    };
    match preau_connectors::mount("sample", "sample", &product.sample(), all) {
        Ok(Some(service)) => {
            wrong.extend(placed(&file, "release", preau_policy::check_release(&service.release)));
            let id = ServiceId::new(&product.name);
            let judged = Judged {
                service: &id,
                audience: &service.audience,
                identifier: service.identifier,
                release: &service.release,
            };
            wrong.extend(placed(&cases, "case", read.problems(people, judged)));
        }
        Ok(None) => {}
        // Told of an installation made up for this; what is wrong is the product's.
        Err(problems) => wrong.extend(problems.into_iter().map(|problem| {
            let key = problem.at.split_once(' ').map_or("", |(_, key)| key);
            preau_connectors::at(&file, key, problem.what).to_string()
        })),
    }
    (read.case.len(), wrong)
}

/// The folder of a site's own products.
fn own(loaded: &Loaded, said: Option<&Path>) -> Result<std::path::PathBuf, Failure> {
    let configured = loaded.config.services.catalogue.as_ref().map(|own| loaded.path(own));
    said.map(Path::to_path_buf).or(configured).ok_or_else(|| {
        Failure::new("which folder? Say it, or set services.catalogue: the folder of the products of this site")
    })
}
