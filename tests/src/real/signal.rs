//! Stops a build in the middle of a stage, as Ctrl-C or a power cut would.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Example;

/// Starts a build and sends it a signal (`INT`, `KILL`) shortly after the stage began. A build that
/// ends by itself before that is fine: the stage was done.
pub fn stop_in(example: &Example, stage: &str, signal: &str) {
    let mut command = example.space.command(&["build", "--json"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut build = command.spawn().expect("the command starts");
    let stderr = build.stderr.take().expect("its events");
    let mut lines = BufReader::new(stderr).lines();
    let started = |line: &String| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        event["event"] == "started" && event["title"] == stage
    };
    let reached = lines.by_ref().map_while(Result::ok).any(|line| started(&line));
    if reached {
        std::thread::sleep(Duration::from_millis(700));
        send(&build, signal);
    }
    // What it still says must not fill the pipe.
    lines.map_while(Result::ok).for_each(drop);
    let status = build.wait().expect("it ends");
    if reached && signal == "INT" && !status.success() {
        assert_eq!(status.code(), Some(130), "Ctrl-C in {stage} has the exit code of Ctrl-C");
    }
}

fn send(build: &Child, signal: &str) {
    let kill = Command::new("kill").args(["-s", signal, &build.id().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
}
