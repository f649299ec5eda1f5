//! Every page, in both languages, over invented people: complete, safe, small, and sound for those who hear it or walk
//! it by keyboard. The pages are also written to `target/pages`, to be looked at.

mod activated;
mod cards;
mod runs;
pub(crate) mod samples;
mod sharing;

use super::*;
use samples::{Drawn, draw_all, services, somebody};
use scraper::{Html, Selector};
use std::collections::HashSet;
use std::path::Path;

fn every_page() -> Vec<Drawn> {
    Locale::ALL.into_iter().flat_map(draw_all).collect()
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn texts_of(page: &Html, what: &str) -> Vec<String> {
    let words =
        |e: scraper::ElementRef<'_>| e.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    page.select(&selector(what)).map(words).collect()
}

#[test]
fn every_page_can_be_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    for part in ["assets", "icons"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    for page in every_page() {
        std::fs::write(folder.join(format!("{}.{}.html", page.name, page.locale)), &page.html).unwrap();
    }
    for (path, content) in [
        (assets::STYLE.path(), include_str!("../../assets/preau.css")),
        (assets::SCRIPT.path(), include_str!("../../assets/preau.js")),
        (assets::PASSKEYS.path(), include_str!("../../assets/passkeys.js")),
        ("/favicon.svg", include_str!("../../assets/favicon.svg")),
    ] {
        std::fs::write(folder.join(path.trim_start_matches('/')), content).unwrap();
    }
    for door in services().all() {
        std::fs::write(folder.join(format!("icons/{}.svg", door.service.id)), assets::coloured(door)).unwrap();
    }
}

fn sentences(locale: Locale) -> impl Iterator<Item = &'static str> {
    let source = match locale {
        Locale::Fr => include_str!("../../locales/fr.ftl"),
        Locale::En => include_str!("../../locales/en.ftl"),
    };
    source.lines().filter_map(|line| line.split_once(" = ")).map(|(_, sentence)| sentence)
}

#[test]
fn no_page_shows_the_key_of_a_missing_text() {
    let keys: HashSet<&str> = include_str!("../../locales/fr.ftl")
        .lines()
        .filter_map(|line| line.split_once(" ="))
        .filter_map(|(key, _)| key.split('-').next())
        .filter(|stem| !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_lowercase()))
        .collect();
    for page in every_page() {
        let parsed = Html::parse_document(&page.html);
        let mut words: Vec<String> = texts_of(&parsed, "title, body");
        let attributes = ["placeholder", "aria-label", "data-one", "data-many", "data-none", "data-reveal"];
        for name in attributes {
            let bearing = selector(&format!("[{name}]"));
            let found = parsed.select(&bearing).filter_map(|e| e.value().attr(name));
            words.extend(found.map(str::to_owned));
        }
        for word in words.iter().flat_map(|text| text.split_whitespace()) {
            let stem = word.split('-').next().unwrap_or_default();
            let like_a_key = word.contains('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            // A word such as `sign-in` is in a sentence of the language; a missing key is in none.
            let said = || sentences(page.locale).any(|sentence| sentence.split_whitespace().any(|w| w == word));
            assert!(!(like_a_key && keys.contains(stem)) || said(), "{} in {}: {word}", page.name, page.locale);
            assert!(!word.contains('{'), "{} in {}: {word}", page.name, page.locale);
        }
    }
}

