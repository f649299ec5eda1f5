//! The two languages of the house. Texts live in `locales/*.ftl`; French is the reference, a test checks that English
//! says everything French says.

mod elision;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use http::{HeaderMap, header};
use std::collections::HashMap;
use std::fmt;

/// A language people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Locale {
    /// French, unless asked otherwise.
    Fr,
    /// English.
    En,
}

impl Locale {
    /// Every language.
    pub const ALL: [Locale; 2] = [Locale::Fr, Locale::En];

    /// BCP 47 code.
    pub fn code(self) -> &'static str {
        match self {
            Locale::Fr => "fr",
            Locale::En => "en",
        }
    }

    /// The language of that code.
    pub fn read(code: &str) -> Option<Locale> {
        Locale::ALL.into_iter().find(|l| l.code() == code)
    }

    /// The language a person chose by the link of a page, to be remembered.
    pub fn asked(query: &str) -> Option<Locale> {
        query.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Locale::read)
    }

    /// The language of a request: `?lang=`, the person's choice in a cookie, `Accept-Language`, French.
    pub fn of_request(headers: &HeaderMap, query: &str, cookie: Option<&str>) -> Locale {
        Locale::asked(query)
            .or_else(|| cookie.and_then(Locale::read))
            .or_else(|| accepted(headers))
            .unwrap_or(Locale::Fr)
    }
}

fn accepted(headers: &HeaderMap) -> Option<Locale> {
    let line = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Locale)> = None;
    for part in line.split(',').take(20) {
        let mut pieces = part.trim().split(';');
        let tag = pieces.next().unwrap_or_default().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight = pieces.find_map(|p| p.trim().strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if let Some(locale) = Locale::read(&tag)
            && weight > 0.0
            && best.is_none_or(|(w, _)| weight > w)
        {
            best = Some((weight, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Every text, loaded once.
pub struct Texts {
    fr: Language,
    en: Language,
}

struct Language {
    bundle: FluentBundle<FluentResource>,
    /// The texts without parameters, as they are shown: a page has some twenty of them.
    plain: HashMap<&'static str, String>,
}

const FR: &str = include_str!("../locales/fr.ftl");
const EN: &str = include_str!("../locales/en.ftl");

impl Texts {
    /// Reads the embedded texts. A text that cannot be read is shown as its key; a test checks that there is none.
    pub fn load() -> Texts {
        Texts { fr: Language::load(Locale::Fr, FR), en: Language::load(Locale::En, EN) }
    }

    /// A text without parameters.
    pub fn text(&self, locale: Locale, key: &str) -> String {
        let language = self.language(locale);
        language.plain.get(key).cloned().unwrap_or_else(|| language.format(key, None))
    }

    /// A text with parameters.
    pub fn with(&self, locale: Locale, key: &str, parameters: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in parameters {
            args.set((*name).to_owned(), FluentValue::from((*value).to_owned()));
        }
        self.language(locale).format(key, Some(&args))
    }

    /// A text that depends on a number, under the name `count`.
    pub fn count(&self, locale: Locale, key: &str, count: usize) -> String {
        let mut args = FluentArgs::new();
        args.set("count", FluentValue::from(count as f64));
        self.language(locale).format(key, Some(&args))
    }

    fn language(&self, locale: Locale) -> &Language {
        match locale {
            Locale::Fr => &self.fr,
            Locale::En => &self.en,
        }
    }
}

impl Language {
    fn load(locale: Locale, source: &'static str) -> Language {
        let bundle = bundle(locale, source);
        let plain = keys(source).filter_map(|key| {
            let mut errors = Vec::new();
            let text = bundle.format_pattern(bundle.get_message(key)?.value()?, None, &mut errors).into_owned();
            errors.is_empty().then_some((key, text))
        });
        let plain = plain.collect();
        Language { bundle, plain }
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|m| m.value()) else {
            tracing::error!(key, "text missing");
            return key.to_owned();
        };
        self.bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned()
    }
}

/// The keys of a file of texts, in its order.
fn keys(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()));
    lines.filter_map(|line| line.split_once(" =")).map(|(key, _)| key.trim())
}

/// What texts call `DE`.
fn de<'a>(values: &[FluentValue<'a>], _: &FluentArgs<'_>) -> FluentValue<'a> {
    match values {
        [FluentValue::String(name)] => FluentValue::from(elision::de(name)),
        _ => FluentValue::Error,
    }
}

fn bundle(locale: Locale, source: &str) -> FluentBundle<FluentResource> {
    let language: unic_langid::LanguageIdentifier = locale.code().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // The isolation marks would show in page titles and in tests of what a person reads.
    bundle.set_use_isolating(false);
    if bundle.add_function("DE", de).is_err() {
        tracing::error!(locale = %locale, "a function is defined twice");
    }
    let resource = match FluentResource::try_new(source.to_owned()) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            tracing::error!(locale = %locale, errors = errors.len(), "texts unreadable");
            resource
        }
    };
    if bundle.add_resource(resource).is_err() {
        tracing::error!(locale = %locale, "a text is defined twice");
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(source: &str) -> Vec<&str> {
        let mut keys: Vec<&str> = keys(source).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn english_says_everything_french_says() {
        assert!(FluentResource::try_new(FR.to_owned()).is_ok() && FluentResource::try_new(EN.to_owned()).is_ok());
        assert_eq!(sorted(FR), sorted(EN));
        let mut unique = sorted(FR);
        unique.dedup();
        assert_eq!(unique, sorted(FR), "a key is defined twice");
    }

    #[test]
    fn a_text_with_parameters_is_not_taken_for_one_without() {
        let texts = Texts::load();
        assert!(texts.fr.plain.contains_key("choose-title") && !texts.fr.plain.contains_key("choose-purpose"));
        let parameters = [("workspace", "Préau")];
        assert!(texts.with(Locale::Fr, "choose-purpose", &parameters).contains("Préau"));
    }

    #[test]
    fn a_name_is_elided_where_a_text_says_so() {
        let said = |child| Texts::load().with(Locale::Fr, "sheet-parent-of", &[("child", child)]);
        assert_eq!(
            (said("Alice M."), said("Noé P.")),
            ("Responsable d’Alice M.".into(), "Responsable de Noé P.".into())
        );
    }

    #[test]
    fn a_request_chooses_its_language() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "de, en;q=0.8, fr;q=0.7".parse().unwrap());
        assert_eq!(Locale::of_request(&headers, "", None), Locale::En);
        assert_eq!(Locale::of_request(&headers, "lang=fr", None), Locale::Fr);
        assert_eq!(Locale::of_request(&HeaderMap::new(), "", None), Locale::Fr);
        assert_eq!(Locale::of_request(&HeaderMap::new(), "", Some("en")), Locale::En);
    }
}
