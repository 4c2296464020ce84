//! From the command line to a command, and from its result to an exit code.

use std::io;
use std::sync::Arc;

use surefoot_kernel::id::Seq;
use surefoot_kernel::port::{BlobStore, MemoryLog};
use surefoot_kernel::runbook::{MemoryCatalog, PluginCatalog};
use surefoot_store::{Entries, FileBlobs};

use crate::access::{Decision, Reader};
use crate::app::App;
use crate::args::{Cli, Command, DEFAULT_DATA, GlobalArgs, parse};
use crate::commands;
use crate::context::{Alone, Context, Format, Output};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::people::Claims;
use crate::planning::catalog;
use crate::session::refused;
use crate::view::paint::Paint;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    surefoot_store::log::hush_guarded_panics();
    let cli = match parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let format = Format::from(cli.global.output);
    log_to_stderr(cli.global.verbose);
    run(&cli, format).unwrap_or_else(|error| {
        let paint = Paint::choose(cli.global.color, &io::stderr());
        anstream::eprint!("{}", error.render(format, paint));
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

fn run(cli: &Cli, format: Format) -> Result<ExitCode, CliError> {
    let GlobalArgs {
        color,
        quiet,
        verbose,
        by,
        ..
    } = &cli.global;
    let out = Output::standard(format, Paint::choose(*color, &io::stdout()), *quiet);
    let app = |folder: &str| {
        App::new(
            cli.global.data_or(folder).to_owned(),
            out.clone(),
            by.as_ref(),
            *verbose > 0,
        )
    };
    let act = || app(DEFAULT_DATA);
    let none = MemoryCatalog::default();
    match &cli.command {
        Command::Completions(args) => commands::completions::run(args, &out),
        Command::Demo(_) => commands::demo::run(&app(commands::demo::FOLDER)?),
        Command::Run(args) => commands::run::run(args, &act()?),
        Command::Resume(args) => commands::resume::run(args, &act()?),
        Command::Rollback(args) => commands::rollback::run(args, &act()?),
        Command::Abort(args) => {
            commands::abort::run(&act()?, &args.id, args.reason.clone(), Claims::new(by.as_ref(), None))
        }
        Command::Resolve(args) => {
            let decision = Decision::Resolve(
                args.subject.clone(),
                args.decision.into(),
                args.reason.clone(),
                args.hold.map(Seq),
            );
            commands::decide::run(&act()?, &args.id, decision, Claims::new(by.as_ref(), None))
        }
        Command::Approve(args) => {
            let decision = Decision::Approve(args.checkpoint.clone(), args.role.clone(), args.note.clone());
            let claims = Claims::new(by.as_ref(), Some(&args.role));
            commands::decide::run(&act()?, &args.id, decision, claims)
        }
        Command::Refuse(args) => {
            let decision = Decision::Refuse(args.checkpoint.clone(), args.role.clone(), args.note.clone());
            let claims = Claims::new(by.as_ref(), Some(&args.role));
            commands::decide::run(&act()?, &args.id, decision, claims)
        }
        Command::Erase(args) => commands::erase::run(args, &act()?),
        Command::Check(args) => {
            let app = act()?;
            let catalog = catalog(&app, &args.runbook)?;
            let log = Arc::new(MemoryLog::default());
            commands::check::run(
                args,
                &Context {
                    log,
                    blobs: None,
                    catalog: &catalog,
                    surroundings: &Alone,
                    out,
                },
            )
        }
        Command::Plan(args) => {
            let app = act()?;
            let catalog = catalog(&app, &args.runbook)?;
            look(cli, out, &catalog, |ctx| commands::plan::run(args, ctx))
        }
        Command::Status(args) => look(cli, out, &none, |ctx| commands::status::run(args, ctx)),
        Command::List(args) => look(cli, out, &none, |ctx| commands::list::run(args, ctx)),
        Command::Watch(args) => look(cli, out, &none, |ctx| commands::watch::run(args, ctx)),
        Command::Log(args) => look(cli, out, &none, |ctx| commands::log::run(args, ctx)),
        Command::Targets(args) => look(cli, out, &none, |ctx| commands::targets::run(args, ctx)),
    }
}

fn look(
    cli: &Cli,
    out: Output,
    catalog: &dyn PluginCatalog,
    command: impl FnOnce(&Context<'_>) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    let folder = cli.global.data_or(DEFAULT_DATA);
    let reader = Arc::new(Reader::new(folder).map_err(|error| refused(error, folder))?);
    let blobs = folder.join("blobs");
    let blobs = if blobs.is_dir() {
        Some(Arc::new(FileBlobs::open(&blobs)?) as Arc<dyn BlobStore>)
    } else {
        None
    };
    let log: Arc<dyn Entries> = reader.clone();
    command(&Context {
        log,
        blobs,
        catalog,
        surroundings: &*reader,
        out,
    })
}