#[test]
fn every_page_is_sound_for_those_who_hear_it() {
    let mut titles: HashSet<(Locale, String)> = HashSet::new();
    for page in every_page() {
        let (at, parsed) = (format!("{} in {}", page.name, page.locale), Html::parse_document(&page.html));
        assert_eq!(parsed.root_element().value().attr("lang"), Some(page.locale.code()), "{at}");
        assert!(page.html.starts_with("<!doctype html>"), "{at}");
        let title = texts_of(&parsed, "title").remove(0);
        assert!(title.contains(" – "), "{at}: {title}");
        titles.insert((page.locale, title));
        for landmark in ["header", "main", "footer", "h1", "a.skip[href='#main']"] {
            assert_eq!(parsed.select(&selector(landmark)).count(), 1, "{at}: {landmark}");
        }
        let levels: Vec<u8> =
            parsed.select(&selector("h1, h2, h3, h4, h5, h6")).map(|e| e.value().name().as_bytes()[1] - b'0').collect();
        assert_eq!(levels.first(), Some(&1), "{at}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{at}: {levels:?}");
        let ids: Vec<&str> = parsed.select(&selector("[id]")).filter_map(|e| e.value().id()).collect();
        let unique: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{at}: {ids:?}");
        for (which, attribute) in [
            ("label", "for"),
            ("[aria-describedby]", "aria-describedby"),
            ("section[aria-labelledby]", "aria-labelledby"),
        ] {
            for element in parsed.select(&selector(which)) {
                for target in element.value().attr(attribute).unwrap_or_default().split_whitespace() {
                    assert!(unique.contains(target), "{at}: nothing is called {target}");
                }
            }
        }
        for field in parsed.select(&selector("input:not([type=hidden]), select")) {
            let id = field.value().id().unwrap();
            assert_eq!(parsed.select(&selector(&format!("label[for={id}]"))).count(), 1, "{at}: {id}");
        }
        for button in parsed.select(&selector("button, a")) {
            assert!(!button.text().collect::<String>().trim().is_empty(), "{at}: {}", button.html());
        }
        for image in parsed.select(&selector("img")) {
            assert_eq!(image.value().attr("alt"), Some(""), "{at}: icons are decorative");
        }
        for drawing in parsed.select(&selector("svg")) {
            assert_eq!(drawing.value().attr("aria-hidden"), Some("true"), "{at}");
        }
    }
    assert!(titles.len() > 40, "pages tell themselves apart by their titles: {}", titles.len());
}

#[test]
fn no_page_needs_more_than_the_policy_of_content_gives() {
    for page in every_page() {
        let (at, parsed) = (format!("{} in {}", page.name, page.locale), Html::parse_document(&page.html));
        assert_eq!(parsed.select(&selector("[style], style, script:not([src]), object, embed")).count(), 0, "{at}");
        // Frames tell services of a sign-out, and one form carries an answer to a service: each has its own policy.
        let framed = page.name == "leaving" || page.name == "signed-out-frames";
        assert!(framed || parsed.select(&selector("iframe")).next().is_none(), "{at}");
        if page.name.starts_with("posting") {
            continue;
        }
        for script in parsed.select(&selector("script")) {
            let ours = [assets::SCRIPT.path(), assets::PASSKEYS.path()];
            assert!(script.value().attr("src").is_some_and(|src| ours.contains(&src)), "{at}");
        }
        for element in parsed.select(&selector("*")) {
            assert!(element.value().attrs().all(|(name, _)| !name.starts_with("on")), "{at}: {}", element.html());
        }
        for linked in parsed.select(&selector("img, script, link[rel=stylesheet], link[rel=icon], form")) {
            let value = linked.value();
            let to = value.attr("src").or(value.attr("href")).or(value.attr("action")).unwrap_or_default();
            assert!(to.starts_with('/') && !to.starts_with("//"), "{at}: {to}");
        }
        // Behind the forms of sandboxes is nothing of anybody's: whoever finds one may send it.
        let is_guarded = |form: &scraper::ElementRef<'_>| {
            let to = form.value().attr("action").unwrap_or_default();
            to != "/bench/register" && !to.contains("/sandbox/")
        };
        for form in parsed.select(&selector("form[method=post]")).filter(is_guarded) {
            assert_eq!(form.select(&selector("input[type=hidden][name=token]")).count(), 1, "{at}: {}", form.html());
        }
    }
}

#[test]
fn a_whole_page_is_at_most_fifty_kilobytes() {
    let shared: usize = [
        include_str!("../../assets/preau.css"),
        include_str!("../../assets/preau.js"),
        include_str!("../../assets/favicon.svg"),
    ]
    .iter()
    .map(|content| content.len())
    .sum();
    let icons: usize = services().all().iter().map(|door| assets::coloured(door).len()).sum();
    for page in every_page() {
        let size = shared + icons + page.html.len();
        assert!(size <= 50 * 1024, "{} in {}: {size} bytes", page.name, page.locale);
    }
}

