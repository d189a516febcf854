//! `cargo xtask backends`: real servers for a shop on this machine, which run in the background until they are stopped.

mod backend;
mod state;

use super::Workspace;
use crate::Outcome;
pub(crate) use backend::Backend;
use state::{RunningBackend, State};
use std::path::Path;

/// Starts these servers, or all, but for those that run already, and prints where they are; true when all of them run.
pub(crate) fn up(root: &Path, wanted: &[Backend]) -> Outcome<bool> {
    let workspace = Workspace::read(root)?;
    let mut state = State::read(&workspace.target)?;
    for ended in state.take_ended() {
        println!("{} has ended by itself, and is started again where it is wanted", ended.name);
        ended.server().stop()?;
    }
    let mut missing = false;
    for &backend in if wanted.is_empty() { Backend::ALL } else { wanted } {
        if state.running.iter().any(|running| running.name == backend.name()) {
            continue;
        }
        let prerequisite = backend.prerequisite();
        let availability = prerequisite.ensure(root, &workspace.target);
        println!("{}: {availability}", backend.name());
        let Some(place) = availability.place() else {
            missing = true;
            continue;
        };
        state.running.push(backend.start(Path::new(place))?);
        // What runs is known even when the next one does not start.
        state.write()?;
    }
    print(&state.running);
    Ok(!missing)
}

/// What a shop is told that is to use these of the servers that [`up`] has started.
pub(crate) fn settings(root: &Path, wanted: &[Backend]) -> Outcome<Vec<String>> {
    let state = State::read(&Workspace::read(root)?.target)?;
    let is_wanted = |running: &RunningBackend| wanted.iter().any(|it| it.name() == running.name);
    let running = state.running.into_iter().filter(is_wanted);
    Ok(running.map(|running| running.setting).collect())
}

/// Stops the servers that [`up`] has started, and no others.
pub(crate) fn down(root: &Path) -> Outcome<bool> {
    let mut state = State::read(&Workspace::read(root)?.target)?;
    if state.running.is_empty() {
        println!("nothing runs");
    }
    while let Some(backend) = state.running.last() {
        backend.server().stop()?;
        println!("{} at {} is stopped", backend.name, backend.address);
        state.running.pop();
        state.write()?;
    }
    Ok(true)
}

/// Prints the servers that [`up`] has started; true when all of them answer.
pub(crate) fn status(root: &Path) -> Outcome<bool> {
    let state = State::read(&Workspace::read(root)?.target)?;
    print(&state.running);
    Ok(state.running.iter().all(RunningBackend::answers))
}

fn print(running: &[RunningBackend]) {
    if running.is_empty() {
        println!("nothing runs; `cargo xtask backends up` starts the servers");
        return;
    }
    println!(
        "{:<10} {:<12} {:<16} {:>8} {:<8} for icommerce",
        "server", "version", "address", "process", "answers"
    );
    for backend in running {
        println!(
            "{:<10} {:<12} {:<16} {:>8} {:<8} {}",
            backend.name,
            backend.version,
            backend.address,
            backend.process(),
            if backend.answers() { "yes" } else { "no" },
            backend.setting,
        );
    }
}
