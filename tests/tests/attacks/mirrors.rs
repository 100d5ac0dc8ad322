//! What a mirror that means harm sends.

use super::*;

/// A mirror cannot make isoplug show what only this machine reaches: files, or addresses of its network.
#[test]
fn redirects_show_nothing_of_where_they_lead() {
    let (inner, asked) = server(whole("200 OK", "", "role: admin\nsecret: sesame\n"));
    let elsewhere = with_key(
        &server(whole("302 Found", &format!("Location: {inner}/latest/meta-data\r\n"), "")).0,
    );
    let text = said(&elsewhere, &["lock"]);
    assert!(
        !text.starts_with("exit: 0") && !text.contains("sesame") && !text.contains("admin"),
        "{text}"
    );
    for head in asked.try_iter() {
        assert!(!head.to_lowercase().contains("authorization"), "{head}");
    }
    for target in
        ["file:///etc/passwd", "gopher://127.0.0.1/x", "//\u{1b}[31m/", "http://[::1", "data:,x"]
    {
        let space = with_key(&server(whole("302 Found", &format!("Location: {target}\r\n"), "")).0);
        let text = said(&space, &["lock"]);
        assert!(!text.starts_with("exit: 0") && !text.contains("root:x:"), "{target}: {text}");
    }
}

#[test]
fn answers_of_a_mirror_are_shown_as_what_they_are() {
    for answer in [
        whole("404 \u{1b}]0;pwn\u{7}", "", ""),
        whole("418 \u{9b}2J", "X-A: \u{1b}[2J\r\n", "\u{1b}[2J"),
        whole("200 OK", "", "\u{1b}[2J\u{202e}\n"),
        "\u{1b}[2J\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\u{1f}x".to_owned(),
    ] {
        let text = said(&with_key(&server(answer.clone()).0), &["lock"]);
        assert!(!text.starts_with("exit: 0"), "{answer:?}: {text}");
    }
}
