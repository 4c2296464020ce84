//! What makes a component a plugin: it imports our interfaces only, and exports `plugin` and at
//! least one interface of operations, all of them with the types of `wit/plugin.wit`.

use std::collections::BTreeMap;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::plugin::INTERFACES;
use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Linker, Lower};

use crate::bindings::surefoot::plugin::types::{Failure, Outcome};
use crate::error::HostError;
use crate::guest::Guest;

const PACKAGE: &str = "surefoot:plugin/";
const VERSION: &str = "@1.0.0";
const IMPORTS: [&str; 8] = [
    "types", "process", "http", "files", "blobs", "clock", "progress", "script",
];

/// Parameters and results of `describe`.
pub(crate) type Describe = ((), (String,));
/// Parameters and results of `reconcile`.
pub(crate) type Reconcile = ((String, String), (Result<String, Failure>,));
/// Parameters and results of every operation.
pub(crate) type Operate = ((String, String), (Result<Outcome, Failure>,));

/// A plugin that is ready to be instantiated.
pub(crate) struct Loaded {
    pub(crate) digest: Digest,
    pub(crate) instance: InstancePre<Guest>,
    pub(crate) describe: ComponentExportIndex,
    pub(crate) reconcile: ComponentExportIndex,
    pub(crate) operations: BTreeMap<&'static str, ComponentExportIndex>,
}

impl Loaded {
    pub(super) fn check(
        engine: &Engine,
        linker: &Linker<Guest>,
        digest: Digest,
        component: Component,
    ) -> Result<Self, HostError> {
        let invalid = |reason: String| HostError::invalid(digest, reason);
        for (name, _) in component.component_type().imports(engine) {
            importable(name).map_err(invalid)?;
        }
        let instance = linker
            .instantiate_pre(&component)
            .map_err(|e| invalid(format!("its imports are not those of the interface: {e:#}")))?;
        let exports = Exports {
            component: &component,
            instance: &instance,
        };
        let describe = exports.function::<Describe>("plugin", "describe").map_err(invalid)?;
        let reconcile = exports.function::<Reconcile>("plugin", "reconcile").map_err(invalid)?;
        let mut operations = BTreeMap::new();
        for (interface, names) in INTERFACES {
            if exports.interface(interface).is_some() {
                for name in names {
                    operations.insert(*name, exports.function::<Operate>(interface, name).map_err(invalid)?);
                }
            }
        }
        if operations.is_empty() {
            return Err(invalid(
                "it has no operations; export one of backup, deploy, validate, notify and task".to_owned(),
            ));
        }
        Ok(Self {
            digest,
            instance,
            describe,
            reconcile,
            operations,
        })
    }
}

fn importable(name: &str) -> Result<(), String> {
    let ours = name
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.strip_suffix(VERSION))
        .is_some_and(|interface| IMPORTS.contains(&interface));
    if ours {
        Ok(())
    } else if name.starts_with("wasi:") {
        Err(format!(
            "it imports {name}; WASI is not provided, build it without (for Rust: target wasm32-unknown-unknown)"
        ))
    } else {
        Err(format!(
            "it imports {name}, which is none of the interfaces of {PACKAGE}*{VERSION}"
        ))
    }
}

struct Exports<'a> {
    component: &'a Component,
    instance: &'a InstancePre<Guest>,
}

impl Exports<'_> {
    fn interface(&self, interface: &str) -> Option<ComponentExportIndex> {
        let name = format!("{PACKAGE}{interface}{VERSION}");
        self.component.get_export_index(None, &name)
    }

    /// The function's place, if it has the type.
    fn function<T: Signature>(&self, interface: &str, name: &str) -> Result<ComponentExportIndex, String> {
        let shown = format!("{PACKAGE}{interface}{VERSION}#{name}");
        let interface = self
            .interface(interface)
            .ok_or_else(|| format!("it does not export {shown}"))?;
        match self.component.get_export(Some(&interface), name) {
            Some((ComponentItem::ComponentFunc(function), index)) => {
                T::check(self.instance, &function).map_err(|e| format!("its {shown} has another type: {e:#}"))?;
                Ok(index)
            }
            Some(_) | None => Err(format!("it does not export the function {shown}")),
        }
    }
}

/// Parameters and results of a function.
pub(crate) trait Signature {
    type Params: ComponentNamedList + Lower + Send + Sync;
    type Results: ComponentNamedList + Lift + Send + Sync + 'static;

    fn check(instance: &InstancePre<Guest>, function: &ComponentFunc) -> wasmtime::Result<()>;
}

impl<P, R> Signature for (P, R)
where
    P: ComponentNamedList + Lower + Send + Sync,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    type Params = P;
    type Results = R;

    fn check(instance: &InstancePre<Guest>, function: &ComponentFunc) -> wasmtime::Result<()> {
        function.typecheck::<P, R>(&instance.instance_type())
    }
}
