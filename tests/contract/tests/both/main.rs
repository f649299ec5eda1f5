//! Runs every promise of the storage port on SQLite and on PostgreSQL, each case on a database of its own.
//!
//! `TEST_POSTGRES_URL` names a PostgreSQL server where schemas may be created; `tests/contract/with-postgres.sh` starts
//! one that is thrown away afterwards. Without the variable only SQLite is run, and the output says so.

mod chain;
mod opening;
mod purge;
mod statistics;
mod upgrade;

use preau_store::Store;
use preau_store_sql::{Options, open_with};
use std::path::PathBuf;
use std::sync::Arc;

/// Where one case keeps its data; opening it twice opens the same data.
struct Place {
    url: String,
    options: Options,
    folder: Option<PathBuf>,
}

impl Place {
    fn sqlite(case: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("preau-contract-{}-{case}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for one case");
        let url = format!("sqlite://{}", folder.join("preau.db").display());
        Place { url, options: Options::default(), folder: Some(folder) }
    }

    fn postgres(case: &str) -> Option<Self> {
        let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
            eprintln!("TEST_POSTGRES_URL is absent: this promise was checked on SQLite only");
            return None;
        };
        // A name of PostgreSQL has at most 63 bytes.
        let case: String = case.chars().take(40).collect();
        let schema = Some(format!("t{}_{case}", std::process::id()));
        Some(Place { url, options: Options { schema, connections: Some(8), ..Options::default() }, folder: None })
    }

    /// One place for each back end that can be reached.
    fn each(case: &str) -> Vec<Self> {
        [Some(Place::sqlite(case)), Place::postgres(case)].into_iter().flatten().collect()
    }

    async fn open(&self) -> Arc<dyn Store> {
        open_with(&self.url, &self.options).await.expect("the database opens")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// One test per back end for each promise.
macro_rules! promises {
    ($($area:ident: $($case:ident),+ $(,)?;)+) => {
        mod sqlite {
            $(mod $area { $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let place = crate::Place::sqlite(stringify!($case));
                    preau_contract::$area::$case(&*place.open().await).await;
                }
            )+ })+
        }
        mod postgres {
            $(mod $area { $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let Some(place) = crate::Place::postgres(stringify!($case)) else { return };
                    preau_contract::$area::$case(&*place.open().await).await;
                }
            )+ })+
        }
        const LISTED: &[&str] = &[$($(stringify!($case)),+),+];
    };
}

