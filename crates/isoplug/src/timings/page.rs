//! Writes runs as one HTML page that needs nothing else: no script, no picture, no font of elsewhere.

use std::fmt::Write as _;

use isoplug_engine::Unit;

use super::chart::chart;
use super::critical::{Waited, path, waits};
use super::{Bar, Run};
use crate::progress::amount;

const STYLE: &str = include_str!("page.css");

/// Returns the page.
pub(super) fn page(runs: &[Run]) -> String {
    let sections: String = runs.iter().map(section).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>isoplug build: timings</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Where the time went</h1>\n{sections}</body>\n</html>\n"
    )
}

fn section(run: &Run) -> String {
    let title = escaped(&run.title);
    let summary = summary(run);
    let Some(chart) = chart(run) else {
        return format!("<h2>{title}</h2>\n<p>{summary}</p>\n<p>Nothing had to be made.</p>\n");
    };
    let cached = match run.cached.is_empty() {
        true => String::new(),
        false => format!("<p class=\"cached\">Cached: {}</p>\n", escaped(&run.cached.join(", "))),
    };
    format!(
        "<h2>{title}</h2>\n<p>{summary}</p>\n\
         <p class=\"soft\"><span class=\"key critical\"></span>the end waited for it \
         <span class=\"key\"></span>ran beside it; a dotted line: ready, but no room to run</p>\n\
         {chart}{cached}{}",
        table(run)
    )
}

fn summary(run: &Run) -> String {
    let cpu = run.bars.iter().filter_map(|bar| bar.cpu).fold(0.0, |sum, cpu| sum + cpu);
    let (ran, cached) = (run.bars.len(), run.cached.len());
    let stages = if ran == 1 { "stage" } else { "stages" };
    format!(
        "{} to build, {} of processor time; {ran} {stages} ran, {cached} cached. \
         <span class=\"soft\">The build began {} after the command.</span>",
        seconds(run.length),
        seconds(cpu),
        seconds(run.before)
    )
}

fn table(run: &Run) -> String {
    let mut table =
        "<div class=\"wide\"><table>\n<thead><tr><th>stage</th><th>began</th><th>took</th>\
         <th>processor</th><th>made</th><th>waited for</th></tr></thead>\n<tbody>\n"
            .to_owned();
    for ((bar, critical), waited) in run.bars.iter().zip(path(run)).zip(waits(run)) {
        table += &table_row(bar, critical, &waited);
    }
    table + "</tbody></table></div>\n"
}

fn table_row(bar: &Bar, critical: bool, waited: &Waited) -> String {
    let class = match (bar.failed, critical) {
        (true, _) => " class=\"failed\"",
        (false, true) => " class=\"critical\"",
        (false, false) => "",
    };
    let waited = match waited {
        Waited::ForNothing => "–".to_owned(),
        Waited::For(stage) => escaped(stage),
        Waited::ForRoom(stage) => format!("room, until {} ended", escaped(stage)),
    };
    let cpu = bar.cpu.map_or("–".to_owned(), seconds);
    let made = if bar.failed { "failed".to_owned() } else { amount(bar.bytes, Unit::Bytes) };
    let cells = [escaped(&bar.title), seconds(bar.start), seconds(bar.end - bar.start), cpu, made];
    let mut row = format!("<tr{class}>");
    for cell in cells.iter().chain([&waited]) {
        // Writing to a String cannot fail.
        let _ = write!(row, "<td>{cell}</td>");
    }
    row + "</tr>\n"
}

/// Writes a time for people.
pub(super) fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

/// Writes a text so that it is no markup.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::critical::tests::bar;
    use super::*;

    fn run() -> Run {
        let packages =
            Bar { cpu: Some(1.5), bytes: 608_000_000, ..bar("packages 1", &[], 0.0, 2.0) };
        let initrd = Bar { cpu: None, failed: true, ..bar("<initrd>", &["packages 1"], 2.0, 4.0) };
        Run {
            title: "stick & co (amd64)".to_owned(),
            before: 0.25,
            length: 4.5,
            bars: vec![packages, initrd],
            cached: vec!["fetch 0".to_owned(), "base".to_owned()],
        }
    }

    fn body(page: &str) -> &str {
        page.split_once("<body>\n").unwrap().1
    }

    #[test]
    fn a_page_shows_what_ran_and_what_waited() {
        insta::assert_snapshot!(body(&page(&[run()])));
    }

    #[test]
    fn a_run_without_work_is_two_sentences() {
        let run = Run { title: "a".to_owned(), length: 0.02, ..Run::default() };
        insta::assert_snapshot!(body(&page(&[run])), @r#"
        <h1>Where the time went</h1>
        <h2>a</h2>
        <p>0.02 s to build, 0.00 s of processor time; 0 stages ran, 0 cached. <span class="soft">The build began 0.00 s after the command.</span></p>
        <p>Nothing had to be made.</p>
        </body>
        </html>
        "#);
    }

    /// Every element of the page is closed, so that it can be read as XML too.
    #[test]
    fn tags_are_closed_in_order() {
        let page = page(&[run(), run()]);
        let (mut open, mut rest) = (Vec::new(), page.as_str());
        while let Some((_, tag)) = rest.split_once('<') {
            let (tag, after) = tag.split_once('>').expect("a tag ends");
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "in {tag}");
            } else if !tag.ends_with('/') && !tag.starts_with('!') {
                open.push(name);
            }
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            rest = after;
        }
        assert_eq!(open, Vec::<&str>::new());
        assert!(!page.contains("<script") && !page.contains("http"));
    }
}
