//! Invariants of a stopped shop, checked by its own program (`icommerce check`).

use crate::{
    shop::Program,
    violation::{CheckResult, ensure},
};
use std::path::Path;

/// Checks the invariants of every service and those between services.
pub(crate) fn check_invariants(program: &Program, data: &Path) -> CheckResult {
    let checked = program.command().arg("check").arg("--data").arg(data).output()?;
    ensure(checked.status.success(), || {
        let [report, errors] =
            [&checked.stdout, &checked.stderr].map(|it| String::from_utf8_lossy(it));
        format!("icommerce check ended with {}: {report}{errors}", checked.status)
    })
}