#[test]
fn what_comes_from_outside_stays_text() {
    let (texts, config) = (Texts::load(), WebConfig::default());
    let hostile = "\"><img src=x onerror=alert(1)>{$x}&amp;'";
    for locale in Locale::ALL {
        let page = || Page::of(&texts, &config, locale);
        let form = PasswordPage {
            pending_id: hostile,
            carried: Some("1abc".into()),
            form_token: hostile,
            public: Public::Staff,
            login: hostile,
            problem: Some("problem-credentials"),
            wait_seconds: None,
            service_title: Some(hostile),
            passkey: None,
        };
        let mut fault = Fault::new(FaultKind::Refused, hostile);
        fault.service = Some((hostile.into(), hostile.into()));
        let live = somebody(hostile, hostile, hostile, &[(990_001, preau_domain::Profile::Teacher)]);
        let drawn = [
            ("password", Password::new(page(), form, Vec::new()).render().unwrap()),
            ("choose", ChoosePublic::new(page(), hostile, Some(hostile), |_| None).render().unwrap()),
            ("fault", FaultPage::new(page(), &fault, hostile).render().unwrap()),
            ("home", samples::home(page(), &services(), &live, hostile).render().unwrap()),
        ];
        for (name, html) in drawn {
            let parsed = Html::parse_document(&html);
            assert_eq!(parsed.select(&selector("img[src=x], [onerror]")).count(), 0, "{name}");
            // The control: the text is there, whole, as text or as a value.
            let seen = texts_of(&parsed, "body").concat().contains(hostile);
            let typed = parsed
                .select(&selector("input"))
                .any(|e| e.value().attr("value").is_some_and(|v| v.contains(hostile.trim())));
            assert!(seen || typed, "{name}");
        }
    }
}

#[test]
fn only_an_address_of_the_web_or_a_mailbox_is_a_help_link() {
    let texts = Texts::load();
    for (url, shown) in [
        ("https://aide.example/", true),
        ("mailto:aide@ent.example", true),
        ("javascript:alert(1)", false),
        ("data:x", false),
    ] {
        let config = WebConfig { help_url: Some(url.into()), ..WebConfig::default() };
        assert_eq!(Page::of(&texts, &config, Locale::Fr).help().is_some(), shown, "{url}");
    }
}

#[test]
fn a_search_finds_without_case_accents_or_order() {
    let (texts, config, table) = (Texts::load(), WebConfig::default(), services());
    let live = somebody("Ana", "Roussel", "Mme", &[(990_001, preau_domain::Profile::Teacher)]);
    let found = |search: &str| -> Vec<String> {
        let html = samples::home(Page::of(&texts, &config, Locale::Fr), &table, &live, search).render().unwrap();
        texts_of(&Html::parse_document(&html), "section:not([hidden]) li:not([hidden]) strong")
    };
    assert_eq!(found("MOODLE"), ["Moodle"]);
    assert_eq!(found("  temps emploi "), ["Emploi du temps"]);
    assert_eq!(found("VIE scolaire"), ["Emploi du temps", "Notes et absences"]);
    assert_eq!(found("évaluations devoirs"), found("evaluations DEVOIRS"));
    assert_eq!(found("trottinette"), [""; 0]);
    assert_eq!(found("").len(), 10);
    let long = format!("{} trottinette", "moodle ".repeat(20));
    assert_eq!(found(&long), ["Moodle"], "what lies beyond the bound is not read");
}

#[test]
fn the_page_in_the_other_language_is_one_link_away() {
    let (texts, config, table) = (Texts::load(), WebConfig::default(), services());
    let live = somebody("Ana", "Roussel", "Mme", &[(990_001, preau_domain::Profile::Teacher)]);
    let html = samples::home(Page::of(&texts, &config, Locale::Fr), &table, &live, "a&b é").render().unwrap();
    let parsed = Html::parse_document(&html);
    let link = parsed.select(&selector("a.language")).next().unwrap();
    assert_eq!(link.value().attr("href"), Some("/?q=a%26b+%C3%A9&lang=en"));
    assert_eq!((link.value().attr("lang"), link.text().collect::<String>().as_str()), (Some("en"), "English"));
}

