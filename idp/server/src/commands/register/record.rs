//! What a record of processing says: who receives which data of whom, why, where, for how long.

use crate::config::{Loaded, SourceConfig};
use preau_connector_api::{MountedService, Names};
use preau_domain::{Establishment, Uai};
use preau_policy::{concerned, identifier_words, sent};
use preau_web::Locale;

/// Columns of the record.
pub(super) const COLUMNS: usize = 9;

/// The record of one establishment.
pub struct Record {
    /// What it is called.
    pub title: String,
    locale: Locale,
    note: String,
    rows: Vec<[String; COLUMNS]>,
}

pub(super) fn pick(locale: Locale, fr: &str, en: &str) -> String {
    match locale {
        Locale::Fr => fr.to_owned(),
        Locale::En => en.to_owned(),
    }
}

pub(super) fn name(locale: Locale, names: &Names) -> String {
    pick(locale, &names.fr, &names.en)
}

/// What the rows of one establishment have in common.
pub(super) struct Place<'p> {
    pub locale: Locale,
    pub uai: &'p Uai,
    pub name: &'p str,
    pub controller: String,
    pub hosting: String,
    pub predelete_after_days: u16,
    pub purge_after_days: u16,
}

impl<'p> Place<'p> {
    pub fn of(loaded: &Loaded, locale: Locale, establishment: &'p Establishment) -> Place<'p> {
        let [_, _, _, _, _, controller, hosting, ..] = house(loaded, locale);
        let sync = &loaded.config.sync;
        Place {
            locale,
            uai: &establishment.uai,
            name: &establishment.name,
            controller,
            hosting,
            predelete_after_days: sync.predelete_after_days,
            purge_after_days: sync.purge_after_days,
        }
    }
}

impl Record {
    /// The record of an establishment over these services, made on that day: those that somebody there may open, whom it names and no
    /// more, this house itself, which keeps the accounts, and what there is to say of others: guests, and inspectors.
    pub fn of<'s>(
        loaded: &Loaded,
        locale: Locale,
        establishment: &Establishment,
        services: impl Iterator<Item = &'s MountedService>,
        others: Vec<[String; COLUMNS]>,
        day: &str,
    ) -> Record {
        let uai = &establishment.uai;
        let mut rows: Vec<_> = services.filter_map(|service| row(locale, service, uai)).collect();
        rows.sort();
        rows.insert(0, house(loaded, locale));
        rows.extend(others);
        let title = match locale {
            Locale::Fr => format!("Registre des traitements – {} ({uai})", establishment.name),
            Locale::En => format!("Record of processing – {} ({uai})", establishment.name),
        };
        let note = match locale {
            Locale::Fr => format!(
                "État du {day}, tiré des services montés et des règles de transmission en vigueur. Les finalités, responsables, hébergements et \
                 durées viennent de la fiche de chaque service ; des invités d’autres ENT, des conventions en vigueur ; des inspecteurs, de ce qui leur a été accordé."
            ),
            Locale::En => format!(
                "As of {day}, read off the services that are mounted and the rules by which data leaves. Purposes, controllers, hosting and \
                 retention come from the sheet of each service; of guests of other workspaces, from the conventions in force; of inspectors, from what they were granted."
            ),
        };
        Record { title, locale, note, rows }
    }

    /// The names of the columns.
    fn head(&self) -> [String; COLUMNS] {
        let fr = [
            "Traitement",
            "Finalité",
            "Personnes concernées",
            "Identifiant transmis",
            "Données transmises",
            "Responsable du traitement",
            "Hébergement",
            "Durée de conservation",
            "Destinataire",
        ];
        let en = [
            "Processing",
            "Purpose",
            "People concerned",
            "Identifier sent",
            "Data sent",
            "Controller",
            "Hosting",
            "Retention",
            "Recipient",
        ];
        std::array::from_fn(|at| pick(self.locale, fr[at], en[at]))
    }

    /// The head and every row.
    pub fn lines(&self) -> Vec<[String; COLUMNS]> {
        std::iter::once(self.head()).chain(self.rows.iter().cloned()).collect()
    }

    /// The record for a spreadsheet: RFC 4180, with the mark by which they know UTF-8. No cell is taken for a formula.
    pub fn csv(&self) -> String {
        let cell = |text: &String| {
            let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
            format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
        };
        let line = |cells: &[String; COLUMNS]| cells.iter().map(cell).collect::<Vec<_>>().join(",");
        let lines: Vec<String> = self.lines().iter().map(line).collect();
        format!("\u{feff}{}\r\n", lines.join("\r\n"))
    }

