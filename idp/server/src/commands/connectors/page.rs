//! The reference page of the catalogue, in Markdown, from the files of the products themselves.

use super::{meaning, sent, spoken};
use crate::commands::told;
use preau_connector_api::Category;
use preau_connectors::{Product, catalogue, needs};
use std::fmt::Write;

/// What `tests/clients` and the demo run of it, by the code of those who made it.
const RUN: &str = "[etherpad](#etherpad), [jupyterhub](#jupyterhub), [matrix](#matrix), [roundcube](#roundcube), [sogo](#sogo) and \
    [zabbix](#zabbix) themselves, \
    [lti-tool](#lti-tool) by PyLTI1p3, sites by [apache-cas](#apache-cas), [apache-openid](#apache-openid) and [php-cas](#php-cas)";

/// The page.
pub fn page() -> String {
    let count = catalogue().products().count();
    let mut out = format!(
        "# Catalogue of services\n\nGenerated from `connectors/services` and `connectors/registry/needs.toml`: do not edit. {count} products; \
         what each is sent is read off its release rules. How to mount one: [mount-a-service.md](../how-to/mount-a-service.md); how to add \
         one: [add-a-service.md](../how-to/add-a-service.md).\n\nEach README says what a product was checked against, and what was not \
         verified. Run for real in `make test`: {RUN}; [pronote](#pronote) and [gar](#gar) by simulators.\n\n## What an ENT offers, and what fills it\n\n| service | products | |\n|---|---|---|\n"
    );
    for need in needs() {
        let products: Vec<String> = need.connectors.iter().map(|name| format!("[{name}](#{name})")).collect();
        let _written = writeln!(out, "| {} ({}) | {} | {} |", need.fr, need.en, products.join(", "), need.note);
    }
    for category in Category::ALL {
        let _written = writeln!(out, "\n## {}", category.as_str());
        for product in catalogue().products().filter(|one| one.descriptor.category == category) {
            describe(&mut out, product);
        }
    }
    out
}

fn describe(out: &mut String, product: &Product) {
    let Product { name, descriptor, .. } = product;
    let _written = write!(
        out,
        "\n### {name}\n\n**{}** — {} {}: {}. [README](../../connectors/services/{name}/README.md)\n\n\
         | | |\n|---|---|\n| speaks | {} |\n| for | {} |\n",
        descriptor.title.fr,
        descriptor.title.en,
        // The French sentence is what people read on the tile.
        format_args!("(« {} »)", descriptor.summary.fr),
        descriptor.summary.en,
        spoken(descriptor).join(", "),
        told::audience(&descriptor.audience),
    );
    for (parameter, one) in &descriptor.parameters {
        let _written = writeln!(out, "| parameter `{parameter}` | {} |", meaning(one));
    }
    for (attribute, what) in sent(descriptor) {
        let _written = writeln!(out, "| is sent `{attribute}` | {what} |");
    }
    let legal = &descriptor.legal;
    let _written = writeln!(
        out,
        "| why | {} |\n| controller | {} |\n| hosting | {} |\n| kept | {} |",
        legal.purpose.en, legal.controller.en, legal.hosting.en, legal.retention.en
    );
}
