//! What a plugin says of itself: the declaration behind `describe`.

use serde_json::{Map, Value, json};

use crate::schema::Object;

/// What may be done with an effect that a crash left in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EffectClass {
    /// Changes nothing.
    Read,
    /// Doing it twice is doing it once.
    Idempotent,
    /// The plugin's `reconcile` can look whether it happened.
    Probe,
    /// Must not happen twice: a person decides.
    #[default]
    Once,
}

impl EffectClass {
    /// Its name in the interface and in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Idempotent => "idempotent",
            Self::Probe => "probe",
            Self::Once => "once",
        }
    }
}

/// Name, version, operations and needs of a plugin.
#[derive(Clone, Debug)]
pub struct Description {
    name: &'static str,
    version: &'static str,
    summary: &'static str,
    capabilities: &'static [&'static str],
    operations: Map<String, Value>,
}

impl Description {
    /// A plugin without operations and needs yet. `version`: usually `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn new(name: &'static str, version: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            version,
            summary,
            capabilities: &[],
            operations: Map::new(),
        }
    }

    /// The host interfaces that it may call: `process`, `http`, `files`, `blobs`.
    #[must_use]
    pub fn capabilities(mut self, capabilities: &'static [&'static str]) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Adds an operation: its name, a sentence, its input and output, the classes of the effects it may issue.
    #[must_use]
    pub fn operation(
        mut self,
        name: &str,
        summary: &str,
        input: Object,
        output: Object,
        effects: &[EffectClass],
    ) -> Self {
        let effects: Vec<&str> = effects.iter().map(|class| class.name()).collect();
        let operation = json!({
            "summary": summary,
            "input": input.closed(),
            "output": output.open(),
            "effects": effects,
        });
        self.operations.insert(name.to_owned(), operation);
        self
    }

    /// The JSON text's value; its shape is in `docs/PLUGINS.md`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "version": self.version,
            "summary": self.summary,
            "operations": self.operations,
            "capabilities": self.capabilities,
        })
    }
}
