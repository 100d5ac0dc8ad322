//! The outside of a sandbox: starts it, gives it its maps and its job, and listens.
//!
//! When the caller cancels or dies, the kernel kills all that runs inside.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::job::Answer;
use super::{ARGUMENT, Error, Job, Kept, clean, diagnose, identity};

/// Sees what happens inside while it happens.
pub trait Watch {
    /// A program wrote this line.
    fn line(&self, line: &str);
    /// Whether to stop.
    fn is_cancelled(&self) -> bool;
    /// It begins.
    fn waits(&self) {}
    /// It ended; all that ran inside took so much CPU time.
    fn spent(&self, _cpu: Duration) {}
}

/// Does a job in a new sandbox. However it ends, the job's folder is empty then.
///
/// # Errors
/// See [`Error`]; files named by the job may then be half written.
pub fn run(job: &Job, watch: &dyn Watch) -> Result<Kept, Error> {
    let text = serde_json::to_string(job).unwrap_or_default();
    let done = launch("init", &text, watch);
    if done.is_err() {
        clean(&job.folder)?;
    }
    done
}

/// How many lines a failure repeats.
const TAIL: usize = 20;

/// Plays a role as process 1 of a new sandbox, with this line on its standard input.
pub(super) fn launch(role: &str, input: &str, watch: &dyn Watch) -> Result<Kept, Error> {
    let mut child = start(role)?;
    watch.waits();
    let stdin = child.stdin.take();
    let told = listen(&mut child);
    let mut conversation =
        Conversation { stdin, input, watch, process: child.id(), tail: VecDeque::new() };
    let end = conversation.hold(&told);
    if end.is_err() {
        _ = child.kill();
    }
    drop(conversation.stdin.take());
    watch.spent(spent(child.id()).unwrap_or_default());
    let status = child.wait().map_err(Error::io("wait for", "the sandbox"))?;
    conversation.rest(&told);
    conversation.judge(end, status)
}

/// Waits for the end of a child and returns the CPU time that it and all below it took, which is
/// known until somebody asks how the child ended.
fn spent(process: u32) -> Option<Duration> {
    let child = Pid::from_raw(process.cast_signed())?;
    waitid(WaitId::Pid(child), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).ok()?;
    isoplug_engine::cpu_time(&process.to_string(), true)
}

fn start(role: &str) -> Result<Child, Error> {
    let program = "/proc/self/exe";
    let mut command = Command::new(program);
    command.args([ARGUMENT, "namespaces", role]).env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(Error::io("execute", program))
}

enum Told {
    Answer(Answer),
    Line(String),
}

/// Reads both streams of the child, each on its own thread.
fn listen(child: &mut Child) -> Receiver<Told> {
    let (sender, told) = channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone(), |line| serde_json::from_str(line).ok().map(Told::Answer));
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender, |line| Some(Told::Line(line.to_owned())));
    }
    told
}

fn forward(
    stream: impl Read + Send + 'static,
    sender: Sender<Told>,
    told: impl Fn(&str) -> Option<Told> + Send + 'static,
) {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let sent =
                told(String::from_utf8_lossy(&line).trim_end()).map(|told| sender.send(told));
            if sent.is_some_and(|sent| sent.is_err()) {
                return;
            }
            line.clear();
        }
    });
}

struct Conversation<'a> {
    stdin: Option<ChildStdin>,
    input: &'a str,
    watch: &'a dyn Watch,
    process: u32,
    tail: VecDeque<String>,
}

impl Conversation<'_> {
    /// Listens until the sandbox is done or gone: `None` if it went without an answer.
    fn hold(&mut self, told: &Receiver<Told>) -> Result<Option<Answer>, Error> {
        loop {
            if self.watch.is_cancelled() {
                return Err(Error::Cancelled);
            }
            match told.recv_timeout(Duration::from_millis(100)) {
                Ok(Told::Line(line)) => self.line(line),
                Ok(Told::Answer(Answer::Unmapped)) => self.map()?,
                Ok(Told::Answer(end)) => return Ok(Some(end)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    fn map(&mut self) -> Result<(), Error> {
        identity::map(self.process)?;
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        // If it is gone, its end says more than this write's failure.
        _ = stdin.write_all(format!("!{}\n", self.input).as_bytes());
        Ok(())
    }

    fn line(&mut self, line: String) {
        self.watch.line(&line);
        self.tail.push_back(line);
        if self.tail.len() > TAIL {
            self.tail.pop_front();
        }
    }

    /// Takes in the lines that were on their way when the sandbox ended.
    fn rest(&mut self, told: &Receiver<Told>) {
        for told in told.iter() {
            if let Told::Line(line) = told {
                self.line(line);
            }
        }
    }

    fn judge(self, end: Result<Option<Answer>, Error>, status: ExitStatus) -> Result<Kept, Error> {
        let tail = Vec::from(self.tail);
        match end? {
            Some(Answer::Done(kept)) => Ok(kept),
            Some(Answer::Failed(failure)) => Err(Error::from_failure(failure, tail)),
            Some(Answer::Refused(errno)) => {
                let source = std::io::Error::from_raw_os_error(errno);
                Err(Error::Refused { source, fix: diagnose::how_to_allow_user_namespaces() })
            }
            Some(Answer::Unmapped) | None => Err(Error::Died { status: status.to_string(), tail }),
        }
    }
}
