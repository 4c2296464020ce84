//! The example of `docs/PLUGINS.md`, compiled, and kept the same as it is printed there.
#![allow(missing_docs, reason = "the example is as short as a first plugin is")]

// example begins
use serde::{Deserialize, Serialize};
use surefoot_sdk::{Context, Description, EffectClass, Failure, Outcome, Plugin, Validate, files, schema};

#[derive(Debug)]
pub struct MaintenancePlugin;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// File whose existence means that the service is in maintenance.
    flag: String,
}

#[derive(Serialize)]
pub struct Output {
    maintenance: bool,
}

impl Plugin for MaintenancePlugin {
    fn describe() -> Description {
        Description::new(
            "maintenance",
            env!("CARGO_PKG_VERSION"),
            "Looks whether the service is in maintenance.",
        )
        .capabilities(&["files"])
        .operation(
            "check",
            "Looks for the flag file.",
            schema::object().required("flag", schema::text("the flag file")),
            schema::object().required("maintenance", schema::boolean("whether the file is there")),
            &[EffectClass::Read],
        )
    }
}

impl Validate for MaintenancePlugin {
    type Input = Input;
    type Output = Output;

    fn check(_: &Context, input: Input) -> Result<Outcome<Output>, Failure> {
        let entry =
            files::stat(&input.flag).map_err(|error| Failure::host(error, &format!("looking for {}", input.flag)))?;
        let maintenance = entry.is_some();
        let summary = if maintenance { "in maintenance" } else { "in service" };
        Ok(Outcome::new(Output { maintenance }, summary))
    }
}

surefoot_sdk::validate_plugin!(MaintenancePlugin);
// example ends

#[test]
fn the_guide_prints_this_example() {
    let source = include_str!("guide.rs");
    let begin = source
        .find("// example begins\n")
        .map(|at| at + "// example begins\n".len());
    let end = source.find("// example ends\n");
    let (Some(begin), Some(end)) = (begin, end) else {
        unreachable!("the example is marked");
    };
    let guide = include_str!("../../../docs/PLUGINS.md");
    assert!(
        guide.contains(&source[begin..end]),
        "docs/PLUGINS.md prints another example than plugins/sdk/tests/guide.rs"
    );
}

#[test]
fn it_describes_itself() {
    let description = MaintenancePlugin::describe().to_json();
    assert_eq!(description["operations"]["check"]["input"]["required"][0], "flag");
}
