//! What stands between a plan and its deployment: the plugins that it may name, and the window.

use std::path::Path;

use surefoot_engine::Catalog;
use surefoot_kernel::plan::{Outside, Plan};
use surefoot_kernel::time::{Span, Timestamp};

use crate::app::App;
use crate::confirm::confirm;
use crate::error::CliError;
use crate::exit::ExitCode;

/// The catalog for runbooks in the folder of `runbook`.
///
/// # Errors
/// The plugin host cannot be set up.
pub fn catalog(app: &App, runbook: &Path) -> Result<Catalog, CliError> {
    let folder = runbook.parent().unwrap_or(Path::new("")).to_owned();
    Ok(Catalog::new(app.host()?, app.runtime.handle().clone(), folder))
}

/// Whether it is the time to start.
///
/// # Errors
/// It is not, and the runbook refuses that or nobody confirms it.
pub fn in_window(plan: &Plan, at: Timestamp, yes: bool) -> Result<(), CliError> {
    let Some(window) = &plan.window else {
        return Ok(());
    };
    let budgets = plan.phases.iter().filter_map(|phase| phase.budget);
    let predicted = budgets.fold(Span(0), |sum, budget| Span(sum.0.saturating_add(budget.0)));
    let ends = at.after(predicted);
    let problem = if at < window.opens || at >= window.closes {
        format!(
            "it is {at}, outside of the window {}; it opens at {}",
            window.text, window.opens
        )
    } else if ends > window.closes {
        let closes = window.closes;
        format!(
            "it would end at {ends} (budgets: {predicted}), after the window {} closes at {closes}",
            window.text
        )
    } else {
        return Ok(());
    };
    match window.outside {
        Outside::Ask => confirm(&format!("{problem}. Start all the same?"), yes)
            .map_err(|e| CliError::new(ExitCode::OutsideWindow, e.to_string()).hint("say so with `--yes`")),
        Outside::Refuse => Err(CliError::new(ExitCode::OutsideWindow, problem)
            .hint("wait for the window, or change `window` in the runbook; a rollback is never held up by it")),
    }
}
