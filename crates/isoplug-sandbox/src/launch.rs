//! The outside of a sandbox: starts it, gives it its maps and its job, and listens.
//!
//! When the caller cancels or dies, the kernel kills all that runs inside.

use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::given::{self, Named};
use super::job::{Answer, Order};
use super::{
    ARGUMENT, Error, Job, Kept, Limits, Over, clean, group::Group, identity, lines, memory, sealed,
};

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
    let mut order = Order { job: job.clone(), memory: memory::free() };
    let limits = &mut order.job.limits;
    limits.memory = limits.memory.or(memory::for_programs(order.memory));
    let input = serde_json::to_string(&order).unwrap_or_default();
    let folder = Some(job.folder.as_path());
    let _lent = job.changed.as_deref().map(identity::Lent::new).transpose()?;
    let (files, limits) = (job.files(), &order.job.limits);
    let launch = Launch { role: "init", input: &input, files, folder, limits };
    let done = launch.run(watch);
    if done.is_err() {
        clean(&job.folder)?;
    }
    done
}

/// How many lines a failure repeats.
const TAIL: usize = 20;
/// How many lines may wait to be passed on.
const WAITING: usize = 1024;

/// A role to play as process 1 of a new sandbox.
pub(super) struct Launch<'a> {
    pub(super) role: &'a str,
    /// One line, which it is told.
    pub(super) input: &'a str,
    /// What it may ask for.
    pub(super) files: Vec<Named>,
    /// The folder of the build machine that it gets.
    pub(super) folder: Option<&'a Path>,
    pub(super) limits: &'a Limits,
}

impl Launch<'_> {
    pub(super) fn run(&self, watch: &dyn Watch) -> Result<Kept, Error> {
        if let Some(folder) = self.folder {
            identity::hand_over(folder)?;
        }
        let (socket, theirs) = UnixStream::pair().map_err(Error::io("make", "a socket"))?;
        let child = self.start(theirs)?;
        std::thread::scope(|scope| {
            scope.spawn(|| given::serve(&socket, &self.files));
            let done = self.converse(child, &socket, watch);
            // Nobody asks any more.
            _ = socket.shutdown(Shutdown::Both);
            done
        })
    }

    fn start(&self, socket: UnixStream) -> Result<Child, Error> {
        let program = sealed::program().map_err(Error::io("copy into memory", "/proc/self/exe"))?;
        let folder = self.folder.unwrap_or(Path::new("/"));
        let mut command = Command::new(&program);
        command.arg0("isoplug").args([ARGUMENT, "namespaces", self.role]).env_clear();
        // The folder that process 1 shows programs needs no other way to it than this.
        command.current_dir(folder).stdin(OwnedFd::from(socket));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(Error::io("execute", program))
    }

    fn converse(
        &self,
        mut child: Child,
        socket: &UnixStream,
        watch: &dyn Watch,
    ) -> Result<Kept, Error> {
        watch.waits();
        let told = listen(&mut child, self.limits.line);
        let (process, output) = (child.id(), self.limits.output);
        let (tail, group) = (VecDeque::new(), Group::new(self.limits));
        let mut conversation =
            Conversation { socket, launch: self, watch, process, group, output, tail };
        let end = conversation.hold(&told);
        if end.is_err() {
            _ = child.kill();
        }
        watch.spent(spent(child.id()).unwrap_or_default());
        let status = child.wait().map_err(Error::io("wait for", "the sandbox"))?;
        conversation.rest(&told);
        conversation.judge(end, status)
    }
}

/// Waits for the end of a child and returns the CPU time that it and all below it took, which is
/// known until somebody asks how the child ended.
fn spent(process: u32) -> Option<Duration> {
    let child = Pid::from_raw(process.cast_signed())?;
    waitid(WaitId::Pid(child), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).ok()?;
    isoplug_engine::cpu_time(&process.to_string(), true)
}

enum Told {
    Answer(Answer),
    Line(String),
}

/// Reads both streams of the child, each on its own thread.
fn listen(child: &mut Child, longest: usize) -> Receiver<Told> {
    let (sender, told) = sync_channel(WAITING);
    if let Some(stdout) = child.stdout.take() {
        let answer = |line: String| serde_json::from_str(&line).ok().map(Told::Answer);
        forward(stdout, ANSWER, sender.clone(), answer);
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, longest, sender, |line| Some(Told::Line(line)));
    }
    told
}

/// The most bytes of an answer, which may tell many names.
const ANSWER: usize = 1 << 20;

fn forward(
    stream: impl Read + Send + 'static,
    longest: usize,
    sender: SyncSender<Told>,
    told: impl Fn(String) -> Option<Told> + Send + 'static,
) {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        while let Ok(Some(line)) = lines::next(&mut stream, longest) {
            if told(line).map(|told| sender.send(told)).is_some_and(|sent| sent.is_err()) {
                return;
            }
        }
    });
}

struct Conversation<'a> {
    socket: &'a UnixStream,
    launch: &'a Launch<'a>,
    watch: &'a dyn Watch,
    process: u32,
    group: Option<Group>,
    /// The bytes of output that may still be passed on.
    output: u64,
    tail: VecDeque<String>,
}

impl Conversation<'_> {
    /// Listens until the sandbox is done or gone: `None` if it went without an answer.
    fn hold(&mut self, told: &Receiver<Told>) -> Result<Option<Answer>, Error> {
        let (start, time) = (Instant::now(), self.launch.limits.time);
        loop {
            if self.watch.is_cancelled() {
                return Err(Error::Cancelled);
            }
            if start.elapsed() > time {
                return Err(Error::Time { limit: time, tail: self.tail.iter().cloned().collect() });
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
        // Where the kernel refuses it after all, the guard inside is left.
        self.group = self.group.take().filter(|group| group.take(self.process).is_ok());
        // If it is gone, its end says more than this write's failure.
        _ = self.socket.write_all(format!("!{}\n", self.launch.input).as_bytes());
        Ok(())
    }

    fn line(&mut self, line: String) {
        if let Some(rest) = self.output.checked_sub(line.len() as u64 + 1) {
            self.output = rest;
            self.watch.line(&line);
        } else if self.output > 0 {
            self.output = 0;
            self.watch.line("[further output is left out]");
        }
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

    /// Whatever it answers: what lacked a program that was ended is not what its scripts meant to make.
    fn over(&self) -> Option<Over> {
        self.group.as_ref().and_then(|group| group.over(self.launch.limits))
    }

    fn judge(self, end: Result<Option<Answer>, Error>, status: ExitStatus) -> Result<Kept, Error> {
        let (end, over) = (end?, self.over());
        let tail = Vec::from(self.tail);
        if let Some(over) = over {
            return Err(Error::Limit { over, tail });
        }
        match end {
            Some(Answer::Done(kept)) => Ok(kept),
            Some(Answer::Failed(failure)) => Err(Error::from_failure(failure, tail)),
            Some(Answer::Refused(errno)) => {
                Err(Error::refused("user namespaces".to_owned(), errno))
            }
            Some(Answer::Unmapped) | None => Err(Error::Died { status: status.to_string(), tail }),
        }
    }
}
