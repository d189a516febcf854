//! Retired names: words of our own that a standard term of the field has replaced, each with that term.
//!
//! The list is independent of the glossary, whose right column holds words that are easily confused with a term. A name
//! enters this list when a rename has removed it from the repository, so that it cannot come back. Ordinary English words
//! are retired as names only, by the narrowest table that does it.

/// A retired name and the standard term for it.
pub(crate) type Entry = (&'static str, &'static str);

/// Words that fail everywhere: in code, comments, strings, documents and manifests. Several words stand for that sequence
/// in any spelling (`keep_house`, `KeepHouse`, `keep house`).
pub(crate) const TEXT: &[Entry] = &[
    ("diaries", "progress logs"),
    ("diary", "progress log"),
    ("forgetful", "in_memory"),
    ("hop layer", "request_layer"),
    ("keep house", "maintain"),
    ("keeps house", "maintains"),
    ("premises", "OfflineContext"),
    ("surveyor", "EventVisitor"),
    ("surveyors", "EventVisitor"),
    ("tormentor", "fault injector"),
    ("upkeep", "maintenance"),
    ("warden", "process guard"),
];

/// Words that fail as a part of any identifier in Rust code and in code spans of documents and comments; prose may use
/// them, and so may the names of test functions, which are sentences.
pub(crate) const IDENTIFIERS: &[Entry] = &[
    ("deed", "action, operation"),
    ("deeds", "actions, operations"),
    ("departures", "EvictionStamps"),
    ("earnest", "Mode { Apply, DryRun }"),
    ("judging", "reconcile"),
    ("patience", "RetryPolicy, timeout"),
    ("patiences", "RetryPolicy, timeout"),
    ("probing", "HalfOpen"),
    ("striking", "fault_injection"),
    ("wish", "request, criteria"),
    ("wishes", "requests, criteria"),
];

/// Words that fail as a part of the name of a type or a module, and as the whole name of a function.
pub(crate) const NAMES: &[Entry] = &[
    ("admission", "ConcurrencyLimit"),
    ("anew", "Rebuild"),
    ("around", "Interceptor, RequestLayer"),
    ("carry", "Transport, send"),
    ("desk", "AppState"),
    ("door", "EdgeService, edge_limit"),
    ("doors", "AppState"),
    ("figure", "metric, measurement, number"),
    ("figures", "metrics, measurements, numbers"),
    ("hall", "ServiceRouter"),
    ("hardship", "fault"),
    ("hardships", "faults"),
    ("hop", "RequestLayer"),
    ("inspector", "InvariantChecker"),
    ("inspectors", "InvariantChecker"),
    ("rooms", "routes"),
    ("standing", "Status"),
    ("story", "trace"),
    ("told", "Observed, SavedSaga"),
    ("touch", "depend_on"),
    ("touched", "Dependencies"),
    ("town", "workload"),
    ("trouble", "PageError"),
    ("troubles", "PageError"),
    ("way", "Channel, client"),
    ("ways", "Channel, client"),
];

/// Names that fail as the whole name of a type.
pub(crate) const TYPES: &[Entry] = &[
    ("Act", "Execute"),
    ("Announcer", "EndpointUpdater"),
    ("Asked", "Query, Request"),
    ("Ballast", "FillFile"),
    ("Bearing", "Criticality"),
    ("Dice", "Randomness"),
    ("Entered", "Ingress"),
    ("Found", "Match, DocumentPage"),
    ("Halt", "StopReason"),
    ("Heard", "OutputEvent"),
    ("Listed", "Summary, ListEntry"),
    ("Place", "Position, Location"),
    ("Seen", "Observation"),
    ("Shown", "StatusCell"),
    ("Shelf", "CachedCatalogue, StockLevel"),
    ("Site", "BuildContext"),
    ("Stopping", "ShutdownSignal"),
    ("Strike", "FaultInjection"),
    ("Surrounded", "InterceptedJournal"),
    ("Surveyed", "VisitResult"),
    ("Telling", "OperationDocs"),
    ("Unbound", "DirectoryError"),
    ("UnderWay", "RunningSagas"),
    ("Voided", "CommitError"),
    ("Wanted", "Request, Expected"),
    ("Weather", "NetworkConditions"),
];

/// Names that fail as the whole name of a module, which is also the name of its file.
pub(crate) const MODULES: &[Entry] = &[
    ("act", "execute"),
    ("at", "target"),
    ("closed", "offline"),
    ("directions", "route_table"),
    ("dress", "error_pages"),
    ("follow", "background"),
    ("fresh", "ttl_cache"),
    ("hands", "input"),
    ("learning", "outcome"),
    ("moving", "transfers"),
    ("people", "actors"),
    ("quiet", "internal_calls"),
    ("refusal", "error"),
    ("rest", "quiescence"),
    ("shelf", "cached_catalogue"),
    ("shown", "status_cell"),
    ("site", "build_context"),
    ("telling", "availability"),
];

/// Names that fail as the whole name of a function.
pub(crate) const FUNCTIONS: &[Entry] = &[
    ("act", "execute"),
    ("answer_for_good", "serve_detached"),
    ("fold_anew", "refold"),
    ("shelf", "stock_level"),
    ("spawn_until_stop", "spawn_until_shutdown"),
    ("touches", "depends_on"),
    ("touching", "depending_on"),
];

/// A retired name that is the right word in one place.
pub(crate) struct Exception {
    /// The beginning of the paths it is meant for.
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
}

/// Retired names that mean what they say.
pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        path: "services/storefront/src/pictures/goods",
        name: "desk",
        reason: "draws desks, a department of the demonstration catalogue",
    },
    of_wish_lists("contracts/src/cart", "wish"),
    of_wish_lists("contracts/src/codes.rs", "wish"),
    of_wish_lists("services/shopping-cart-service/", "wish"),
    of_wish_lists("services/shopping-cart-service/", "wishes"),
    of_wish_lists("services/storefront/", "wish"),
    of_wish_lists("services/storefront/", "wishes"),
    of_wish_lists("browser-tests/src/walkthrough/customers.rs", "wish"),
    of_wish_lists("browser-tests/src/walkthrough/customers.rs", "wishes"),
    of_wish_lists("docs/guides/accounts-and-tokens.md", "wish"),
    of_wish_lists("icommerce/src/personal_data", "wish"),
];

/// Exception for a word of wish lists, which is what every shop calls them.
const fn of_wish_lists(path: &'static str, name: &'static str) -> Exception {
    Exception { path, name, reason: "a wish list is what every shop calls it" }
}
