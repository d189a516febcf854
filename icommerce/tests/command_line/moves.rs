//! Moves between a data folder and a database: with everything that the shop had, killed at any moment, and with a difference planted.

use crate::{
    maintenance::populated_folder,
    personal_data::succeeds,
    program::{assert_fails, get, icommerce, start_shop, stop_shop},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use test_servers::PostgresDatabase;
use tokio::time::Instant;

/// Kills of one test at most; the pauses before them grow, so that the move comes further each time.
const KILLS_MAX: u32 = 200;

/// Database with the schemas of all services.
pub(crate) fn migrated() -> PostgresDatabase {
    let database = PostgresDatabase::create().unwrap();
    let folder = TempDir::new().unwrap();
    succeeds(icommerce(folder.path()).arg("migrate").arg(storage(&database)));
    database
}

pub(crate) fn storage(database: &PostgresDatabase) -> String {
    format!("--storage={}", database.url())
}

/// Move from one storage to another; `data` is the data folder of the one in the database.
fn moving(data: &Path, from: &str, to: &str) -> Command {
    let mut command = icommerce(data);
    command.args(["move", "--from", from, "--to", to]);
    command
}

fn embedded(folder: &Path) -> String {
    format!("embedded:{}", folder.display())
}

/// Contents of all files below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

/// Copies a folder, so that what opens it does not change the original.
fn copied(folder: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    for (path, content) in contents(folder) {
        let path = copy.path().join(path.strip_prefix(folder).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    copy
}

/// Events of a shop, with positions, identifiers, times and origins, as a dump prints them.
pub(crate) fn events(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let dump = succeeds(icommerce(folder).arg("dump").args(arguments));
    dump.lines().map(str::to_owned).collect()
}

/// Orders as an operator sees them, but for what a payment whose outcome is unknown becomes meanwhile.
fn orders(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let mut command = icommerce(folder);
    let (shop, [_, operator]) = start_shop(command.arg("serve").args(arguments));
    let orders: Value = serde_json::from_str(&get(&operator, "/api/v1/orders?limit=100")).unwrap();
    stop_shop(shop);
    let kept = ["id", "number", "email", "name", "total", "item_count", "placed_at"];
    let lasting = |order: &Value| kept.iter().map(|field| order[*field].clone()).collect();
    orders["items"].as_array().unwrap().iter().map(lasting).collect()
}

#[test]
fn a_shop_moves_into_a_database_with_all_its_history_and_back() {
    let source = populated_folder();
    let before = contents(source.path());
    let known = events(copied(source.path()).path(), &[]);
    assert!(known.len() > 200 && known.iter().any(|event| event.contains("\"origin\"")));

    let (database, place) = (migrated(), TempDir::new().unwrap());
    let data = place.path().join("data");
    let moved = succeeds(&mut moving(&data, &embedded(source.path()), &database.url()));
    assert!(moved.contains("order-service") && moved.contains("both sides are the same"));
    assert_eq!(contents(source.path()), before, "nothing of the source is changed");

    let storage = storage(&database);
    assert_eq!(events(&data, &[&storage]), known);
    succeeds(icommerce(&data).args(["check", &storage]));
    assert_eq!(orders(&data, &[&storage]), orders(copied(source.path()).path(), &[]));
    succeeds(icommerce(&data).args(["check", &storage]));

    // What was sold in the database comes back with the rest.
    let known = events(&data, &[&storage]);
    let back = place.path().join("back");
    let moved = succeeds(&mut moving(&data, &database.url(), &embedded(&back)));
    assert!(moved.contains("both sides are the same"));
    assert_eq!(events(copied(&back).path(), &[]), known);
    succeeds(icommerce(&back).arg("check"));
    assert_eq!(orders(&back, &[]), orders(&data, &[&storage]));
    succeeds(icommerce(&back).arg("check"));
}

#[test]
fn a_shop_that_was_born_in_a_database_moves_into_a_folder_and_back() {
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let [data, folder, again] = ["data", "folder", "again"].map(|name| place.path().join(name));
    let storage = storage(&database);
    let shown = orders(&data, &[&storage]);
    let known = events(&data, &[&storage]);
    succeeds(&mut moving(&data, &database.url(), &embedded(&folder)));
    succeeds(icommerce(&folder).arg("check"));
    assert_eq!(events(&folder, &[]), known, "although services have the same positions");
    assert_eq!(orders(&folder, &[]), shown);
    let other = migrated();
    succeeds(&mut moving(&again, &embedded(&folder), &other.url()));
    succeeds(icommerce(&again).args(["check", &format!("--storage={}", other.url())]));
}

#[test]
fn a_move_that_is_killed_again_and_again_goes_on_and_ends_well() {
    let source = populated_folder();
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let [data, back] = ["data", "back"].map(|name| place.path().join(name));
    let known = events(copied(source.path()).path(), &[]);
    let storage = storage(&database);
    let there = || moving(&data, &embedded(source.path()), &database.url());
    let is_refused = || {
        let refused = assert_fails(icommerce(&data).args(["serve", &storage]), 3);
        assert!(refused.contains("broken off"), "{refused}");
    };
    // One that is written, and that none of the checks before reads.
    kill_in_the_middle(&database, "order_service.index_entries", there());
    is_refused();
    kill_until_done(there);
    assert_eq!(events(&data, &[&storage]), known);
    succeeds(icommerce(&data).args(["check", &storage]));
    let home = || moving(&data, &database.url(), &embedded(&back));
    let is_refused = || {
        let refused = assert_fails(icommerce(&back).arg("serve"), 3);
        assert!(refused.contains("broken off"), "{refused}");
    };
    kill_in_the_middle(&database, "order_service.events", home());
    is_refused();
    kill_until_done(home);
    assert_eq!(events(&back, &[]), known);
    succeeds(icommerce(&back).arg("check"));
}

/// Kills a move once it waits for a table of a service, which others keep from it: it has begun then, and cannot have ended.
fn kill_in_the_middle(database: &PostgresDatabase, table: &str, mut command: Command) {
    let mut lock = database.lock(table).unwrap();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    lock.wait_for_waiter().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Runs a command that is killed after pauses that grow, until it ends by itself.
fn kill_until_done(command: impl Fn() -> Command) {
    // The length of a whole run is not known: pauses of any length up to it come in turn.
    let mut pause = Duration::from_millis(20);
    for _ in 0..KILLS_MAX {
        let mut child = command().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + pause;
        let ended = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if Instant::now() >= deadline => break None,
                None => std::thread::yield_now(),
            }
        };
        if let Some(status) = ended {
            let mut errors = String::new();
            std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut errors).unwrap();
            assert!(status.success(), "{errors}");
            return;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        pause = pause * 3 / 2;
    }
    panic!("it does not end");
}

#[test]
fn a_difference_is_found_and_the_target_is_not_used() {
    let source = populated_folder();
    for (table, change) in [
        ("order_service.events", "NEW.data = NEW.data || '\\x00'::bytea"),
        ("order_service.index_entries", "NEW.index = NEW.index || '_'"),
        ("audit_service.documents", "NEW.body = '\\x'::bytea"),
        ("order_service.key_values", "NEW.expires_at = coalesce(NEW.expires_at, 0) + 1"),
    ] {
        let (database, place) = (migrated(), TempDir::new().unwrap());
        let data = place.path().join("data");
        let condition = if table.ends_with("key_values") {
            "WHEN (NEW.key <> 'import/reached'::bytea)"
        } else {
            ""
        };
        database
            .run(&format!(
                "CREATE FUNCTION public.differ() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN {change}; RETURN NEW; END $$; \
                 CREATE TRIGGER differ BEFORE INSERT ON {table} FOR EACH ROW {condition} \
                 EXECUTE FUNCTION public.differ()"
            ))
            .unwrap();
        let mut command = moving(&data, &embedded(source.path()), &database.url());
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{table}: {errors}");
        let service = table.split('.').next().unwrap().replace('_', "-");
        assert!(errors.contains(&format!("{service} is not the same")), "{table}: {errors}");
        assert_fails(icommerce(&data).args(["serve", &storage(&database)]), 3);
    }
}

#[test]
fn a_move_names_the_option_that_named_the_storage() {
    let (source, place) = (populated_folder(), TempDir::new().unwrap());
    let [data, back] = ["data", "back"].map(|name| place.path().join(name));
    fs::create_dir(&data).unwrap();
    fs::copy(source.path().join("icommerce.keys"), data.join("icommerce.keys")).unwrap();
    let (folder, nobody) = (embedded(source.path()), "postgres://shop@127.0.0.1:1/shop");
    for (wrong, code) in [(nobody, 3), ("postgres://127.0.0.1/shop", 2)] {
        let to = assert_fails(&mut moving(&place.path().join("new"), &folder, wrong), code);
        assert!(to.starts_with("icommerce: --to: "), "{to}");
        let from = assert_fails(&mut moving(&data, wrong, &embedded(&back)), code);
        assert!(from.starts_with("icommerce: --from: "), "{from}");
        // An option of every command that the move does not use is not to blame.
        let mut both = moving(&data, wrong, &embedded(&back));
        let both = assert_fails(both.arg("--storage=postgres://shop@127.0.0.1:2/shop"), code);
        assert!(both.starts_with("icommerce: --from: "), "{both}");
    }
    let of_settings = assert_fails(&mut moving(&data, "postgres", &embedded(&back)), 2);
    assert!(of_settings.starts_with("icommerce: storage.url: "), "{of_settings}");
}

#[test]
fn a_move_that_cannot_be_is_refused_in_one_sentence() {
    let source = populated_folder();
    let (database, place) = (migrated(), TempDir::new().unwrap());
    let data = place.path().join("data");
    let there = |data: &Path| moving(data, &embedded(source.path()), &database.url());
    let both = moving(&data, &embedded(source.path()), &embedded(&data)).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
    assert_fails(&mut there(source.path()), 2);
    let empty = TempDir::new().unwrap();
    assert_fails(&mut moving(&data, &embedded(empty.path()), &database.url()), 3);
    let unmigrated = PostgresDatabase::create().unwrap();
    let refused = assert_fails(&mut moving(&data, &embedded(source.path()), &unmigrated.url()), 3);
    assert!(refused.contains("icommerce migrate"), "{refused}");
    assert!(refused.contains("--to: the schema"), "what was typed is named: {refused}");
    let refused = assert_fails(icommerce(&data).args(["serve", "--storage", &unmigrated.url()]), 3);
    assert!(refused.contains("icommerce migrate"), "{refused}");
    assert!(!data.exists(), "what was refused has left nothing");

    let (shop, _) = start_shop(&mut icommerce(source.path()));
    let refused = assert_fails(&mut there(&data), 3);
    assert!(refused.contains("in use by another running icommerce"), "{refused}");
    stop_shop(shop);
    succeeds(&mut there(&data));
    let again = assert_fails(&mut there(&place.path().join("again")), 2);
    assert!(again.contains("is not empty"), "{again}");
    assert!(!place.path().join("again").exists());

    let storage = storage(&database);
    let back = embedded(&place.path().join("back"));
    // The folder of before has keys that were destroyed since, and not the pictures that were added.
    let copies = |folder: &Path| {
        let backup = place.path().join("backup");
        let mut backing_up = icommerce(folder);
        backing_up.arg("backup").arg(&backup).arg(&storage);
        let refused = [
            assert_fails(&mut moving(folder, &database.url(), &back), 3),
            assert_fails(&mut backing_up, 3),
        ];
        assert!(!backup.exists() && !place.path().join("back").exists());
        refused
    };
    for refused in copies(source.path()) {
        assert!(refused.contains("has a shop of its own"), "{refused}");
    }
    let other = copied(&data);
    let keys = populated_folder();
    fs::copy(keys.path().join("icommerce.keys"), other.path().join("icommerce.keys")).unwrap();
    for refused in copies(other.path()) {
        assert!(refused.contains("does not have the keys of this database"), "{refused}");
    }
    let of_one_service = copied(&data);
    fs::write(of_one_service.path().join("icommerce.services"), "order-service\n").unwrap();
    for refused in copies(of_one_service.path()) {
        assert!(refused.contains("give that of product-service"), "{refused}");
    }
    let (shop, _) = start_shop(icommerce(&data).args(["serve", &storage]));
    assert_fails(&mut moving(&data, &database.url(), &back), 3);
    // Nor with another copy of its data folder.
    let copy = copied(&data);
    let refused = assert_fails(&mut moving(copy.path(), &database.url(), &back), 3);
    assert!(refused.contains("--from: a running shop"), "{refused}");
    assert!(!place.path().join("back").exists());
    stop_shop(shop);
}
