//! Drives one runner: what it wants is carried out, and what comes of it is told to it.
//!
//! A single task owns the runner: everything reaches it as a message, in order. Appends are
//! submitted to the log's writer, attempts run as tasks of their own, and what either of them
//! has to say comes back as a message. Nothing here decides anything.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use surefoot_kernel::actor::Actor;
use surefoot_kernel::event::Record;
use surefoot_kernel::id::StepId;
use surefoot_kernel::machine::{Command, Deployment, Rejection};
use surefoot_kernel::runner::{Input, Output, Runner, Stop, Token};
use surefoot_kernel::time::{Span, Timestamp};
use surefoot_plugin_host::Child;
use tokio::sync::oneshot;

use crate::attempts::{Attempts, Execution, Look};
use crate::crash;
use crate::engine::Engine;
use crate::message::{Inbox, Message, Messages, PluginLost};

/// Why driving came to its end.
#[derive(Debug)]
pub enum Driven {
    /// The runner stopped.
    Stopped(Stop),
    /// A plugin could not be loaded; the deployment stands where it stood.
    PluginLost(PluginLost),
    /// What an earlier runner left running cannot be looked for, so nothing may go on beside it.
    Unsettled(io::Error),
    /// Somebody could not wait.
    Quit,
}

/// Who watches a deployment being driven.
pub trait Observer {
    /// These records are durable, and led here.
    fn recorded(&mut self, records: &[Record], deployment: Option<&Deployment>);
    /// A plugin's word.
    fn progress(&mut self, step: &StepId, text: &str);
    /// Nothing goes on until a person decides. True: stop running until then.
    fn waits_for_a_person(&mut self, deployment: &Deployment) -> bool;
}

/// Longest sleep between two looks at the clock, so that a jump of the wall clock is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Drives one deployment until the runner stops.
pub async fn drive(
    engine: &Engine,
    runner: &mut Runner,
    inbox: &Inbox,
    messages: &mut Messages,
    observer: &mut dyn Observer,
) -> Driven {
    let mut drive = Drive {
        engine,
        inbox,
        attempts: Attempts::default(),
        answers: HashMap::new(),
        token: 0,
    };
    let mut input = Input::Tick;
    if let Some(d) = runner.state().deployment() {
        match drive.settle(d, messages, observer).await {
            Ok(first) => input = first,
            Err(driven) => return driven,
        }
    }
    let mut held_since = None;
    loop {
        let records = match &input {
            Input::Appended(Ok(appended)) => appended.records.clone(),
            _ => Vec::new(),
        };
        if !records.is_empty() {
            crash::point(crash::Point::AfterAppend);
        }
        let (mut wake, mut stop) = (None, None);
        for output in runner.handle(engine.clock.now(), input) {
            match output {
                Output::WakeAt(at) => wake = Some(wake.map_or(at, |wake: Timestamp| wake.min(at))),
                Output::Stopped(reason) => stop = Some(reason),
                other => drive.carry_out(other, runner.state().deployment()),
            }
        }
        if !records.is_empty() {
            observer.recorded(&records, runner.state().deployment());
        }
        if let Some(reason) = stop {
            drive.attempts.end_all().await;
            return Driven::Stopped(reason);
        }
        let held = runner.state().deployment().filter(|_| runner.waits_for_a_person());
        let hold = held.and_then(|d| d.hold.as_ref()).map(|hold| hold.seq);
        if let Some(d) = held.filter(|_| hold != held_since)
            && observer.waits_for_a_person(d)
        {
            let _gone = inbox.send(Message::Input(Input::Stop {
                reason: "waiting for a person".to_owned(),
            }));
        }
        held_since = hold;
        input = match drive.next(messages, observer, wake).await {
            Ok(input) => input,
            Err(driven) => {
                drive.attempts.end_all().await;
                return driven;
            }
        };
    }
}

fn still_running(child: &Child) -> String {
    let [age, left] = [child.age(), child.time_left()].map(|time| Span::seconds(time.as_secs()));
    let pid = child.pid();
    format!("process {pid} is still running after {age}; waiting at most {left} until it ends")
}

struct Drive<'a> {
    engine: &'a Engine,
    inbox: &'a Inbox,
    attempts: Attempts,
    answers: HashMap<Token, oneshot::Sender<Result<(), Rejection>>>,
    token: u64,
}

