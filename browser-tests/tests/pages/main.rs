//! Browser tests of the shop's pages: accessibility, layout, keyboard use, weight and latency.

mod accessibility;
mod accounts;
mod checkout;
mod colour_contrast;
mod interaction_latency;
mod internationalisation;
mod keyboard;
mod layout;
mod lighthouse;
mod listing_and_search;
mod mails;
mod page_weight;
mod side_effects;
mod slips;

use browser_tests::walkthrough;