promises! {
    people:
        a_person_comes_back_whole, an_unknown_person_is_absent, names_are_compared_exactly, a_taken_name_conflicts,
        a_login_may_be_shared_between_sources, a_record_is_found_by_its_mail_address, everybody_is_met_once_page_by_page, pupils_and_parents_are_found_by_the_number_of_a_school, people_are_found_by_where_they_are, people_are_found_by_what_they_are_there, pupils_are_found_by_their_class, an_update_keeps_where_a_person_comes_from, an_update_can_conflict,
        suspending_by_hand_ends_sessions, who_is_stopped_by_hand_stays_stopped, only_local_accounts_have_a_hash, one_of_many_gets_a_login;
    establishments:
        an_establishment_comes_back_whole, several_establishments_come_in_order,
        a_thousand_establishments_are_written_at_once;
    provisioning:
        an_account_keeps_its_id, who_shares_a_login_is_named, a_thousand_people_are_written_at_once, a_conflict_refuses_the_whole_batch,
        every_record_is_written_once, the_index_is_read_in_pages, an_index_row_tells_enough,
        sessions_outlive_a_change_but_not_a_suspension, suspended_people_lose_their_sessions,
        a_suspended_person_comes_back, runs_come_latest_first, a_run_is_found_by_its_name,
        a_run_is_undone_and_then_the_one_before_it, an_undone_run_leaves_people_where_they_were_found, whom_a_run_added_is_suspended,
        an_undo_gives_nobody_more_than_they_had, establishments_are_put_back,
        what_was_before_a_run_ends_with_its_time, a_record_is_found_by_what_its_source_told,
        a_run_ends_with_what_it_leaves_for_the_next, old_runs_are_forgotten_and_whom_they_name, sources_are_those_of_people,
        an_entry_is_the_record_that_lives, names_follow_the_record;
    pairings:
        two_records_are_one_account, several_records_take_one_place, a_pair_signs_the_second_out,
        an_account_ends_with_its_last_record,
        an_account_is_stopped_whole, parting_gives_each_their_own, parting_forgets_who_they_were_found_to_be_meanwhile,
        accounts_that_are_no_pair_stay_two,
        a_record_of_several_grows_old_alone, a_further_record_is_purged_alone, a_run_is_undone_in_its_own_record,
        records_are_read_by_their_names, records_of_one_key_are_found, who_is_alike_is_found, one_of_many_pairs, many_are_paired_at_once;
    life:
        accounts_live_as_the_table_says, a_pre_deleted_person_is_a_name_and_a_key,
        a_purge_takes_everything_of_one_person, the_name_of_a_purged_account_is_burnt,
        an_undo_brings_back_nobody_who_was_purged, time_passes_in_bounds, a_clock_that_leaps_is_not_noted,
        a_first_clock_is_believed;
    sign_ins:
        a_sign_in_is_kept, an_expired_sign_in_is_absent, a_sign_in_ends_once, one_of_many_ends_a_sign_in;
    sessions:
        a_session_is_kept, a_session_ends_its_sign_in, a_session_that_cannot_begin_changes_nothing,
        one_of_many_sessions_begins, a_session_begins_with_its_proof, one_of_many_sessions_has_the_proof, the_same_person_keeps_visits_and_tickets, another_person_ends_the_session_before,
        sessions_of_a_person_come_latest_first, a_live_session_changes, visits_come_oldest_first,
        the_end_of_a_session_is_whole, one_of_many_ends_a_session, all_sessions_of_a_person_end,
        no_ticket_slips_past_the_end, what_ends_by_itself_waits_to_be_told, what_nobody_uses_is_named,
        a_session_used_meanwhile_is_not_idle, a_visit_is_noted_and_forgotten;
    tickets:
        a_ticket_is_consumed_once, a_ticket_of_another_kind_is_absent, an_expired_ticket_is_consumed_but_not_read,
        a_taken_key_conflicts, a_ticket_needs_its_session, a_visit_may_come_alone, tickets_of_one_session_are_bounded, one_of_many_consumes_a_ticket, one_of_many_issues_a_key;
    kept:
        a_document_is_kept, a_taken_key_keeps_its_document, an_expired_document_gives_its_place_up,
        a_document_is_taken_once, a_document_is_replaced_by_who_read_it, a_document_is_bounded, documents_of_a_kind_are_listed, one_of_many_keeps_a_key,
        one_of_many_takes_a_document, one_of_many_replaces_a_document;
    grants:
        a_refresh_token_stands_in_its_family, a_second_refresh_token_has_a_row, one_of_many_succeeds_in_a_family,
        a_token_comes_back_whole, tokens_are_kept_together_or_not_at_all, a_token_needs_its_session,
        a_family_is_one_persons, tokens_fall_with_their_session, tokens_follow_a_session_that_goes_on,
        a_suspended_person_loses_tokens, a_new_password_takes_tokens_back, a_token_is_revoked, a_family_is_revoked, a_refresh_token_rotates,
        a_reused_refresh_token_revokes_its_family, a_rotation_that_conflicts_changes_nothing,
        one_of_many_rotates_and_the_others_revoke, nothing_slips_past_a_revocation, a_buried_family_stays_empty,
        no_token_slips_past_the_end;
    signing_keys:
        a_signing_key_comes_back_whole, a_signing_key_is_named_once, a_signing_key_is_removed;
    federation:
        an_identity_opens_accounts, a_link_is_made_once, a_link_is_removed, a_session_owes_to_its_provider,
        sessions_of_a_provider_are_found_page_by_page,
        a_session_that_goes_on_still_owes, what_a_session_owes_begins_with_it, one_of_many_makes_a_link;
    registrations:
        a_registration_comes_back_whole, a_registration_is_named_once, a_registration_is_replaced,
        a_registration_is_put_in_the_place_of_another,
        a_registration_is_removed, registrations_come_latest_first, one_of_many_registers_a_name,
        openings_are_told_by_their_changes, no_change_of_an_opening_is_passed_over;
    hosting:
        a_convention_is_replaced_by_who_read_it, a_pair_of_schools_is_kept, a_space_is_found_by_its_groups,
        a_guest_is_in_their_spaces_alone, nobody_comes_in_without_a_convention_in_force, there_are_never_more_guests_than_the_quota,
        a_list_is_taken_back, guests_end_with_their_sessions, guests_come_due, a_guest_is_renewed, who_was_a_guest_comes_back_the_same,
        what_is_known_of_a_guest_goes_with_them, a_guest_becomes_a_pupil_of_ours, a_pupil_of_ours_is_no_guest_again,
        what_is_stopped_stays_so, a_changed_space_keeps_whom_it_names, two_conventions_make_one_guest, a_list_is_taken_in_once,
        the_spaces_of_an_establishment_are_found, an_end_that_comes_near_is_reminded_of_once, a_list_that_was_taken_back_before_it_came_stays_out,
        stops_and_lists_at_once_all_come_to_their_end, guests_whose_time_became_shorter_come_due, whom_somebody_stopped_stays_out,
        a_stop_outlasts_the_account, a_convention_is_stopped_at_one_school, a_stop_and_a_list_at_once_leave_nobody_in,
        guests_of_several_spaces_are_read_at_once, the_ecoles_of_a_sector_are_found;
    guest_stops:
        a_stop_of_a_convention_lasts_as_long_as_it, a_stop_that_is_said_again_begins_anew, a_stop_and_a_new_convention_at_once_leave_nobody_in,
        a_space_moves_to_no_other_establishment, a_class_of_two_names_is_in_both_spaces, a_list_of_several_classes_keeps_nobody_by_the_first,
        so_many_lists_of_a_space_come_within_a_day, who_lifted_a_stop_is_known_for_a_while, stops_are_read_in_pages, a_written_list_wants_a_yes,
        a_school_reads_its_conventions_alone, a_school_reads_the_conventions_of_its_ecoles;
    arrivals:
        who_was_a_guest_is_found_by_their_host, a_page_ends_between_two_conventions_of_one_guest, two_who_were_told_apart_are_not_converted,
        a_record_that_was_told_apart_stays_so_in_its_account, a_no_outlives_the_account_it_was_said_of, one_of_many_converts_a_guest;
    inspections:
        an_inspection_is_found_from_every_side, one_of_many_grants_an_inspection, an_inspection_ends_before_its_time_with_its_sessions,
        the_letter_of_an_inspection_goes_with_it, inspections_come_due_once, inspections_are_forgotten_with_their_people, whoever_comes_is_known_in_one_reading;
    marks:
        the_latest_mark_of_a_person_stays, a_column_has_so_many_people, marks_are_read_in_pages, a_mark_that_names_nobody_is_named_once,
        marks_go_with_their_person;
    shortcuts:
        a_language_is_one_persons,
        a_favourite_is_kept_where_it_was_marked, favourites_are_bounded, the_last_few_services_are_remembered,
        what_is_at_hand_is_forgotten_with_the_person;
    factors:
        a_factor_is_one_persons, factors_are_bounded, a_counter_is_moved_once, a_question_is_answered_by_one_use, a_factor_is_renamed_and_removed_by_its_person, all_factors_of_a_person_are_forgotten,
        passkeys_are_counted_by_their_domain, the_last_factor_remains, codes_are_replaced_together;
    activations:
        a_code_is_one_persons, whoever_is_provided_is_found, a_code_gives_a_password_once, a_login_is_one_persons, a_code_begins_anew, one_of_many_uses_a_code,
        a_code_begins_anew_for_every_record, a_record_brings_code_and_password_along, a_changed_password_is_the_only_one,
        a_mailed_code_replaces_a_password, one_of_many_uses_a_mailed_code,
        a_date_of_birth_is_kept_as_its_source_told_it, wrong_dates_end_a_code, many_dates_at_once_are_counted_apart,
        a_charte_is_accepted_by_its_version;
    cards:
        a_card_is_one_persons, a_card_opens_in_a_lesson, wrong_pictures_stop_a_card, a_card_is_taken_back_and_given_again,
        many_who_guess_are_heard_three_times, sessions_of_cards_are_those_in_use, a_sheet_is_made_while_a_lesson_ends;
    outbox:
        every_end_leaves_its_notices, a_notice_is_taken_until_it_is_settled, a_refused_notice_is_not_taken_again, notices_are_shared_out_by_service,
        who_is_put_out_is_out_everywhere,
        one_of_many_takes_a_notice, notices_are_bounded, notices_grow_old;
    letters:
        a_letter_is_taken_until_it_is_settled, a_letter_is_written_once, requests_are_bounded, what_is_urgent_is_taken_first,
        a_request_is_answered_in_one_stroke, one_of_many_answers_a_request, one_of_many_takes_a_letter, waiting_letters_are_counted;
    throttle:
        attempts_wait_longer_and_longer, parallel_attempts_do_not_outrun_the_count, a_counter_is_forgotten,
        an_attempt_is_taken_back, taking_back_keeps_the_delay_before, what_is_counted_is_known, begun_attempts_count_at_once,
        a_begun_attempt_is_taken_back,
        a_begun_attempt_forgives,
        a_device_is_known_for_180_days;
    audit:
        events_of_a_request_come_in_order, an_event_comes_before_the_next_write, an_event_outlives_a_conflict,
        events_about_a_person_come_latest_first, many_events_are_written_together;
    operations:
        a_sweep_takes_what_expired, a_sweep_takes_documents_and_tokens, a_sweep_takes_registrations,
        a_sweep_takes_counters_and_events, a_sweep_is_bounded, a_healthy_store_says_so,
        a_lease_has_one_holder, one_of_many_gets_a_lease, contended_writers_all_succeed;
}

/// A promise that is written but not listed above would never be checked.
#[test]
fn every_promise_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.ends_with("fixture.rs") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
            let name = rest.split('(').next().unwrap();
            assert!(LISTED.contains(&name), "{} is not listed", name);
        }
    }
}
