//! The smallest guest: says that it runs, counts, and says that it has counted.
//!
//! What it says and when tells whether a machine runs at all, which a device that opens and a QEMU that
//! starts do not, and how fast. Takes a fraction of a second.

use std::io::{BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::pace::Pace;
use crate::{Accelerator, Arch};

/// What it counts to.
const COUNT: u32 = 100_000_000;

/// How long emulation takes for that on a usual machine.
const USUAL: f64 = 0.2;

/// No machine that works takes so long to begin, or to count; in usual seconds, and on the wall.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(120);

/// Why the guest did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// QEMU ended; what it said.
    Ended(String),
    /// The guest never ran.
    Silent,
    /// It began and did not come far.
    Crawls,
}

/// Runs it, and returns how many times slower than usual emulation it counted; less than 1 is faster.
pub(crate) fn run(qemu: &Path, arch: Arch, accelerator: Accelerator) -> Result<f64, Why> {
    let folder = tempfile::tempdir().map_err(|error| Why::Ended(error.to_string()))?;
    let image = folder.path().join("tiny");
    std::fs::write(&image, code(arch)).map_err(|error| Why::Ended(error.to_string()))?;
    let child = command(qemu, arch, accelerator, &image).spawn();
    let mut child = child.map_err(|error| Why::Ended(error.to_string()))?;
    let counted = listen(&mut child);
    // Both fail only if it has ended already.
    let _ = child.kill();
    let _ = child.wait();
    counted
}

fn command(qemu: &Path, arch: Arch, accelerator: Accelerator, image: &Path) -> Command {
    let mut command = Command::new(qemu);
    command.args(["-nodefaults", "-no-user-config", "-display", "none", "-m", "64"]);
    let kvm = accelerator == Accelerator::Kvm;
    let (machine, processor) = match (arch, kvm) {
        (Arch::Amd64, true) => ("q35", "host"),
        (Arch::Amd64, false) => ("q35", "Nehalem"),
        (Arch::Arm64, true) => ("virt,gic-version=host", "host"),
        (Arch::Arm64, false) => ("virt", "cortex-a57"),
    };
    command.args(["-machine", machine, "-cpu", processor, "-accel", &accelerator.to_string()]);
    command.arg("-bios").arg(image).args(["-chardev", "stdio,id=out,signal=off"]);
    command.args(match arch {
        Arch::Amd64 => ["-device", "isa-debugcon,iobase=0x402,chardev=out"],
        Arch::Arm64 => ["-serial", "chardev:out"],
    });
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for the guest's two letters.
fn listen(child: &mut Child) -> Result<f64, Why> {
    let pace = Pace::begin(child.id(), 1.0);
    let letters = letters(child.stdout.take());
    if !next(&letters, &pace) {
        return Err(ended(child).map_or(Why::Silent, Why::Ended));
    }
    let begun = pace.usual();
    if !next(&letters, &pace) {
        return Err(ended(child).map_or(Why::Crawls, Why::Ended));
    }
    Ok(pace.usual().saturating_sub(begun).as_secs_f64() / USUAL)
}

/// Reads on a thread, since a pipe has no patience of its own.
fn letters(output: Option<ChildStdout>) -> Receiver<u8> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let bytes = output.into_iter().flat_map(|output| BufReader::new(output).bytes());
        for letter in bytes.map_while(Result::ok) {
            if sender.send(letter).is_err() {
                return;
            }
        }
    });
    receiver
}

fn next(letters: &Receiver<u8>, pace: &Pace) -> bool {
    let (begun, end) = (pace.usual(), pace.wall() + LONGEST);
    while pace.usual() < begun + PATIENCE && pace.wall() < end {
        match letters.recv_timeout(Duration::from_millis(50)) {
            Ok(_) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    false
}

/// What QEMU said before it ended by itself, on one line.
fn ended(child: &mut Child) -> Option<String> {
    // Its output is closed a moment before it has ended.
    for _ in 0..20 {
        if let Ok(Some(status)) = child.try_wait() {
            let mut said = String::new();
            let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said));
            let line = said.lines().find(|line| !line.trim().is_empty());
            return Some(line.map_or_else(|| status.to_string(), str::to_owned));
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}

/// Its instructions, as firmware.
fn code(arch: Arch) -> Vec<u8> {
    match arch {
        Arch::Amd64 => amd64(),
        Arch::Arm64 => arm64(),
    }
}

/// Real mode: the processor begins 16 bytes before the end and jumps to the start of the last 64 KiB.
fn amd64() -> Vec<u8> {
    let mut code = vec![0xf4; 0x1_0000];
    let count = COUNT.to_le_bytes();
    let start = [
        &[0xba, 0x02, 0x04][..], // mov dx, 0x402
        &[0xb0, b'K', 0xee],     // mov al, 'K'; out dx, al
        &[0x66, 0xb9],           // mov ecx, COUNT
        &count,
        &[0x66, 0x49, 0x75, 0xfc], // again: dec ecx; jnz again
        &[0xb0, b'S', 0xee],       // mov al, 'S'; out dx, al
        &[0xf4, 0xeb, 0xfd],       // rest: hlt; jmp rest
    ]
    .concat();
    code[..start.len()].copy_from_slice(&start);
    code[0xfff0..0xfff5].copy_from_slice(&[0xea, 0x00, 0x00, 0x00, 0xf0]); // jmp 0xf000:0
    code
}

/// The serial port of QEMU's `virt` board is at 0x0900_0000, its flash at 0.
fn arm64() -> Vec<u8> {
    let instructions: [u32; 9] = [
        0xd2a1_2000,                      // movz x0, #0x0900, lsl #16
        0x5280_0001 | (b'K' as u32) << 5, // movz w1, #'K'
        0xb900_0001,                      // str w1, [x0]
        0x52a0_0002 | (COUNT >> 16) << 5, // movz w2, #(COUNT >> 16), lsl #16
        0x7100_0442,                      // again: subs w2, w2, #1
        0x54ff_ffe1,                      // b.ne again
        0x5280_0001 | (b'S' as u32) << 5, // movz w1, #'S'
        0xb900_0001,                      // str w1, [x0]
        0x1400_0000,                      // rest: b rest
    ];
    instructions.iter().flat_map(|instruction| instruction.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Host;

    #[test]
    fn emulation_counts_at_its_pace() {
        let Ok(qemu) = Host::discover().qemu(Arch::Amd64) else {
            return isoplug_skip::skipped("there is no QEMU");
        };
        let slowness = run(&qemu, Arch::Amd64, Accelerator::Tcg).unwrap();
        assert!((0.05..50.0).contains(&slowness), "{slowness}");
    }
}
