//! A lock that may not change, and one that cannot be read.

use super::*;

#[test]
fn locked_forbids_a_change() {
    let served = Served::default();
    assert_snapshot!(served.run(&["lock", "--locked"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: there is no isoplug.lock, and --locked forbids making it
      try: `isoplug lock`, and commit what it writes
    ");
    served.space.ok(&["lock"]);
    let text = served.space.read("isoplug.lock");
    served.change(ONE, TWO);
    assert_snapshot!(served.run(&["lock", "--locked"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: isoplug.lock does not pin what profile p asks for
      try: `isoplug lock`, and commit what it writes
    ");
    assert_snapshot!(served.run(&["build", "--locked"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: isoplug.lock does not pin what profile p asks for
      try: `isoplug lock`, and commit what it writes
    ");
    assert_eq!(served.space.read("isoplug.lock"), text);
}

#[test]
fn a_lock_that_cannot_be_used_is_not_touched() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let good = served.space.read("isoplug.lock");
    for (bad, draw) in [("version = 1\nimages = 7\n", 0), ("version = 99\n", 1), ("{ not toml", 2)]
    {
        served.space.write("isoplug.lock", bad);
        let text = served.run(&["lock"]);
        match draw {
            0 => assert_snapshot!(text, @r"
            exit: 3
            --- stdout
            --- stderr
            error: cannot use isoplug.lock
              because: the lock is damaged: TOML parse error at line 2, column 10
                  |
                2 | images = 7
                  |          ^
                invalid type: integer `7`, expected a map
              try: restore it from version control, or remove it and run `isoplug lock`
            "),
            1 => assert_snapshot!(text, @r"
            exit: 3
            --- stdout
            --- stderr
            error: cannot use isoplug.lock
              because: the lock has format version 99, but this isoplug reads up to 1: use a newer one
              try: use the isoplug that wrote it, or a newer one
            "),
            _ => assert_snapshot!(text, @r"
            exit: 3
            --- stdout
            --- stderr
            error: cannot use isoplug.lock
              because: the lock is damaged: TOML parse error at line 1, column 1
                  |
                1 | { not toml
                  | ^
                invalid key-value pair, expected key
              try: restore it from version control, or remove it and run `isoplug lock`
            "),
        }
        assert_eq!(served.space.read("isoplug.lock"), bad);
    }
    served.space.write("isoplug.lock", &good);
    assert_eq!(served.space.ok(&["lock", "--locked"]), "");
}

#[test]
fn a_folder_in_the_place_of_the_lock() {
    let served = Served::default();
    std::fs::create_dir_all(served.space.path("isoplug.lock/x")).unwrap();
    assert_snapshot!(served.run(&["lock"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: cannot read isoplug.lock
      because: it must be a regular file
    ");
    assert!(served.space.path("isoplug.lock/x").is_dir());
}
