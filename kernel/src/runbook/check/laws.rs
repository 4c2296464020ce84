//! What the kernel's laws ask of a runbook before it may run.

use crate::plan::{OnFailure, PhaseKind, Plan};
use crate::runbook::diagnostic::{Diagnostic, Findings};
use crate::runbook::draft::{Draft, StepDraft};

pub(super) fn check(draft: &Draft<'_>, findings: &mut Findings) {
    backup_before_deploy(draft, findings);
    a_way_back(draft, findings);
}

fn backup_before_deploy(draft: &Draft<'_>, findings: &mut Findings) {
    let waiver = draft
        .waivers
        .iter()
        .find(|(law, _)| law.value == Plan::DEPLOY_WITHOUT_BACKUP);
    let mut backed_up = false;
    let mut waived = false;
    for phase in &draft.phases {
        match phase.kind {
            PhaseKind::Backup => {
                backed_up = true;
                if waiver.is_none() && !phase.steps.iter().any(certain) {
                    findings.push(
                        Diagnostic::error(
                            "no-backup",
                            &phase.id.span,
                            format!("the backup phase `{}` can be go without a backup", phase.id.value),
                        )
                        .label("each of its steps is optional or has a condition")
                        .help("leave out `required: false` and `if` at the step that makes the backup"),
                    );
                }
            }
            PhaseKind::Deploy if !backed_up && waiver.is_some() => waived = true,
            PhaseKind::Deploy if !backed_up => findings.push(
                Diagnostic::error(
                    "no-backup",
                    &phase.id.span,
                    format!(
                        "the phase `{}` deploys, but no backup phase comes before it",
                        phase.id.value
                    ),
                )
                .label("nothing to go back to")
                .help(format!(
                    "put a phase of kind `backup` before it, or write `waivers: {{ {}: \"the reason\" }}`",
                    Plan::DEPLOY_WITHOUT_BACKUP
                )),
            ),
            _ => {}
        }
    }
    if let Some((law, _)) = waiver.filter(|_| !waived) {
        let message = format!("the waiver `{}` is not needed", Plan::DEPLOY_WITHOUT_BACKUP);
        findings.push(Diagnostic::warning("unused-waiver", &law.span, message).help("take it out"));
    }
}

/// Whether the checkpoint cannot be go without it.
fn certain(step: &StepDraft<'_>) -> bool {
    step.required && step.condition.is_none()
}

fn a_way_back(draft: &Draft<'_>, findings: &mut Findings) {
    if draft.rollback.is_some() {
        return;
    }
    for phase in &draft.phases {
        if phase.kind == PhaseKind::Deploy {
            let message = format!("the phase `{}` deploys, but there is no `rollback`", phase.id.value);
            let help = "add a `rollback` section with the steps that go back";
            findings.push(Diagnostic::warning("no-rollback", &phase.id.span, message).help(help));
        }
        for step in phase.steps.iter().filter(|step| step.on_failure == OnFailure::Rollback) {
            let message = format!(
                "the step `{}` rolls back when it fails, but there is no `rollback`",
                step.id.value
            );
            let help = "add a `rollback` section, or write `on_failure: fail` or `ask`";
            findings.push(Diagnostic::error("no-rollback", &step.id.span, message).help(help));
        }
    }
}
