//! What every driver promises. One list of tests, run on each driver.

mod cases;
mod keep;
mod log;
mod outbox;
mod view;

use portcullis_store::{Fault, Memory, Store};

macro_rules! contract {
    ($($topic:ident :: $test:ident),* $(,)?) => {
        contract!(memory, |check: fn(&Store)| check(&Store::memory()), $($topic :: $test),*);
        contract!(faultless_fault, |check: fn(&Store)| check(&Store::new(Fault::new(Memory::default()))),
            $($topic :: $test),*);
        contract!(sqlite, |check: fn(&Store)| {
            let folder = tempfile::tempdir().unwrap();
            check(&Store::sqlite(&folder.path().join("store.db")).unwrap());
        }, $($topic :: $test),*);
    };
    ($driver:ident, $on:expr, $($topic:ident :: $test:ident),*) => {
        mod $driver {
            use super::*;
            $(#[test] fn $test() { $on(super::$topic::$test); })*
        }
    };
}

contract! {
    cases::a_case_is_given_back_as_it_was_committed,
    cases::a_commit_on_another_version_is_a_conflict_and_changes_nothing,
    cases::statements_stay_in_the_order_of_arrival,
    cases::a_digest_or_a_number_twice_is_a_duplicate,
    cases::a_refused_commit_leaves_nothing_behind_and_its_neighbours_stand,
    cases::leaves_and_proofs_are_for_statements_of_the_case,
    cases::the_first_proof_stays,
    cases::erasing_keeps_the_tombstones_the_leaves_and_what_is_new,
    cases::instants_are_kept_in_whole_microseconds,
    outbox::the_first_pending_delivery_of_each_case_has_its_turn,
    outbox::a_postponed_delivery_holds_back_its_case_but_no_other,
    outbox::what_is_turned_down_stays_listed_and_lets_the_next_pass,
    outbox::settling_twice_changes_nothing,
    outbox::peers_and_the_next_instant_are_told,
    outbox::refusals_at_the_door_are_a_ring,
    log::a_log_grows_and_its_batches_wait_until_published,
    log::a_log_never_shrinks_nor_forks,
    log::queued_leaves_can_be_made_anew,
    log::a_statement_outside_cases_has_one_leaf_and_no_case,
    log::placed_leaves_leave_the_queue_once,
    log::an_append_that_places_an_unknown_leaf_does_nothing,
    log::a_fresh_checkpoint_for_the_same_tree_is_kept,
    log::a_closed_log_takes_no_more,
    log::the_cosigned_note_never_goes_back_nor_beyond,
    log::statements_are_provable_once_all_their_leaves_are_cosigned,
    log::a_statement_across_two_logs_waits_for_both,
    keep::a_witness_moves_on_from_what_it_saw,
    keep::every_version_of_a_register_is_kept_even_of_one_number,
    keep::a_late_proof_joins_its_register,
    keep::the_first_promise_stays,
    keep::words_are_kept_and_overwritten,
    keep::a_lease_has_one_holder_until_it_ends,
    keep::changes_move_with_every_write_and_only_then,
    view::the_queue_of_an_empty_store_is_an_empty_page,
    view::the_queue_is_ordered_by_timer_then_case_with_no_timer_last,
    view::pages_follow_each_other_through_ties,
    view::urgent_cases_come_first_if_asked,
    view::filters_by_phase_and_peer_hold_on_every_page,
    view::a_page_goes_on_after_its_cursor_whatever_was_written_since,
    view::due_cases_are_told_the_longest_due_first,
    view::phases_are_counted_and_empty_ones_are_not_listed,
}
