//! Runs commands in a root shell over a serial line that other things write to as well.
//!
//! Commands go in as base64, in lines short enough for a terminal's input queue; the shell says how
//! much it has got. Answers come as framed base64 lines with a count, from a file that stays in the
//! guest, so what a kernel message has torn is asked for again. The command itself runs once.

mod frame;

use std::time::Duration;

use crate::events::Events;
use crate::pace::Pace;
use crate::serial::Serial;
use crate::trouble::{Halt, Trouble, TroubleKind};
use frame::{Answer, base64};

/// What a command gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    /// Exit status; 124 if it ran out of time.
    pub(crate) status: i32,
    /// The first 64 KiB of stdout and stderr together.
    pub(crate) text: String,
}

impl Output {
    /// Whether the command was ended for want of time; timeout(1) has this status for it.
    pub(crate) fn ran_out_of_time(&self) -> bool {
        self.status == 124
    }
}

/// A shell that understands the frames.
pub(crate) struct Shell<'a> {
    serial: &'a mut Serial,
    events: &'a dyn Events,
    pace: Pace,
    next: u32,
}

/// Input lines stay well below the 4096 bytes that a terminal holds for a busy reader.
const CHUNK: usize = 768;

/// How long the shell may be silent while it handles a line, in usual seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a torn line or answer is repeated.
const TRIES: u32 = 5;

/// `p` writes a frame, `a` collects a piece of a command, `r` runs it, `e` shows the answer (again);
/// `g` and `z` repeat the last frame of what `a`, and `r` or `e`, say.
/// The rest keeps the line quiet: echo off, kernel messages off, systemd's status lines off
/// (SIGRTMIN+21).
const SETUP: &str = r#"PS1= PS2=; stty -echo 2>/dev/null
{ echo 1 >/proc/sys/kernel/printk; [ "$$" = 1 ] || kill -55 1; } 2>/dev/null
cd /; c=; t=$(mktemp -d)
p() { printf '\n@isoplug:%s;\n' "$*"; }
a() { c=$c$2; g $1; }
g() { p $1:got:${#c}; }
r() { printf %s "$c" | base64 -d >$t/c; timeout -k 5 $2 sh $t/c >$t/o 2>&1 </dev/null; s=$?; e $1; }
e() { head -c 65536 $t/o >$t/p; base64 -w 96 $t/p >$t/b; n=0; w=$(wc -c <$t/p)
while read -r l; do n=$((n+1)); p $1:line:$n:$l; done <$t/b; z $1; }
z() { p $1:end:$s:$w; }
"#;

impl<'a> Shell<'a> {
    /// Teaches the frames to a POSIX shell that reads the line; it must run as root.
    pub(crate) fn set_up(
        serial: &'a mut Serial,
        events: &'a dyn Events,
        pace: Pace,
    ) -> Result<Self, Halt> {
        let mut shell = Self { serial, events, pace, next: 0 };
        shell.send(SETUP)?;
        shell.run("true", PATIENCE)?;
        Ok(shell)
    }

    /// Runs a text in `sh` as root, in `/`, with nothing on stdin, for at most `limit` usual seconds.
    pub(crate) fn run(&mut self, script: &str, limit: Duration) -> Result<Output, Halt> {
        self.transfer(&base64(script.as_bytes()))?;
        // The guest's clock is that on the wall.
        let seconds = self.pace.on_the_wall(limit).as_secs().max(1).to_string();
        let mut answer = self.ask("r", &seconds, limit + PATIENCE)?;
        for _ in 0..TRIES {
            if let Some(output) = answer.output() {
                return Ok(output);
            }
            answer = self.ask("e", "", PATIENCE)?;
        }
        Err(lost("an answer that arrived whole"))
    }

    /// Sends without waiting for an answer.
    fn send(&mut self, text: &str) -> Result<(), Halt> {
        self.serial.send(text).map_err(|_| Halt::new(TroubleKind::ShellLost))
    }

    fn transfer(&mut self, text: &str) -> Result<(), Halt> {
        for _ in 0..TRIES {
            self.send("c=\n")?;
            if self.pieces(text)? {
                return Ok(());
            }
        }
        Err(lost("a command to arrive whole"))
    }

    fn pieces(&mut self, text: &str) -> Result<bool, Halt> {
        let mut sent = 0;
        while sent < text.len() {
            let piece = &text[sent..text.len().min(sent + CHUNK)];
            sent += piece.len();
            if self.ask("a", piece, PATIENCE)?.got != Some(sent) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Calls one of the shell's functions and reads up to the frame that ends its answer. Each call
    /// has an id of its own, so a late answer is not taken for the next one's.
    fn ask(&mut self, function: &str, word: &str, patience: Duration) -> Result<Answer, Halt> {
        self.next += 1;
        let (id, mark) = (self.next, self.serial.mark());
        self.send(&format!("{function} {id} {word}\n"))?;
        let repeat = if function == "a" { "g" } else { "z" };
        let (asked, mut remind) = (self.pace.usual(), Duration::from_secs(2));
        let end = self.pace.wall() + self.pace.on_the_wall(patience) * 4;
        while self.pace.usual() < asked + patience && self.pace.wall() < end {
            self.read(Duration::from_millis(100))?;
            let text = self.serial.since(mark);
            if frame::is_last(id, &text) {
                return Ok(Answer::parse(id, &text));
            }
            // The last frame may have been torn; a shell that is busy reads this afterwards.
            if self.pace.usual() > asked + remind {
                self.send(&format!("{repeat} {id}\n"))?;
                remind *= 2;
            }
        }
        Err(lost("an answer in time"))
    }

    fn read(&mut self, wait: Duration) -> Result<bool, Halt> {
        if self.events.cancelled() {
            return Err(Halt::Cancelled);
        }
        // Ctrl-C ends QEMU as well as us.
        self.serial.read(wait).map_err(|_| match self.events.cancelled() {
            true => Halt::Cancelled,
            false => Halt::new(TroubleKind::Stopped),
        })
    }
}

fn lost(what: &str) -> Halt {
    Halt::Trouble(Trouble::with(TroubleKind::ShellLost, format!("waited in vain for {what}")))
}

#[cfg(test)]
mod tests;
