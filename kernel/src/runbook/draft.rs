//! A runbook as it was read: the right shape, but nothing in it has been held against anything else.

use std::ops::Range;
use std::path::PathBuf;

use super::diagnostic::At;
use super::window::WindowRule;
use super::yaml::Node;
use crate::json::Json;
use crate::plan::{OnFailure, OnNoGo, PhaseKind, Retry, Threshold};
use crate::plugin::{Grants, Limits};
use crate::time::Span;

pub(super) struct Draft<'n> {
    pub(super) service: Option<At<String>>,
    pub(super) environment: Option<At<String>>,
    pub(super) description: String,
    pub(super) inputs: Vec<InputDraft>,
    pub(super) window: Option<WindowRule>,
    pub(super) plugins: Vec<PluginDraft<'n>>,
    pub(super) waivers: Vec<(At<String>, At<String>)>,
    pub(super) phases: Vec<PhaseDraft<'n>>,
    pub(super) rollback: Option<RollbackDraft<'n>>,
}

pub(super) struct InputDraft {
    pub(super) name: At<String>,
    pub(super) default: Option<Json>,
}

pub(super) struct PluginDraft<'n> {
    pub(super) name: At<String>,
    pub(super) source: Option<At<String>>,
    pub(super) grants: Grants,
    pub(super) limits: Limits,
    /// For the templates in grants.
    pub(super) allow: Option<&'n Node>,
}

pub(super) struct PhaseDraft<'n> {
    pub(super) id: At<String>,
    pub(super) kind: PhaseKind,
    pub(super) name: Option<String>,
    pub(super) schedule: Option<i64>,
    pub(super) budget: Option<Span>,
    pub(super) steps: Vec<StepDraft<'n>>,
    pub(super) checkpoint: CheckpointDraft<'n>,
}

pub(super) struct RollbackDraft<'n> {
    pub(super) budget: Option<Span>,
    pub(super) steps: Vec<StepDraft<'n>>,
    pub(super) checkpoint: CheckpointDraft<'n>,
}

pub(super) struct StepDraft<'n> {
    pub(super) id: At<String>,
    pub(super) name: Option<String>,
    pub(super) uses: Option<At<String>>,
    pub(super) with: Option<&'n Node>,
    /// There is one, but it is no mapping.
    pub(super) with_unusable: bool,
    /// Where a missing key of `with` is pointed out.
    pub(super) with_span: Range<usize>,
    pub(super) needs: Option<Vec<At<String>>>,
    pub(super) condition: Option<&'n Node>,
    pub(super) timeout: Span,
    pub(super) retry: Retry,
    pub(super) on_failure: OnFailure,
    pub(super) required: bool,
    pub(super) irreversible: bool,
}

#[derive(Default)]
pub(super) struct CheckpointDraft<'n> {
    pub(super) name: Option<String>,
    pub(super) go_if: Vec<&'n Node>,
    pub(super) thresholds: Vec<Threshold>,
    pub(super) approvals: Vec<String>,
    pub(super) on_no_go: Option<OnNoGo>,
    pub(super) hold_limit: Option<Span>,
}

/// A granted path, still with its templates.
pub(super) fn path(text: &str) -> PathBuf {
    PathBuf::from(text)
}