    /// The record as one page that needs nothing else.
    pub fn html(&self) -> String {
        let cells = |kind: &str, cells: &[String; COLUMNS]| -> String {
            let cell = |(at, text): (usize, &String)| match (kind, at) {
                ("th", _) => format!("<th scope=\"col\">{}</th>", escaped(text)),
                (_, 0) => format!("<th scope=\"row\">{}</th>", escaped(text)),
                _ => format!("<td>{}</td>", escaped(text).replace('\n', "<br>")),
            };
            format!("<tr>{}</tr>\n", cells.iter().enumerate().map(cell).collect::<String>())
        };
        let (lang, title) = (self.locale.code(), escaped(&self.title));
        let (head, note) = (cells("th", &self.head()), escaped(&self.note));
        let rows: String = self.rows.iter().map(|row| cells("td", row)).collect();
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n\
             body {{ margin: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #1c2829; background: #fff; }}\n\
             .table {{ overflow-x: auto; }}\n\
             table {{ border-collapse: collapse; font-size: 0.875rem; }}\n\
             th, td {{ border: 1px solid #857d70; padding: 0.375rem 0.5rem; text-align: left; vertical-align: top; min-width: 9rem; }}\n\
             thead th {{ background: #eef5f0; }}\n\
             @media print {{ @page {{ size: landscape; }} th, td {{ min-width: 0; }} }}\n\
             </style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{note}</p>\n\
             <div class=\"table\" role=\"region\" aria-label=\"{title}\" tabindex=\"0\">\n<table>\n<thead>\n{head}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n\
             </div>\n</main>\n</body>\n</html>\n"
        )
    }
}

/// A text as a page or a spreadsheet holds it.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' => safe.push('\n'),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// What this house does itself: it keeps the accounts and the journal.
fn house(loaded: &Loaded, locale: Locale) -> [String; COLUMNS] {
    let config = &loaded.config;
    let sync = &config.sync;
    let (delete, purge, journal) = (sync.predelete_after_days, sync.purge_after_days, config.storage.audit_days);
    let title = &config.web.name;
    // As the connectors read it: an empty list asks for nobody's.
    let asks = |source: &SourceConfig| source.table.get("confirm_birth_date")?.as_array().map(|list| !list.is_empty());
    let births = config.sources.values().any(|source| asks(source).unwrap_or(false));
    let birth = |fr: &str, en: &str| if births { pick(locale, fr, en) } else { String::new() };
    let birth = birth(
        "\u{a0}; de la date de naissance, seul un code qui permet de la vérifier à l’activation du compte",
        "; of the date of birth, nothing but a code by which it is checked when the account is activated",
    );
    match locale {
        Locale::Fr => [
            format!("{title} : connexion et accueil"),
            "Reconnaître les personnes de l’établissement et leur ouvrir les services auxquels elles ont droit"
                .to_owned(),
            "élèves, responsables d’élèves, personnels, invités".to_owned(),
            "sans objet".to_owned(),
            format!(
                "reçues de l’annuaire : identité, identifiant de connexion, adresse de courriel, profils, classes, groupes, matières, fonctions, \
                 liens avec les élèves{birth} ; tenues ici : favoris, derniers services ouverts, journal des connexions et des ouvertures de services"
            ),
            "chef d’établissement, ou autorité académique pour le premier degré".to_owned(),
            "serveurs de l’exploitant de cet espace".to_owned(),
            format!(
                "compte vidé {delete} jours puis effacé {purge} jours après la fin des droits ; journal : {journal} jours"
            ),
            config.web.public_url.clone(),
        ],
        Locale::En => [
            format!("{title}: sign-in and home page"),
            "Recognise the people of the establishment and open the services they have a right to".to_owned(),
            "pupils, parents and guardians, staff, guests".to_owned(),
            "none".to_owned(),
            format!(
                "received from the directory: identity, login, mail address, profiles, classes, groups, subjects, functions, ties to pupils{birth}; \
                 kept here: favourites, services opened last, journal of sign-ins and openings"
            ),
            "head of the establishment, or the academic authority for the first degree".to_owned(),
            "servers of the operator of this workspace".to_owned(),
            format!(
                "account emptied {delete} days and erased {purge} days after entitlement ends; journal: {journal} days"
            ),
            config.web.public_url.clone(),
        ],
    }
}

/// The row of a service; none when nobody of the establishment may open it.
fn row(locale: Locale, service: &MountedService, uai: &Uai) -> Option<[String; COLUMNS]> {
    let people = concerned(&service.audience, uai)?;
    let people = pick(locale, &people.fr, &people.en);
    let identifier = identifier_words(service.identifier);
    let nothing = || pick(locale, "aucune : simple lien", "none: a plain link");
    let (identifier, data) = if service.speaks() {
        let leaving = sent(&service.release).into_iter().filter(|one| service.sends(one.name));
        let mut words: Vec<String> =
            leaving.map(|one| format!("{} : {}", one.name, pick(locale, &one.fr(), &one.en()))).collect();
        if service.tells_roster() {
            words.push(pick(locale, preau_policy::ROSTER.fr, preau_policy::ROSTER.en));
        }
        if service.keeps_grades() {
            let (fr, en) = (preau_policy::GRADES.fr, preau_policy::GRADES.en);
            words.push(format!("{} : {}", pick(locale, "notes", "marks"), pick(locale, fr, en)));
        }
        if service.tells_home() {
            words.push(pick(locale, preau_policy::HOME.fr, preau_policy::HOME.en));
        }
        let only = pick(locale, "rien d’autre que l’identifiant", "nothing but the identifier");
        let data = if words.is_empty() { only } else { words.join("\n") };
        (pick(locale, identifier.fr, identifier.en), data)
    } else {
        (pick(locale, "aucun", "none"), nothing())
    };
    let legal = &service.legal;
    Some([
        name(locale, &service.title),
        name(locale, &legal.purpose),
        people,
        identifier,
        data,
        name(locale, &legal.controller),
        name(locale, &legal.hosting),
        name(locale, &legal.retention),
        service.origins().join("\n"),
    ])
}
