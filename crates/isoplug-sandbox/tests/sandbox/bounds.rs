//! What programs of a tree use without an end, as the attempts of docs/security-attempts.md do.

use isoplug_sandbox::{Error, Limits, Over};

use super::machine::Machine;

/// Attempt 38: a line without an end, and output without one.
pub(crate) fn output_has_bounds(machine: &Machine) {
    let limits = Limits { output: 100_000, ..Limits::default() };
    let script = "$| = 1; print 'x' x 1000000 for 1 .. 200; print \"\\n\"; print \"y\" x 999, \"\\n\" for 1 .. 500";
    machine.run_limited(&["perl", "-e", script], &limits).unwrap();
    let lines = machine.lines();
    assert_eq!(lines[0].len(), (64 << 10) + " [cut]".len());
    assert!(lines[0].ends_with("x [cut]"));
    assert_eq!(lines.last().unwrap(), "[further output is left out]");
    assert!(lines.iter().map(String::len).sum::<usize>() < 101_000);
}

/// Attempt 39: files that are large without taking space.
pub(crate) fn large_files_have_bounds(machine: &Machine) {
    let script = "open(F, '>', '/big'); try('200 GB', truncate(F, 200 << 30))";
    insta::assert_snapshot!(machine.tries(&format!("$SIG{{XFSZ}} = 'IGNORE'; {script}")), @"200 GB: File too large");
    let limits = Limits { file: u64::MAX, ..Limits::default() };
    let holes = "open(F, '>', '/big'); truncate(F, 1 << 50)";
    let error = machine.run_limited(&["perl", "-e", holes], &limits).unwrap_err().to_string();
    assert!(error.contains("holes of 1073741824 MiB"), "{error}");
    assert!(machine.is_clean());
}

/// Processes without end, also of other users, and time.
pub(crate) fn processes_and_time_have_bounds(machine: &Machine) {
    let limits = Limits { processes: 400, ..Limits::default() };
    let script = "for (1 .. 1000) { my $pid = fork(); last unless defined $pid; \
                  if (!$pid) { $) = $> = 7 + $_ % 3; sleep 60; exit } } sleep 60";
    let error = machine.run_limited(&["perl", "-e", script], &limits).unwrap_err();
    assert!(matches!(error, Error::Limit { over: Over::Processes(400), .. }), "{error}");
    // One that gives up when it is refused another one says why it failed, too.
    let gives_up = "for (1 .. 1000) { my $pid = fork() // exit 3; $pid or sleep(60), exit }";
    let error = machine.run_limited(&["perl", "-e", gives_up], &limits).unwrap_err();
    assert!(matches!(error, Error::Limit { over: Over::Processes(400), .. }), "{error}");
    let limits = Limits { time: std::time::Duration::from_secs(1), ..Limits::default() };
    let error = machine.run_limited(&["sh", "-c", "echo begun; sleep 60"], &limits).unwrap_err();
    assert!(matches!(&error, Error::Time { tail, .. } if tail == &["begun"]), "{error}");
    assert!(machine.is_clean());
}

/// Memory of many processes, of files in memory, and of one process.
pub(crate) fn memory_has_bounds(machine: &Machine) {
    let limits = Limits { memory: Some(200 << 20), ..Limits::default() };
    let many = "$| = 1; print \"begun\\n\"; \
                for (1 .. 20) { next if fork(); my $x = 'x' x 30_000_000; sleep 60; exit } sleep 60";
    let file = "$| = 1; print \"begun\\n\"; open(F, '>', '/tmp/x'); \
                print F 'x' x 1_000_000 for 1 .. 300; close F; sleep 60";
    for script in [many, file] {
        let error = machine.run_limited(&["perl", "-e", script], &limits).unwrap_err();
        let said =
            "it was ended: its programs took more than 200 MiB of memory, which is the limit";
        assert_eq!(error.to_string(), format!("{said}\n  begun"));
    }
    let error =
        machine.run_limited(&["perl", "-e", "my $x = 'x' x 300_000_000; sleep 60"], &limits);
    let error = error.unwrap_err().to_string();
    // Where the kernel counts it all it ends the program, else it refuses the memory.
    assert!(error.contains("Out of memory") || error.contains("200 MiB"), "{error}");
    assert!(machine.is_clean());
}
