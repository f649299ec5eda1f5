//! The page that maps attacks to tests names tests that exist.

use preau_tidy::Repository;

const PAGE: &str = "docs/reference/security.md";

/// The tests a text names, each with the file named before it on its line.
fn named(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut file = None;
        for span in line.split('`').skip(1).step_by(2) {
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if span.ends_with(".rs") {
                file = Some(span);
            } else if let Some(file) = file.filter(|_| span.contains('_') && span.chars().all(is_name)) {
                found.push((file, span));
            }
        }
    }
    found
}

#[test]
fn every_test_named_for_an_attack_exists() {
    let repository = Repository::here();
    let page = repository.text(PAGE);
    let named = named(&page);
    assert!(named.len() > 100, "{PAGE} names {} tests: it is read wrongly", named.len());
    let is_missing = |(file, test): &&(&str, &str)| !repository.text(file).contains(&format!("fn {test}("));
    let missing: Vec<_> = named.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{PAGE} names tests that are not there: {missing:#?}");
}
