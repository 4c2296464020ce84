//! From the command line to a command, and from its result to an exit code.

use std::io;

use surefoot_desk::Decision;
use surefoot_engine::claims;
use surefoot_kernel::id::Seq;

use crate::app::{App, desk};
use crate::args::{Cli, Command, DEFAULT_DATA, GlobalArgs, parse};
use crate::commands;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::notes::Notes;
use crate::output::Output;
use crate::planning::catalog;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    surefoot_store::hush_guarded_panics();
    let cli = match parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    log_to_stderr(cli.global.verbose);
    run(&cli).unwrap_or_else(|error| {
        let paint = cli.global.color.paint(&io::stderr());
        anstream::eprint!("{}", error.render(cli.global.output, paint));
        error.exit()
    })
}

fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => "surefoot=debug,surefoot_store=debug,surefoot_plugin_host=debug,info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(level);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}

fn run(cli: &Cli) -> Result<ExitCode, CliError> {
    let GlobalArgs {
        output,
        color,
        quiet,
        verbose,
        by,
        ..
    } = &cli.global;
    let out = Output::standard(*output, color.paint(&io::stdout()), *quiet);
    let app = |folder: &str| {
        App::new(
            cli.global.data_or(folder).to_owned(),
            out.clone(),
            by.as_ref(),
            *verbose > 0,
        )
    };
    let act = || app(DEFAULT_DATA);
    let look = || desk(cli.global.data_or(DEFAULT_DATA), &Notes::default());
    match &cli.command {
        Command::Completions(args) => commands::completions::run(args, &out),
        Command::Demo(_) => commands::demo::run(&app(commands::demo::FOLDER)?),
        Command::Run(args) => commands::run::run(args, &act()?),
        Command::Resume(args) => commands::resume::run(args, &act()?),
        Command::Rollback(args) => commands::rollback::run(args, &act()?),
        Command::Abort(args) => commands::abort::run(&act()?, &args.id, args.reason.clone(), claims(by.as_ref(), None)),
        Command::Resolve(args) => {
            let decision = Decision::Resolve {
                subject: args.subject.clone(),
                resolution: args.decision.into(),
                reason: args.reason.clone(),
                hold: args.hold.map(Seq),
            };
            commands::decide::run(&act()?, &args.id, decision, claims(by.as_ref(), None))
        }
        Command::Approve(args) => {
            let decision = Decision::Approve {
                phase: args.checkpoint.clone(),
                role: args.role.clone(),
                note: args.note.clone(),
            };
            let who = claims(by.as_ref(), Some(&args.role));
            commands::decide::run(&act()?, &args.id, decision, who)
        }
        Command::Refuse(args) => {
            let decision = Decision::Refuse {
                phase: args.checkpoint.clone(),
                role: args.role.clone(),
                note: args.note.clone(),
            };
            let who = claims(by.as_ref(), Some(&args.role));
            commands::decide::run(&act()?, &args.id, decision, who)
        }
        Command::Erase(args) => commands::erase::run(args, &act()?),
        Command::Check(args) => {
            let app = act()?;
            let catalog = catalog(&app, &args.runbook)?;
            commands::check::run(args, &catalog, &out)
        }
        Command::Plan(args) => {
            let app = act()?;
            let catalog = catalog(&app, &args.runbook)?;
            commands::plan::run(args, &look()?, &catalog, &out)
        }
        Command::Status(args) => commands::status::run(args, &look()?, &out),
        Command::List(args) => commands::list::run(args, &look()?, &out),
        Command::Watch(args) => commands::watch::run(args, &look()?, &out),
        Command::Log(args) => commands::log::run(args, &look()?, &out),
        Command::Targets(args) => commands::targets::run(args, &look()?, &out),
    }
}
