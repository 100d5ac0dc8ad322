//! A text of sections, as a terminal or Markdown shows it.

use std::fmt::Write as _;

/// How wide a terminal is.
const WIDTH: usize = 80;

/// A part of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// The names of the columns; none for a list of facts.
    pub head: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// Lines that stand as they are, such as a difference of texts.
    pub lines: Vec<String>,
}

/// A whole text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// What is said first.
    pub verdict: String,
    /// Its sections; empty ones are left out.
    pub sections: Vec<Section>,
}

impl Section {
    /// Makes one of facts: names and values.
    #[must_use]
    pub fn facts(title: &str, facts: &[(&str, String)]) -> Self {
        let facts = facts.iter().filter(|(_, value)| !value.is_empty());
        let rows = facts.map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
        Self { title: title.to_owned(), rows, ..Self::default() }
    }

    /// Makes one with columns.
    #[must_use]
    pub fn table(title: &str, head: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        Self { title: title.to_owned(), head: head.to_vec(), rows, ..Self::default() }
    }

    /// Makes one of lines that stand as they are.
    #[must_use]
    pub fn plain(title: &str, lines: Vec<String>) -> Self {
        Self { title: title.to_owned(), lines, ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.lines.is_empty()
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let mut widths = vec![0; columns];
        let head: Vec<String> = self.head.iter().map(|word| (*word).to_owned()).collect();
        for row in self.rows.iter().chain([&head]) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count()).min(40);
            }
        }
        widths
    }

    fn text(&self, out: &mut String) {
        let _ = writeln!(out, "\n{}", self.title);
        let widths = self.widths();
        let head = self.head.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        for row in Some(&head).filter(|head| !head.is_empty()).into_iter().chain(&self.rows) {
            line(out, row, &widths);
        }
        for line in &self.lines {
            let _ = writeln!(out, "  {line}");
        }
    }

    fn markdown(&self, out: &mut String) {
        let _ = writeln!(out, "\n## {}\n", self.title);
        if !self.rows.is_empty() {
            let columns = self.widths().len();
            let head = if self.head.is_empty() { vec![""; columns] } else { self.head.clone() };
            let _ = writeln!(out, "| {} |\n|{}", head.join(" | "), " --- |".repeat(columns));
        }
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        if !self.lines.is_empty() {
            let fence = "`".repeat(3.max(longest_fence(&self.lines) + 1));
            let _ = writeln!(out, "{fence}diff\n{}\n{fence}", self.lines.join("\n"));
        }
    }
}

fn escaped(cell: &str) -> String {
    let mut text = String::new();
    for each in cell.chars() {
        if matches!(each, '|' | '<' | '*' | '_' | '`' | '[' | '\\') {
            text.push('\\');
        }
        text.push(if each == '\n' { ' ' } else { each });
    }
    text
}

fn longest_fence(lines: &[String]) -> usize {
    let runs = lines.iter().map(|line| line.chars().take_while(|each| *each == '`').count());
    runs.max().unwrap_or_default()
}

/// Writes a row; what does not fit into the last column goes on below it.
fn line(out: &mut String, row: &[String], widths: &[usize]) {
    let mut text = " ".to_owned();
    let last = row.len().saturating_sub(1);
    for (index, cell) in row.iter().enumerate().take(last) {
        let _ = write!(text, " {cell:<0$} ", widths[index]);
    }
    let indent = text.chars().count().min(WIDTH / 2) + 1;
    let _ = write!(text, " ");
    let mut room = WIDTH.saturating_sub(text.chars().count());
    for (index, part) in
        wrapped(row.last().map_or("", String::as_str), room, WIDTH - indent).iter().enumerate()
    {
        if index > 0 {
            let _ = writeln!(out, "{}", text.trim_end());
            text = " ".repeat(indent);
            room = WIDTH - indent;
        }
        text += part;
    }
    debug_assert!(room <= WIDTH, "a row has no room");
    let _ = writeln!(out, "{}", text.trim_end());
}

/// Breaks a text between words; words that are too long stay whole.
fn wrapped(text: &str, first: usize, room: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in text.split_whitespace() {
        let room = if parts.len() == 1 { first } else { room };
        let last = parts.last_mut().expect("there is a part");
        let is_empty = last.is_empty();
        if !is_empty && last.chars().count() + 1 + word.chars().count() > room {
            parts.push(word.to_owned());
        } else {
            *last += if is_empty { "" } else { " " };
            *last += word;
        }
    }
    parts
}

impl Page {
    /// Returns it for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.title);
        if !self.verdict.is_empty() {
            let _ = writeln!(out, "{}", self.verdict);
        }
        for section in self.sections.iter().filter(|section| !section.is_empty()) {
            section.text(&mut out);
        }
        out
    }

    /// Returns it for release notes.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n", escaped(&self.title));
        if !self.verdict.is_empty() {
            let _ = writeln!(out, "\n{}", escaped(&self.verdict));
        }
        for section in self.sections.iter().filter(|section| !section.is_empty()) {
            section.markdown(&mut out);
        }
        out
    }
}

/// Returns a number of bytes for people.
#[must_use]
pub fn human(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.2} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_a_terminal_and_markdown_keeps_its_columns() {
        let rows = vec![
            vec!["a".to_owned(), "word ".repeat(40)],
            vec!["long".to_owned(), "x|y".to_owned()],
        ];
        let page = Page {
            title: "t".into(),
            verdict: String::new(),
            sections: vec![Section::table("S", &["n", "w"], rows)],
        };
        let text = page.text();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("\n  long  x|y\n"), "{text}");
        assert!(page.markdown().contains("| long | x\\|y |"), "{}", page.markdown());
    }
}
