//! Lets a guest run on a thread of its own while the calling thread answers its questions.
//!
//! The guest's state must own all that it holds, and the answers borrow from the caller: so
//! questions travel as closures to where the answers are. The calling thread also watches the
//! time that the guest runs without asking.

use std::any::Any;
use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Rootfs, Surroundings};

/// Whoever answers.
#[derive(Clone, Copy)]
pub(crate) struct Outside<'a> {
    /// What the build knows.
    pub(crate) around: &'a dyn Surroundings,
    /// The root filesystem, once there is one.
    pub(crate) rootfs: Option<&'a dyn Rootfs>,
}

type Question = Box<dyn for<'a> FnOnce(&Outside<'a>) + Send>;

/// The guest's end of the conversation.
pub(crate) struct Line {
    questions: Sender<Question>,
    late: Arc<AtomicBool>,
}

/// The caller has gone, so nobody waits for the guest's result.
const GONE: &str = "whoever called the plugin has gone";

impl Line {
    /// Returns a line that nobody answers.
    pub(crate) fn to_nobody() -> Self {
        Self { questions: channel().0, late: Arc::default() }
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Outside<'_>) -> T + Send + 'static,
    ) -> Result<T, wasmtime::Error> {
        let (answers, answer) = channel();
        let question: Question = Box::new(move |outside| {
            // A guest that was ended meanwhile does not wait for it.
            let _ = answers.send(question(outside));
        });
        self.questions.send(question).map_err(|_| wasmtime::Error::msg(GONE))?;
        answer.recv().map_err(|_| wasmtime::Error::msg(GONE))
    }

    /// Says something, and does not wait.
    pub(crate) fn tell(&self, message: impl FnOnce(&Outside<'_>) + Send + 'static) {
        // A caller that has gone does not listen.
        let _ = self.questions.send(Box::new(message));
    }

    /// Returns what becomes true when the guest's time is over.
    pub(crate) fn late(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.late)
    }
}

/// The stack of a guest's thread, in bytes: above what the guest itself may use.
const STACK: usize = 4 << 20;

/// Runs a guest, and answers it until it ends. `wake` lets the guest look at whether it is late.
pub(crate) fn converse<T: Send>(
    outside: &Outside<'_>,
    time: Duration,
    wake: impl Fn(),
    guest: impl FnOnce(Line) -> T + Send,
) -> io::Result<T> {
    let (questions, asked) = channel();
    let late = Arc::new(AtomicBool::new(false));
    let line = Line { questions, late: Arc::clone(&late) };
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        let guest = thread.spawn_scoped(scope, move || guest(line))?;
        answer(outside, time, &asked, || {
            late.store(true, Ordering::Relaxed);
            wake();
        });
        Ok(guest.join().unwrap_or_else(|panic: Box<dyn Any + Send>| resume_unwind(panic)))
    })
}

/// Answers until the guest has gone; calls `end` again and again once its time is over.
fn answer(outside: &Outside<'_>, time: Duration, asked: &Receiver<Question>, end: impl Fn()) {
    let mut left = time;
    loop {
        let begin = Instant::now();
        let question = asked.recv_timeout(left);
        left = left.saturating_sub(begin.elapsed());
        match question {
            Ok(question) => question(outside),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                end();
                left = Duration::from_millis(50);
            }
        }
    }
}
