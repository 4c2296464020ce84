//! The plugins that steps use: found, described, pinned.

use std::collections::{BTreeMap, BTreeSet};

use super::names::bad_id;
use crate::id::PluginName;
use crate::plugin::{Grants, Limits, Operation, PinnedPlugin};
use crate::runbook::catalog::{CatalogEntry, PluginCatalog};
use crate::runbook::diagnostic::{At, Diagnostic, Findings};
use crate::runbook::draft::{Draft, PluginDraft, StepDraft};

/// What is known of the plugins of a runbook.
pub(super) struct Used {
    entries: BTreeMap<PluginName, CatalogEntry>,
    /// By step id: plugin and operation.
    by_step: BTreeMap<String, (PluginName, String)>,
}

impl Used {
    pub(super) fn of(&self, step: &StepDraft<'_>) -> Option<(&PluginName, &str)> {
        let (plugin, operation) = self.by_step.get(&step.id.value)?;
        Some((plugin, operation))
    }

    pub(super) fn operation(&self, step: &StepDraft<'_>) -> Option<&Operation> {
        let (plugin, operation) = self.of(step)?;
        self.entries.get(plugin)?.description.operations.get(operation)
    }

    pub(super) fn pinned(&self, draft: &Draft<'_>) -> BTreeMap<PluginName, PinnedPlugin> {
        let in_use: BTreeSet<_> = self.by_step.values().map(|(plugin, _)| plugin).collect();
        let pin = |(name, entry): (&PluginName, &CatalogEntry)| {
            let declared = declared(draft, name.as_str());
            let pinned = PinnedPlugin {
                source: entry.source.clone(),
                version: entry.description.version.clone(),
                digest: entry.digest,
                script: None,
                grants: declared.map_or_else(Grants::default, |plugin| plugin.grants.clone()),
                limits: declared.map_or_else(Limits::default, |plugin| plugin.limits.clone()),
            };
            (name.clone(), pinned)
        };
        self.entries
            .iter()
            .filter(|(name, _)| in_use.contains(name))
            .map(pin)
            .collect()
    }
}

pub(super) fn declared<'d, 'n>(draft: &'d Draft<'n>, name: &str) -> Option<&'d PluginDraft<'n>> {
    draft.plugins.iter().find(|plugin| plugin.name.value == name)
}

pub(super) fn all_steps<'d, 'n>(draft: &'d Draft<'n>) -> impl Iterator<Item = &'d StepDraft<'n>> {
    let forward = draft.phases.iter().flat_map(|phase| &phase.steps);
    forward.chain(draft.rollback.iter().flat_map(|rollback| &rollback.steps))
}

/// Finds every plugin that is declared or used, and the operation of every step.
pub(super) fn resolve(draft: &Draft<'_>, catalog: &dyn PluginCatalog, findings: &mut Findings) -> Used {
    let mut search = Search {
        draft,
        catalog,
        found: BTreeMap::new(),
        missing: BTreeSet::new(),
    };
    for plugin in &draft.plugins {
        search.find(&plugin.name, findings);
    }
    let mut by_step = BTreeMap::new();
    for step in all_steps(draft) {
        let Some(uses) = &step.uses else { continue };
        let (name, operation) = match uses.value.split_once('/') {
            Some((name, operation)) => (name, Some(operation)),
            None => (uses.value.as_str(), None),
        };
        let name = At {
            value: name.to_owned(),
            span: uses.span.clone(),
        };
        let Some(plugin) = search.find(&name, findings) else {
            continue;
        };
        if let Some(entry) = search.found.get(&plugin)
            && let Some(operation) = pick(uses, &plugin, entry, operation, findings)
        {
            by_step.insert(step.id.value.clone(), (plugin, operation));
        }
    }
    let used = Used {
        entries: search.found,
        by_step,
    };
    remark(draft, &used, findings);
    used
}

struct Search<'s> {
    draft: &'s Draft<'s>,
    catalog: &'s dyn PluginCatalog,
    found: BTreeMap<PluginName, CatalogEntry>,
    missing: BTreeSet<String>,
}

