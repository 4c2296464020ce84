//! What `wit-bindgen` makes of the interface: the host's functions once, and each exported interface once.
//!
//! A component's world is the sum of what it exports: every plugin exports `plugin`, and one of the others.
//! The worlds of the package are such sums, and generating each of them would generate `plugin` five times,
//! so a world of one export each is used here.
#![expect(
    missing_docs,
    unreachable_pub,
    reason = "generated: the calling convention of the component model"
)]

pub mod host {
    wit_bindgen::generate!({ world: "host", path: "../../wit", generate_all });
}

macro_rules! export {
    ($module:ident, $wit:literal, $macro:literal, $path:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                inline: $wit,
                path: "../../wit",
                with: { "surefoot:plugin/types@1.0.0": crate::bindings::host::surefoot::plugin::types },
                pub_export_macro: true,
                export_macro_name: $macro,
                default_bindings_module: $path,
            });
        }
    };
}

export!(
    plugin,
    "package surefoot:sdk; world exports-plugin { export surefoot:plugin/plugin@1.0.0; }",
    "export_plugin",
    "surefoot_sdk::export::plugin"
);
export!(
    backup,
    "package surefoot:sdk; world exports-backup { export surefoot:plugin/backup@1.0.0; }",
    "export_backup",
    "surefoot_sdk::export::backup"
);
export!(
    deploy,
    "package surefoot:sdk; world exports-deploy { export surefoot:plugin/deploy@1.0.0; }",
    "export_deploy",
    "surefoot_sdk::export::deploy"
);
export!(
    validate,
    "package surefoot:sdk; world exports-validate { export surefoot:plugin/validate@1.0.0; }",
    "export_validate",
    "surefoot_sdk::export::validate"
);
export!(
    notify,
    "package surefoot:sdk; world exports-notify { export surefoot:plugin/notify@1.0.0; }",
    "export_notify",
    "surefoot_sdk::export::notify"
);
export!(
    task,
    "package surefoot:sdk; world exports-task { export surefoot:plugin/task@1.0.0; }",
    "export_task",
    "surefoot_sdk::export::task"
);
