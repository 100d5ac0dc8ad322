//! Draws a run as SVG: a row for each stage that ran, a bar from its beginning to its end.

use std::fmt::Write as _;

use super::critical::{path, ready};
use super::page::{escaped, seconds};
use super::{Bar, Run};

const WIDTH: f64 = 960.0;
/// Where time 0 is: right of the titles.
const LEFT: f64 = 150.0;
/// What stays free right of the end, for the last bar's label.
const RIGHT: f64 = 110.0;
const TOP: f64 = 28.0;
const ROW: f64 = 24.0;
const BAR: f64 = 14.0;
/// A bar is never narrower.
const LEAST: f64 = 1.5;

/// Returns the drawing; none of a run in which nothing had to run.
pub(super) fn chart(run: &Run) -> Option<String> {
    let last = run.bars.iter().map(|bar| bar.end).fold(0.0, f64::max);
    if run.bars.is_empty() {
        return None;
    }
    let scale = (WIDTH - LEFT - RIGHT) / last.max(0.001);
    let height = TOP + ROW * run.bars.len() as f64 + 6.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"stages over time\">\n"
    );
    svg += &axis(last, scale, height);
    for (index, (bar, critical)) in run.bars.iter().zip(path(run)).enumerate() {
        svg += &row(run, bar, critical, TOP + ROW * index as f64, scale);
    }
    Some(svg + "</svg>\n")
}

fn axis(last: f64, scale: f64, height: f64) -> String {
    let (mut svg, step) = (String::new(), step(last));
    for tick in (0..).map(|number| f64::from(number) * step).take_while(|time| *time <= last) {
        let x = LEFT + tick * scale;
        // Writing to a String cannot fail.
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"20\" x2=\"{x:.1}\" y2=\"{height}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"14\">{} s</text>",
            shortest(tick)
        );
    }
    svg
}

/// Returns a round distance, in seconds, that divides so much time into four to ten parts.
fn step(last: f64) -> f64 {
    let rounds = [1.0, 2.0, 5.0];
    let steps = (-3..6).flat_map(|power| rounds.map(|round| round * 10f64.powi(power)));
    steps.into_iter().find(|step| last / step <= 10.0).unwrap_or(last)
}

fn shortest(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn row(run: &Run, bar: &Bar, critical: bool, top: f64, scale: f64) -> String {
    let (x, width) = (LEFT + bar.start * scale, ((bar.end - bar.start) * scale).max(LEAST));
    let (y, middle) = (top + (ROW - BAR) / 2.0, top + ROW / 2.0 + 4.0);
    let class = match (bar.failed, critical) {
        (true, _) => "bar failed",
        (false, true) => "bar critical",
        (false, false) => "bar",
    };
    let (title, wall) = (escaped(&bar.title), seconds(bar.end - bar.start));
    let waiting = waiting(run, bar, y, scale);
    format!(
        "<g><title>{title}: {wall}</title>\
         <text class=\"stage\" x=\"{}\" y=\"{middle:.1}\">{title}</text>{waiting}\
         <rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\"/>\
         <text class=\"wall\" x=\"{:.1}\" y=\"{middle:.1}\">{wall}</text></g>\n",
        LEFT - 10.0,
        x + width + 5.0,
    )
}

/// Draws how long a stage was ready and waited for room.
fn waiting(run: &Run, bar: &Bar, y: f64, scale: f64) -> String {
    let from = LEFT + ready(run, bar) * scale;
    let to = LEFT + bar.start * scale;
    if to - from < LEAST {
        return String::new();
    }
    let y = y + BAR / 2.0;
    format!("<line class=\"waits\" x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{to:.1}\" y2=\"{y:.1}\"/>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_has_round_steps() {
        let steps = [0.004, 0.9, 3.0, 10.0, 34.0, 900.0].map(step).map(shortest);
        assert_eq!(steps, ["0.001", "0.1", "0.5", "1", "5", "100"]);
    }
}
