//! What is shipped belongs to the sources, says what it is, and does not tell where it was built.

use surefoot_kernel::effect::EffectClass;
use surefoot_plugin_build::{Toolchain, Tree};

use crate::stand::{self, Stand};

#[test]
fn components_belong_to_their_sources() {
    if let Err(error) = Tree::here().check() {
        panic!("{error}");
    }
}

#[test]
fn every_plugin_describes_itself() {
    for name in Tree::here().names().unwrap() {
        let description = Stand::shipped(&name).describe();
        assert_eq!(description.name, name);
        assert!(!description.summary.is_empty());
        for (operation, what) in &description.operations {
            assert!(
                surefoot_kernel::plugin::interface_of(operation).is_some(),
                "{name}/{operation}"
            );
            assert_eq!(what.input.0["additionalProperties"], false, "{name}/{operation}");
            let keys = what.input.0["properties"].as_object().unwrap();
            for (key, schema) in keys {
                assert!(
                    schema["description"].is_string(),
                    "{name}/{operation}: {key} is not described"
                );
            }
            for required in what.output.0["required"].as_array().unwrap() {
                let key = required.as_str().unwrap();
                assert!(
                    what.output.0["properties"].get(key).is_some(),
                    "{name}/{operation}: {key}"
                );
            }
            if name != "command" && name != "http" {
                assert!(!what.effects.contains(&EffectClass::Once), "{name}/{operation}");
            }
        }
    }
}

#[test]
fn components_do_not_tell_where_they_were_built() {
    let tree = Tree::here();
    let home = std::env::var("HOME").unwrap();
    for name in tree.names().unwrap() {
        let component = std::fs::read(tree.component(&name)).unwrap();
        let text = String::from_utf8_lossy(&component);
        for place in [
            tree.root().to_str().unwrap(),
            &format!("{home}/"),
            "registry/src/",
            "/usr/lib/rustlib",
        ] {
            assert!(!text.contains(place), "{name} names {place}");
        }
        assert!(component.len() <= 450 * 1024, "{name} has {} bytes", component.len());
    }
}

#[test]
fn the_same_toolchain_gives_the_same_bytes() {
    let tree = Tree::here();
    let lock = tree.lock().unwrap();
    let toolchain = Toolchain::find().unwrap_or_else(|error| panic!("{error}"));
    for (name, entry) in &lock.plugins {
        if entry.toolchain == toolchain.name() {
            let rebuilt = stand::rebuild(name);
            assert_eq!(
                rebuilt,
                std::fs::read(tree.component(name)).unwrap(),
                "{name} was built differently"
            );
        }
    }
}