#[test]
fn french_is_set_as_french_is() {
    for line in include_str!("../../locales/fr.ftl").lines().filter(|line| !line.starts_with('#')) {
        let text = line.split_once(" = ").map_or(line, |(_, text)| text);
        for sign in [':', ';', '!', '?', '»'] {
            for (at, _) in text.match_indices(sign) {
                assert!(text[..at].ends_with('\u{a0}'), "before {sign}: {line}");
            }
        }
        assert!(!text.contains("« ") && !text.contains("..."), "{line}");
        assert!(!text.contains('\''), "a straight apostrophe: {line}");
    }
}

#[test]
fn an_icon_takes_the_colour_of_its_category_once() {
    let table = services();
    for door in table.all() {
        let svg = assets::coloured(door);
        assert_eq!(svg.matches(" color=").count(), usize::from(door.icon.contains("currentColor")), "{svg}");
        let own = crate::Door::new(preau_connector_api::MountedService { icon: svg.clone(), ..(**door).clone() });
        assert_eq!(assets::coloured(&own), svg, "a drawing with colours of its own is left alone");
    }
    assert!(table.all().iter().any(|door| !door.icon.contains("currentColor")));
}

/// The relative luminance of `#rrggbb` (WCAG 2.2, "relative luminance").
fn luminance(colour: &str) -> f64 {
    let digits = colour.trim_start_matches('#');
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}

#[test]
fn colours_have_the_contrast_they_need_in_light_and_dark() {
    let style = include_str!("../../assets/preau.css");
    let sets: Vec<&str> = style.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(sets.len(), 2, "one light, one dark");
    for set in sets {
        let colour = |name: &str| {
            let rest = set.split(&format!("--{name}: ")).nth(1).unwrap_or_else(|| panic!("no colour {name}"));
            luminance(rest.split(';').next().unwrap())
        };
        let ratio = |a: &str, b: &str| {
            let (a, b) = (colour(a), colour(b));
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        for ground in ["paper", "surface", "band", "wash"] {
            for text in ["ink", "soft", "pine", "pine-deep"] {
                assert!(ratio(text, ground) >= 5.0, "{text} on {ground}: {:.2}", ratio(text, ground));
            }
        }
        for (text, ground) in
            [("on-pine", "pine"), ("on-pine", "pine-deep"), ("ink", "alert-wash"), ("alert", "alert-wash")]
        {
            assert!(ratio(text, ground) >= 5.0, "{text} on {ground}: {:.2}", ratio(text, ground));
        }
        for ground in ["paper", "surface", "band", "wash"] {
            for edge in ["line", "focus"] {
                assert!(ratio(edge, ground) >= 3.0, "{edge} on {ground}: {:.2}", ratio(edge, ground));
            }
        }
    }
}

#[test]
fn an_instant_is_written_as_people_read_it() {
    let instants = [Instant(1_788_000_000_123), Instant(1_801_440_300_000)];
    let (texts, config) = (Texts::load(), WebConfig::default());
    let said = |locale| instants.map(|at| Page::of(&texts, &config, locale).moment(at));
    assert_eq!(said(Locale::Fr), ["29 août 2026 à 12 h 40", "1er février 2027 à 01 h 05"]);
    assert_eq!(said(Locale::En), ["29 August 2026 at 12:40", "1 February 2027 at 01:05"]);
}

#[test]
fn what_means_something_in_html_means_nothing_in_a_field() {
    let (texts, config) = (Texts::load(), WebConfig::default());
    for written in ["+/=.", "a\"b", "a<b", "a>b", "a'b", "a&lt;b", "é\"><script>"] {
        let fields = [("SAMLResponse", written.to_owned())];
        let page = Page::of(&texts, &config, Locale::Fr);
        let html = farewell::Posting::new(page, "https://app.example/", &fields, "posting").render().unwrap();
        let parsed = Html::parse_document(&html);
        let field = parsed.select(&selector("input")).next().unwrap();
        assert_eq!(field.value().attr("value"), Some(written));
        assert_eq!(parsed.select(&selector("script")).count(), 1, "{html}");
        let special = ['&', '<', '>', '"', '\''];
        assert_eq!(html.contains(written), !written.contains(special), "{html}");
    }
}
