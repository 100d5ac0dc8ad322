//! Finds in what DKMS and the compiler say why a driver was not compiled.

use super::Error;

/// What was said, as far as it tells why.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The driver that failed, the kernel, and with which status.
    failed: Option<(String, String, String)>,
    /// Lines of the compiler.
    errors: Vec<String>,
    /// The last lines, whoever said them.
    last: Vec<String>,
}

/// How many lines are shown.
const SHOWN: usize = 3;
/// How dkms(8) ends when the driver itself is not for the kernel.
const NOT_FOR_IT: &str = "77";

impl Said {
    /// Takes in a line.
    pub(super) fn line(&mut self, line: &str) {
        if let Some(failed) = line.strip_prefix("isoplug: ").and_then(failed) {
            (self.failed, self.errors) = (Some(failed), Vec::new());
            return;
        }
        if self.failed.is_none() {
            return;
        }
        if is_error(line) && self.errors.len() < SHOWN {
            self.errors.push(line.trim().to_owned());
        }
        if !line.trim().is_empty() {
            self.last.push(line.trim().to_owned());
            if self.last.len() > SHOWN {
                self.last.remove(0);
            }
        }
    }

    /// Returns the error, if it was a driver that failed.
    pub(super) fn error(self) -> Option<Error> {
        let Self { failed, errors, last } = self;
        let (driver, kernel, status) = failed?;
        if status == NOT_FOR_IT {
            let reason = "its dkms.conf says so (BUILD_EXCLUSIVE)".to_owned();
            return Some(Error::Excluded { driver, kernel, reason });
        }
        let said = if errors.is_empty() { last } else { errors };
        Some(Error::Compile { driver, kernel, said })
    }
}

/// Reads `NAME/VERSION for KERNEL ended with STATUS`.
fn failed(line: &str) -> Option<(String, String, String)> {
    let (driver, rest) = line.split_once(" for ")?;
    let (kernel, status) = rest.split_once(" ended with ")?;
    Some((driver.to_owned(), kernel.to_owned(), status.to_owned()))
}

/// Lines as gcc, the linker and modpost write them: `FILE:LINE:COLUMN: error: …`, `ERROR: modpost: …`.
fn is_error(line: &str) -> bool {
    ["error: ", "ERROR: modpost: ", "undefined reference to "]
        .iter()
        .any(|said| line.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(lines: &str) -> String {
        let mut said = Said::default();
        lines.lines().for_each(|line| said.line(line));
        said.error().map_or_else(|| "none".to_owned(), |error| error.to_string())
    }

    #[test]
    fn the_compilers_own_lines_are_found() {
        let lines = "\
Building module:
error: not yet
isoplug: broadcom-sta/6.30.223.271 for 7.3.4+deb13-amd64 ended with 10
DKMS (dkms-3.2.2) make.log for broadcom-sta/6.30.223.271
src/wl/sys/wl_linux.c:1672:29: error: implicit declaration of function 'del_timer'
 1672 |         del_timer(&t->timer);
make[3]: *** [scripts/Makefile.build:287: wl_linux.o] Error 1
";
        insta::assert_snapshot!(error(lines), @r"
        the driver broadcom-sta/6.30.223.271 cannot be compiled for the kernel 7.3.4+deb13-amd64:
          src/wl/sys/wl_linux.c:1672:29: error: implicit declaration of function 'del_timer'
        ");
    }

    #[test]
    fn without_a_line_of_the_compiler_the_last_ones_are_shown() {
        let lines = "isoplug: a/1 for 6 ended with 2\none\ntwo\n\nthree\nfour\n";
        assert_eq!(
            error(lines),
            "the driver a/1 cannot be compiled for the kernel 6:\n  two\n  three\n  four"
        );
        assert_eq!(error("something else\n"), "none");
    }

    #[test]
    fn a_driver_that_is_not_for_a_kernel_says_so() {
        let said = error("isoplug: a/1 for 6 ended with 77\n");
        assert_eq!(
            said,
            "the driver a/1 is not for the kernel 6: its dkms.conf says so (BUILD_EXCLUSIVE)"
        );
    }
}