impl Search<'_> {
    fn find(&mut self, name: &At<String>, findings: &mut Findings) -> Option<PluginName> {
        let plugin: PluginName = match name.value.parse() {
            Ok(plugin) => plugin,
            Err(problem) => {
                findings.push(bad_id(name, &problem));
                return None;
            }
        };
        if self.found.contains_key(&plugin) {
            return Some(plugin);
        }
        let declared = declared(self.draft, &name.value);
        if declared.is_some() && self.missing.contains(&name.value) {
            return None; // Reported where it is declared.
        }
        let source = declared.and_then(|plugin| plugin.source.as_ref());
        match self
            .catalog
            .describe(&plugin, source.map(|source| source.value.as_str()))
        {
            Ok(entry) => {
                self.found.insert(plugin.clone(), entry);
                Some(plugin)
            }
            Err(why) => {
                self.missing.insert(name.value.clone());
                findings.push(self.unusable(name, source, why));
                None
            }
        }
    }

    fn unusable(&self, name: &At<String>, source: Option<&At<String>>, why: String) -> Diagnostic {
        let standard = self.catalog.names();
        match source {
            Some(source) => {
                let message = format!("the plugin `{}` cannot be used: {why}", name.value);
                Diagnostic::error("unusable-plugin", &source.span, message)
            }
            None if standard.contains(&name.value) => {
                let message = format!("the plugin `{}` cannot be used: {why}", name.value);
                Diagnostic::error("unusable-plugin", &name.span, message)
            }
            None => {
                let declared = self.draft.plugins.iter().map(|plugin| plugin.name.value.as_str());
                let others = declared.filter(|other| *other != name.value);
                Diagnostic::error(
                    "unknown-plugin",
                    &name.span,
                    format!("there is no plugin `{}`", name.value),
                )
                .label("not a standard plugin and without a `source`")
                .suggest(&name.value, standard.iter().map(String::as_str).chain(others))
            }
        }
    }
}

fn pick(
    uses: &At<String>,
    plugin: &PluginName,
    entry: &CatalogEntry,
    operation: Option<&str>,
    findings: &mut Findings,
) -> Option<String> {
    let operations = &entry.description.operations;
    match operation {
        Some(operation) if operations.contains_key(operation) => Some(operation.to_owned()),
        Some(operation) => {
            let message = format!("the plugin `{plugin}` has no operation `{operation}`");
            findings.push(
                Diagnostic::error("unknown-operation", &uses.span, message)
                    .suggest(operation, operations.keys().map(String::as_str)),
            );
            None
        }
        None if operations.len() == 1 => operations.keys().next().cloned(),
        None => {
            let choices: Vec<_> = operations.keys().map(|name| format!("`{plugin}/{name}`")).collect();
            let message = format!("which operation of `{plugin}`?");
            findings.push(
                Diagnostic::error("unknown-operation", &uses.span, message)
                    .help(format!("write one of {}", choices.join(", "))),
            );
            None
        }
    }
}

fn remark(draft: &Draft<'_>, used: &Used, findings: &mut Findings) {
    for plugin in &draft.plugins {
        let name = &plugin.name;
        let in_use = used.by_step.values().any(|(used, _)| used.as_str() == name.value);
        let meant = all_steps(draft).any(|step| {
            let uses = step.uses.as_ref().map(|uses| uses.value.as_str()).unwrap_or_default();
            uses == name.value || uses.starts_with(&format!("{}/", name.value))
        });
        if !in_use && !meant {
            let message = format!("no step uses the plugin `{}`", name.value);
            findings.push(Diagnostic::warning("unused-plugin", &name.span, message));
        }
    }
    let mut told = BTreeSet::new();
    for step in all_steps(draft) {
        let (Some(uses), Some((plugin, _))) = (&step.uses, used.of(step)) else {
            continue;
        };
        let is_allowed = declared(draft, plugin.as_str()).is_some_and(|plugin| plugin.allow.is_some());
        let capabilities = used.entries.get(plugin).map(|entry| &entry.description.capabilities);
        if let Some(capabilities) = capabilities.filter(|all| !all.is_empty())
            && !is_allowed
            && told.insert(plugin.clone())
        {
            let message = format!("the plugin `{plugin}` is not allowed anything");
            let help = format!(
                "it may ask for: {}; allow it under `plugins: {plugin}: allow:`",
                capabilities.join(", ")
            );
            findings.push(Diagnostic::warning("no-grants", &uses.span, message).help(help));
        }
    }
}
