//! The command line as it is typed.

use clap::{CommandFactory, error::ErrorKind};
use surefoot::args::{Cli, Command, Decision, parse};
use surefoot::color::ColorChoice;
use surefoot::exit::ExitCode;
use surefoot::format::Format;
use surefoot_desk::{Claims, Name};

fn surefoot(line: &str) -> Result<Cli, clap::Error> {
    parse(std::iter::once("surefoot").chain(line.split_whitespace()))
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_help_with_examples() {
    for command in Cli::command().get_subcommands() {
        let error = surefoot(&format!("{} --help", command.get_name())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DisplayHelp, "{}", command.get_name());
        assert_eq!(error.exit_code(), 0);
        let help = error.to_string();
        assert!(help.contains("Examples:\n  surefoot "), "{help}");
    }
}

#[test]
fn rollback_help_is_only_help_wherever_it_stands() {
    for line in [
        "rollback --help",
        "rollback -h",
        "rollback --yes --help",
        "rollback --to v1 --help",
        "help rollback",
    ] {
        let error = surefoot(line).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DisplayHelp, "{line}");
    }
    assert!(surefoot("rollback --to --help").is_err(), "an option is not a version");
}

#[test]
fn a_wrong_line_ends_with_two() {
    for line in [
        "",
        "deploy",
        "run",
        "run a.yaml --set novalue",
        "run a.yaml --env a/b",
        "rollback --force",
        "abort 3fa9",
        "abort 3fa9 --reason=",
        "resolve 3fa9 step maybe --reason x",
        "approve 3fa9 validate",
        "status -o jsonl",
        "status -q -v",
        "list --by a\u{1b}[2Jb",
        "list --by a\u{202e}b",
        &format!("list --by {}", "x".repeat(257)),
    ] {
        let error = surefoot(line).unwrap_err();
        assert_eq!(
            error.exit_code(),
            i32::from(ExitCode::Usage.number()),
            "{line}: {error}"
        );
    }
}

#[test]
fn options_of_every_command_may_stand_behind_it() {
    let cli = surefoot("list -o jsonl --data /tmp/x --color never -v").unwrap();
    assert_eq!(cli.global.output, Format::Jsonl);
    assert_eq!(cli.global.color, ColorChoice::Never);
    assert_eq!(cli.global.data_or(".surefoot"), std::path::Path::new("/tmp/x"));
    assert_eq!(cli.global.verbose, 1);
}

#[test]
fn a_claimed_name_is_one_line_or_none() {
    let claimed = |name: &str| {
        let by: Name = name.parse()?;
        Ok::<_, String>(Claims::new(Some(&by), None).name)
    };
    assert_eq!(claimed(" Ada Lovelace "), Ok(Some("Ada Lovelace".to_owned())));
    assert_eq!(claimed("  "), Ok(None));
    assert_eq!(claimed("アダ 👩‍💻"), Ok(Some("アダ 👩‍💻".to_owned())));
    for wrong in ["a\nb", "a\u{7f}", "\u{feff}root", "a\u{2066}b", &"ü".repeat(129)] {
        assert!(claimed(wrong).is_err(), "{wrong:?}");
    }
    for wrong in ["a\0", &"x".repeat(257)] {
        let claims = |name: &str, role: &str| Claims {
            name: Some(name.to_owned()),
            role: Some(role.to_owned()),
        };
        assert!(claims("ada", wrong).check().is_err());
        assert!(claims(wrong, "lead").check().is_err());
        assert!(claims("ada", "technical lead").check().is_ok());
    }
}

#[test]
fn what_is_typed_arrives() {
    let line = "run deploy.yaml --env production --version v2 --commit 4f1c --set a=1 --set b=x=y --yes";
    let Command::Run(run) = surefoot(line).unwrap().command else {
        panic!("not run")
    };
    assert_eq!(run.release.version.as_deref(), Some("v2"));
    let settings: Vec<_> = run
        .release
        .settings
        .iter()
        .map(|s| (s.key.as_str(), s.value.as_str()))
        .collect();
    assert_eq!(settings, [("a", "1"), ("b", "x=y")]);
    assert!(run.yes);

    let Command::Resolve(resolve) = surefoot("resolve 3fa9 migrate not-applied --reason looked")
        .unwrap()
        .command
    else {
        panic!("not resolve")
    };
    assert_eq!(
        (resolve.subject.as_str(), resolve.decision),
        ("migrate", Decision::NotApplied)
    );

    let Command::Targets(targets) = surefoot("targets --env shop/production").unwrap().command else {
        panic!("not targets")
    };
    let env = targets.env.unwrap();
    assert!(env.matches(&"shop/production".parse().unwrap()));
    assert!(!env.matches(&"cart/production".parse().unwrap()));
}

#[test]
fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
    let colored = ColorChoice::is_colored;
    assert!(colored(ColorChoice::Always, true, false, false));
    assert!(!colored(ColorChoice::Never, false, true, true));
    assert!(colored(ColorChoice::Auto, false, false, true));
    assert!(!colored(ColorChoice::Auto, false, false, false));
    assert!(colored(ColorChoice::Auto, false, true, false));
    assert!(!colored(ColorChoice::Auto, true, true, true));
}

#[test]
fn exit_codes_are_what_is_documented() {
    let numbers: Vec<_> = ExitCode::ALL.iter().map(|code| code.number()).collect();
    assert_eq!(numbers, (0..=10).collect::<Vec<_>>());
}
