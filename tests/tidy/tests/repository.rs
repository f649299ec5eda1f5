//! Every check, on this repository.

use preau_tidy::{Repository, crates, data, documents, sources};

fn passes(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n  {}\n", problems.join("\n  "));
}

#[test]
fn crates_use_only_what_the_plan_lets_them() {
    passes(crates::edges(&Repository::here()));
}

#[test]
fn crates_of_others_stay_where_the_plan_puts_them() {
    passes(crates::reserved(&Repository::here()));
}

#[test]
fn the_lock_of_what_ships_names_no_openssl() {
    passes(crates::locked(&Repository::here()));
}

#[test]
fn the_lock_of_the_second_opinion_knows_what_our_crates_need() {
    passes(crates::second_lock(&Repository::here()));
}

#[test]
fn domain_and_policy_are_pure() {
    passes(crates::purity(&Repository::here()));
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    passes(crates::inheritance(&Repository::here()));
}

#[test]
fn one_version_of_each_thing() {
    passes(crates::versions(&Repository::here()));
}

#[test]
fn no_file_is_too_long() {
    let repository = Repository::here();
    for (path, lines) in sources::long(&repository, sources::SOFT) {
        println!("note: {path} has {lines} lines");
    }
    passes(sources::lengths(&repository));
}

#[test]
fn every_module_has_a_name_that_says_what_it_owns() {
    passes(sources::names(&Repository::here()));
}

#[test]
fn every_module_opens_with_what_it_owns() {
    passes(sources::openings(&Repository::here()));
}

#[test]
fn nothing_is_left_unfinished_without_an_owner() {
    passes(sources::unfinished(&Repository::here()));
}

#[test]
fn no_test_is_switched_off_and_no_story_waits() {
    passes(sources::tests(&Repository::here()));
}

#[test]
fn every_story_is_short() {
    passes(sources::stories(&Repository::here()));
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    passes(sources::silenced(&Repository::here()));
}

#[test]
fn both_databases_have_the_same_schema_files() {
    passes(data::schemas(&Repository::here()));
}

#[test]
fn every_service_of_the_catalogue_is_complete() {
    passes(data::catalogue(&Repository::here()));
}

#[test]
fn every_development_key_carries_its_mark() {
    passes(data::development_keys(&Repository::here()));
}

#[test]
fn no_private_key_lies_elsewhere() {
    passes(data::stray_keys(&Repository::here()));
}

#[test]
fn the_documents_a_newcomer_counts_on_are_there() {
    passes(documents::present(&Repository::here()));
}

#[test]
fn the_map_is_short_and_true() {
    passes(documents::map(&Repository::here()));
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    passes(documents::links(&Repository::here()));
}

#[test]
fn every_page_is_found_from_its_folder() {
    passes(documents::indexes(&Repository::here()));
}

#[test]
fn the_front_page_says_the_same_in_both_languages() {
    passes(documents::front_pages(&Repository::here()));
}

#[test]
fn the_front_page_counts_the_products() {
    passes(documents::products(&Repository::here()));
}
