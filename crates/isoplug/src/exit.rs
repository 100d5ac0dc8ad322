//! The exit codes of the command: public, documented, one meaning each.

use std::process::ExitCode;

/// How a run ended. The numbers are part of the command's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done = 0,
    /// 1: a stage, a download or the store failed.
    Failed = 1,
    /// 2: the manifest or the arguments are wrong.
    Manifest = 2,
    /// 3: the lock does not fit the manifest and `--locked` forbids changing it.
    Lock = 3,
    /// 4: a plugin failed, refused, or was refused.
    Plugin = 4,
    /// 5: the image was built, but a boot test failed.
    Test = 5,
    /// 6: this machine lacks something that the run needs (`isoplug doctor` tells).
    Host = 6,
    /// 7: nothing failed, but a boot test did not end: this machine was too slow, or QEMU broke down.
    Unfinished = 7,
    /// 8: the folder asks for more of this machine than its user allowed (`isoplug trust`).
    Untrusted = 8,
    /// 9: an image is not what it should be.
    NotAsSaid = 9,
    /// 10: a policy found something that it does not allow.
    Policy = 10,
    /// 11: what lies beside an image was changed, or is not of it.
    Papers = 11,
    /// 12: an image is not signed by whom it must be.
    Signer = 12,
    /// 13: what was signed is of another image, or of an older or a newer build of this one.
    Elsewhere = 13,
    /// 14: a project does not give the image again.
    NotReproduced = 14,
    /// 70: a fault of isoplug itself.
    Internal = 70,
    /// 130: stopped by Ctrl-C or a termination signal.
    Interrupted = 130,
}

/// What `--help` says of them.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  1    a stage, a download or the store failed
  2    the manifest or the arguments are wrong
  3    the lock does not fit the manifest and --locked forbids changing it
  4    a plugin failed, refused, or was refused
  5    the image was built, but a boot test failed
  6    this machine lacks something that the run needs (see `isoplug doctor`)
  7    a boot test did not end: the machine was too slow, or QEMU broke down
  8    the folder asks for more of this machine than was allowed (see `isoplug trust`)
  9    an image is not what it should be
  10   a policy found something that it does not allow
  11   what lies beside an image was changed, or is not of it
  12   an image is not signed by whom it must be
  13   what was signed is of another image or build
  14   a project does not give the image again
  70   a fault of isoplug itself
  130  stopped by Ctrl-C or a termination signal";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a list")]
    fn help_lists_every_code() {
        let all = [
            Exit::Done,
            Exit::Failed,
            Exit::Manifest,
            Exit::Lock,
            Exit::Plugin,
            Exit::Test,
            Exit::Host,
            Exit::Unfinished,
            Exit::Untrusted,
            Exit::NotAsSaid,
            Exit::Policy,
            Exit::Papers,
            Exit::Signer,
            Exit::Elsewhere,
            Exit::NotReproduced,
            Exit::Internal,
            Exit::Interrupted,
        ];
        for exit in all {
            let number = format!("\n  {:<4} ", exit as u8);
            assert!(HELP.contains(&number), "{exit:?} is missing");
        }
    }
}
