//! A page with a map: each package an area as large as its share, and in it its largest files.
//!
//! The areas are laid by the squarified treemap (Bruls, Huizing, van Wijk 2000). The page needs no other file.

use isoplug_engine::Unit;
use isoplug_image::stages::sizes::{Report, SizedFile};

use super::{OTHERS, Total, by_package};
use crate::progress::amount;

/// Width and height of the map, in pixels.
const SIZE: (f64, f64) = (1200.0, 720.0);
/// What is smaller than this, in pixels, is drawn as part of the rest.
const SMALLEST: f64 = 40.0;

/// Returns the page.
pub(crate) fn page(title: &str, report: &Report) -> String {
    let all = Total::of(&report.files);
    let map = drawn(report, all);
    format!(
        include_str!("page.html"),
        title = escaped(title),
        bytes = amount(all.bytes, Unit::Bytes),
        files = all.files,
        width = SIZE.0,
        height = SIZE.1,
        map = map
    )
}

fn drawn(report: &Report, all: Total) -> String {
    let packages = by_package(&report.files);
    let sizes: Vec<f64> = packages.iter().map(|(_, total)| total.bytes as f64).collect();
    let areas = squarified(&sizes, Area { x: 0.0, y: 0.0, width: SIZE.0, height: SIZE.1 });
    let is_seen = |(_, area): &(_, Area)| area.width * area.height >= SMALLEST;
    let mut map = String::new();
    for (index, ((name, total), area)) in packages.iter().zip(areas).take_while(is_seen).enumerate()
    {
        let share = total.bytes as f64 * 100.0 / all.bytes.max(1) as f64;
        let told = format!("{name}: {}, {share:.1} %", amount(total.bytes, Unit::Bytes));
        let hue = if *name == OTHERS { 0 } else { 200 + index * 47 % 160 };
        map.push_str(&rectangle(area, &told, &format!("hsl({hue} 45% 82%)")));
        map.push_str(&files_of(name, &report.files, area));
        map.push_str(&label(name, area));
    }
    map
}

/// Returns the name of an area that has room for it.
fn label(name: &str, Area { x, y, width, height }: Area) -> String {
    if width < 60.0 || height < 16.0 {
        return String::new();
    }
    let name = escaped(&cut(name, width));
    format!("<text x=\"{:.1}\" y=\"{:.1}\">{name}</text>\n", x + 4.0, y + 13.0)
}

/// Draws the largest files of a package inside its area.
fn files_of(name: &str, files: &[SizedFile], area: Area) -> String {
    let is_of = |file: &&SizedFile| file.package.as_deref().unwrap_or(OTHERS) == name;
    let mut files: Vec<&SizedFile> = files.iter().filter(is_of).collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    let sizes: Vec<f64> = files.iter().map(|file| file.bytes as f64).collect();
    let is_large = |(_, area): &(&&SizedFile, Area)| area.width * area.height >= SMALLEST;
    let areas = squarified(&sizes, area);
    let drawn = files.iter().zip(areas).take_while(is_large).map(|(file, area)| {
        let told = format!("{} ({name}): {}", file.path, amount(file.bytes, Unit::Bytes));
        rectangle(area, &told, "none")
    });
    drawn.collect()
}

fn rectangle(Area { x, y, width, height }: Area, told: &str, fill: &str) -> String {
    format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\">\
         <title>{}</title></rect>\n",
        escaped(told)
    )
}

/// A letter takes some seven pixels.
fn cut(name: &str, width: f64) -> String {
    let most = (width / 7.0) as usize;
    if name.len() <= most { name.to_owned() } else { name.chars().take(most).collect() }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Divides an area by sizes, the largest first, into areas that are nearly squares.
fn squarified(sizes: &[f64], area: Area) -> Vec<Area> {
    let total: f64 = sizes.iter().sum();
    let scale = if total > 0.0 { area.width * area.height / total } else { 0.0 };
    let sizes: Vec<f64> = sizes.iter().map(|size| size * scale).collect();
    let (mut areas, mut rest, mut begin) = (Vec::new(), area, 0);
    while begin < sizes.len() {
        let side = rest.width.min(rest.height);
        let mut end = begin + 1;
        while end < sizes.len()
            && worst(&sizes[begin..=end], side) <= worst(&sizes[begin..end], side)
        {
            end += 1;
        }
        rest = row(&sizes[begin..end], rest, &mut areas);
        begin = end;
    }
    areas
}

/// Returns the worst ratio of sides in a row of these areas along a side.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let ratio = |size: &f64| {
        let ratio = side * side * size / (sum * sum);
        ratio.max(1.0 / ratio)
    };
    row.iter().map(ratio).fold(0.0, f64::max)
}

/// Lays a row along the shorter side; returns what is left.
fn row(row: &[f64], rest: Area, areas: &mut Vec<Area>) -> Area {
    let sum: f64 = row.iter().sum();
    let is_upright = rest.width >= rest.height;
    let side = if is_upright { rest.height } else { rest.width };
    let depth = if side > 0.0 { sum / side } else { 0.0 };
    let mut at = 0.0;
    for size in row {
        let length = if depth > 0.0 { size / depth } else { 0.0 };
        areas.push(match is_upright {
            true => Area { x: rest.x, y: rest.y + at, width: depth, height: length },
            false => Area { x: rest.x + at, y: rest.y, width: length, height: depth },
        });
        at += length;
    }
    match is_upright {
        true => Area { x: rest.x + depth, width: rest.width - depth, ..rest },
        false => Area { y: rest.y + depth, height: rest.height - depth, ..rest },
    }
}

#[cfg(test)]
mod tests {
    use super::super::files;
    use super::*;

    #[test]
    fn areas_fill_the_map_and_do_not_overlap() {
        let area = Area { x: 0.0, y: 0.0, width: 6.0, height: 4.0 };
        // The example of the paper.
        let areas = squarified(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], area);
        let sum: f64 = areas.iter().map(|area| area.width * area.height).sum();
        assert!((sum - 24.0).abs() < 1e-9);
        assert_eq!(areas[0], Area { x: 0.0, y: 0.0, width: 3.0, height: 2.0 });
        assert_eq!(areas[1], Area { x: 0.0, y: 2.0, width: 3.0, height: 2.0 });
        for (index, one) in areas.iter().enumerate() {
            for other in &areas[..index] {
                let beside =
                    one.x >= other.x + other.width - 1e-9 || other.x >= one.x + one.width - 1e-9;
                let below =
                    one.y >= other.y + other.height - 1e-9 || other.y >= one.y + one.height - 1e-9;
                assert!(beside || below, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn names_are_escaped_and_all_is_in_one_file() {
        let files = files(&[("/a<b>&\"c\"", 10, Some("p")), ("/d", 5, None)]);
        let page = page("p & q", &Report { files, ..Report::default() });
        assert!(page.contains("<title>p &amp; q</title>"), "{page}");
        assert!(page.contains("/a&lt;b>&amp;&quot;c&quot; (p): 10 bytes"), "{page}");
        assert!(page.contains(OTHERS) && !page.contains("http"), "{page}");
    }
}