impl Drive<'_> {
    fn carry_out(&mut self, output: Output, deployment: Option<&Deployment>) {
        match output {
            Output::Append(append) => {
                crash::point(crash::Point::BeforeAppend);
                let inbox = self.inbox.clone();
                let done = move |result| {
                    let _gone = inbox.send(Message::Input(Input::Appended(result)));
                };
                self.engine.log.submit(append, Box::new(done));
            }
            Output::Execute {
                step,
                attempt,
                input,
                record,
                deadline,
            } => {
                if let Some(d) = deployment {
                    let time_left = deadline.since(self.engine.clock.now()).std();
                    let execution = Execution {
                        step,
                        attempt,
                        input,
                        record,
                        look: None,
                        time_left,
                    };
                    self.attempts.execute(self.engine, d, self.inbox, execution);
                }
            }
            Output::Reconcile {
                step,
                attempt,
                input,
                doubt,
                look,
            } => {
                if let Some(d) = deployment {
                    let look = Look {
                        step,
                        attempt,
                        input,
                        doubt,
                        look,
                    };
                    self.attempts.reconcile(self.engine, d, self.inbox, look);
                }
            }
            Output::Cancel { step, attempt } => self.attempts.cancel(&step, attempt),
            Output::Reply { token, result } => {
                if let Some(answer) = self.answers.remove(&token) {
                    let _gone = answer.send(result);
                }
            }
            Output::WakeAt(_) | Output::Stopped(_) => {}
        }
    }

    /// Waits for what an earlier runner of this deployment has left running; gives back what the runner
    /// hears first. Whatever is sent to it meanwhile is heard afterwards; only who cannot wait breaks it off.
    async fn settle(
        &self,
        deployment: &Deployment,
        messages: &mut Messages,
        observer: &mut dyn Observer,
    ) -> Result<Input, Driven> {
        let left_over = self
            .engine
            .children
            .left_over(deployment.id)
            .map_err(Driven::Unsettled)?;
        if !left_over.is_empty() {
            observer.recorded(&[], Some(deployment));
        }
        let (mut ended, mut kept) = (Vec::new(), Vec::new());
        for child in left_over {
            observer.progress(child.step(), &still_running(&child));
            let (step, attempt) = (child.step().clone(), child.attempt());
            let (effect, look, pid) = (child.effect(), child.look(), child.pid());
            let mut settled = std::pin::pin!(child.settled());
            let by_itself = loop {
                tokio::select! {
                    by_itself = &mut settled => break by_itself,
                    message = messages.recv() => match message {
                        Some(Message::Quit | Message::Input(Input::Stop { .. })) | None => return Err(Driven::Quit),
                        Some(message) => kept.push(message),
                    },
                }
            };
            let command = Command::Settle {
                step,
                attempt,
                effect,
                pid,
                by_itself,
                look,
            };
            ended.push(Input::Command {
                command,
                actor: Actor::Surefoot,
                token: None,
            });
        }
        let mut ended = ended.into_iter();
        let first = ended.next().unwrap_or(Input::Tick);
        for message in ended.map(Message::Input).chain(kept) {
            let _gone = self.inbox.send(message);
        }
        Ok(first)
    }

    async fn next(
        &mut self,
        messages: &mut Messages,
        observer: &mut dyn Observer,
        wake: Option<Timestamp>,
    ) -> Result<Input, Driven> {
        loop {
            let pause = wake.map_or(LONGEST_SLEEP, |at| {
                at.since(self.engine.clock.now()).std().min(LONGEST_SLEEP)
            });
            let message = tokio::select! {
                message = messages.recv() => message,
                () = tokio::time::sleep(pause) => return Ok(Input::Tick),
            };
            match message {
                Some(Message::Input(input)) => return Ok(input),
                Some(Message::Ask { command, actor, answer }) => {
                    self.token += 1;
                    let token = Token(self.token);
                    self.answers.insert(token, answer);
                    return Ok(Input::Command {
                        command,
                        actor,
                        token: Some(token),
                    });
                }
                Some(Message::Progress { step, text }) => observer.progress(&step, &text),
                // The engine itself holds a sender, so the second does not happen while it drives.
                Some(Message::Quit) | None => return Err(Driven::Quit),
                Some(Message::PluginLost(lost)) => return Err(Driven::PluginLost(lost)),
            }
        }
    }
}
