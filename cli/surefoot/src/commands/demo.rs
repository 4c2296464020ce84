//! `surefoot demo`: the main job on the bundled sample, start to end, with real processes.
//!
//! Three deployments: v1, v2 under continuous traffic, and a release that answers 10 % errors, which is
//! refused and rolled back. Everything that was started is stopped at the end, also when interrupted.

mod sample;
mod story;

use std::path::Path;

use surefoot_desk::{Desk as _, EnvironmentSelector};
use surefoot_kernel::event::Ending;
use surefoot_kernel::machine::{Deployment, Target};

use crate::app::App;
use crate::commands::run::deploy;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::format::Format;
use crate::session::Left;
use sample::{Sample, Traffic};
use story::{Chapter, Story};

/// Where the demo keeps its data if nothing else is said.
pub const FOLDER: &str = ".surefoot-demo";

/// Plays the demo.
///
/// # Errors
/// The sample is not built, or the story did not go as it should.
pub fn run(app: &App) -> Result<ExitCode, CliError> {
    let sample = Sample::new(&app.data)?;
    let interrupted = app.runtime.block_on(async { sample::watch_for_signals() })?;
    say(
        app,
        &format!(
            "The sample runs on ports {} to {}; its files are in {}.",
            sample.first_port(),
            sample.last_port(),
            sample.home().display()
        ),
    )?;
    let mut story = Story::new();
    let plan: [(&str, &str, ExitCode); 3] = [
        ("v1", "the first release", ExitCode::Ok),
        (
            "v2",
            "the next one, blue-green, while customers keep coming",
            ExitCode::Ok,
        ),
        (
            "v4-errors",
            "a bad one: every tenth answer is an error",
            ExitCode::RolledBack,
        ),
    ];
    for (number, (version, about, expected)) in plan.into_iter().enumerate() {
        say(app, &format!("\n── {} of 3 · {version}: {about}\n", number + 1))?;
        let rows_before = sample.orders().ok();
        let traffic = (number == 1).then(|| Traffic::start(&sample)).transpose()?;
        let left = deploy(&sample.arguments(version), app)?;
        let traffic = traffic.map(Traffic::finish).transpose()?;
        if interrupted.is_set() || left.exit == ExitCode::Waiting {
            return Err(stopped(&left.deployment, &app.data));
        }
        let chapter = Chapter {
            rows_before,
            rows_after: sample.orders().ok(),
            traffic,
            expected,
            left,
        };
        as_expected(&chapter)?;
        story.add(chapter);
    }
    let last = story
        .last()
        .ok_or_else(|| CliError::new(ExitCode::Internal, "the demo told no story"))?;
    let targets = targets(app, last)?;
    if app.out.format == Format::Human {
        app.out.text(&story.summary(&targets, &app.data, app.out.paint))?;
    } else {
        app.out.json(&story.json(&targets, &app.data))?;
    }
    Ok(ExitCode::Ok)
}

fn say(app: &App, text: &str) -> Result<(), CliError> {
    if app.out.format == Format::Human && !app.out.quiet {
        app.out.text(&format!("{text}\n"))
    } else {
        Ok(())
    }
}

fn targets(app: &App, last: &Left) -> Result<Vec<Target>, CliError> {
    let desk = app.desk()?;
    let at = &last.deployment.plan.environment;
    let ended = desk.environment(at)?.history.last().map(|history| history.ending);
    if ended != Some(Ending::RolledBack) {
        return Err(CliError::new(
            ExitCode::Internal,
            format!("{at} should have been rolled back, but it {ended:?}"),
        ));
    }
    let all = desk.targets(Some(&EnvironmentSelector::from(at)), usize::MAX)?;
    Ok(all.into_iter().flat_map(|of| of.targets).collect())
}

fn as_expected(chapter: &Chapter) -> Result<(), CliError> {
    let version = &chapter.left.deployment.plan.release.version;
    let unexpected =
        |text: String| CliError::new(ExitCode::Internal, format!("the demo did not go as it should: {text}"));
    if chapter.left.exit != chapter.expected {
        let text = format!(
            "{version} ended {}, not {}",
            chapter.left.exit.name(),
            chapter.expected.name()
        );
        return Err(unexpected(text).hint("the progress above says why; `surefoot status --data …` shows it again"));
    }
    if let Some(traffic) = &chapter.traffic
        && traffic.failed > 0
    {
        return Err(unexpected(format!(
            "{} of {} requests failed during {version}",
            traffic.failed, traffic.requests
        )));
    }
    match (chapter.rows_before, chapter.rows_after) {
        (Some(before), Some(after)) if after < before => Err(unexpected(format!(
            "there were {before} orders before {version} and {after} after it"
        ))),
        _ => Ok(()),
    }
}

fn stopped(deployment: &Deployment, data: &Path) -> CliError {
    CliError::new(
        ExitCode::Waiting,
        format!(
            "the demo was stopped; deployment {} is unfinished",
            deployment.id.short()
        ),
    )
    .hint(format!(
        "its log stays in {}; `surefoot demo` starts over with a new folder",
        data.display()
    ))
}
