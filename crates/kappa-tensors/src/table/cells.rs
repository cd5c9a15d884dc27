//! The cells of a table as text, row by row.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::blocks::{Block, blocks, text_of};
use crate::error::{Error, Result};
use crate::limits;
use crate::number::trimmed;

/// The cells of a table. They are pieces of one text, which is that of the file where no cell is quoted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cells<'a> {
    text: Cow<'a, str>,
    rows: Vec<Row>,
    /// For each cell where it ends, counted from the beginning of its row.
    ends: Vec<u32>,
    /// Bytes between two cells.
    gap: usize,
    /// Rows that were taken from the front.
    taken: usize,
    /// Lines behind the first row that begin with `#`: how many, and the first.
    comments: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    /// The number of its line, from 1.
    line: usize,
    /// Where it begins in the text.
    start: usize,
    /// The number of its first cell.
    first: usize,
    /// How many cells it has.
    width: usize,
}

impl<'a> Cells<'a> {
    /// The cells of a text with this sign before decimals.
    pub(crate) fn read(bytes: &'a [u8], decimal: char) -> Result<Self> {
        let bytes = without_mark(bytes);
        match separator(bytes, decimal) {
            Some(separator) if is_plain(bytes) => split(bytes, Some(separator)),
            Some(separator) => quoted(bytes, separator),
            None => split(bytes, None),
        }
    }

    pub(crate) fn into_owned(self) -> Cells<'static> {
        let Self { text, rows, ends, gap, taken, comments } = self;
        Cells { text: text.into_owned().into(), rows, ends, gap, taken, comments }
    }

    /// In words, which lines among the rows are left out as comments.
    pub(crate) fn comments(&self) -> Option<String> {
        match self.comments {
            (0, _) => None,
            (1, line) => Some(format!("line {line} begins with `#` and is no row")),
            (count, line) => {
                Some(format!("{count} lines begin with `#` and are no rows, the first of them line {line}"))
            }
        }
    }

    /// Whether blanks separate the cells.
    pub(crate) fn has_blanks(&self) -> bool {
        self.gap == 0
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() - self.taken
    }

    /// The number of the line of a row, from 1.
    pub(crate) fn line(&self, i: usize) -> usize {
        self.rows[self.taken + i].line
    }

    /// The number of cells in a row.
    pub(crate) fn row_width(&self, i: usize) -> usize {
        self.rows[self.taken + i].width
    }

    /// A cell without blanks around it.
    pub(crate) fn cell(&self, i: usize, j: usize) -> &str {
        let row = &self.rows[self.taken + i];
        let ends = &self.ends[row.first..row.first + row.width];
        let start = if j == 0 { 0 } else { ends[j - 1] as usize + self.gap };
        trimmed(&self.text[row.start + start..row.start + ends[j] as usize])
    }

    /// The cells of a row.
    pub(crate) fn row(&self, i: usize) -> impl Iterator<Item = &str> {
        (0..self.row_width(i)).map(move |j| self.cell(i, j))
    }

    /// Takes the first row away: its line and its cells.
    pub(crate) fn take_first(&mut self) -> (usize, Vec<String>) {
        let found = (self.line(0), self.row(0).map(str::to_owned).collect());
        self.taken += 1;
        found
    }

    /// The number of cells of every row.
    pub(crate) fn width(&self) -> Result<usize> {
        let width = if self.len() == 0 { 0 } else { self.row_width(0) };
        if width > limits::TABLE_COLUMNS {
            return Err(Error::limit(format!("has {width} columns; the limit is {}", limits::TABLE_COLUMNS)));
        }
        if let Some(row) = self.rows[self.taken..].iter().find(|row| row.width != width) {
            let cells = if row.width == 1 { "1 cell".into() } else { format!("{} cells", row.width) };
            return Err(Error::format(format!("line {} has {cells}, the first row has {width}", row.line)).with_hint(
                "every line of a table has the same number of cells; quote cells that contain the separator",
            ));
        }
        Ok(width)
    }
}

/// The text without the mark with which spreadsheets begin UTF-8, and which is no part of the first cell.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// What separates the cells; `None` for blanks.
fn separator(bytes: &[u8], decimal: char) -> Option<u8> {
    let is_row = |line: &&[u8]| !line.trim_ascii().is_empty() && !line.starts_with(b"#");
    let rows: Vec<&[u8]> = bytes.split(|&b| b == b'\n').filter(is_row).take(2).collect();
    let count = |line: &[u8], separator: u8| line.iter().filter(|&&b| b == separator).count();
    // As often in the next line too, rather than more often: decimal commas are not in every number.
    let rank = |&b: &u8| {
        let first = rows.first().map_or(0, |line| count(line, b));
        (first > 0 && rows.iter().all(|line| count(line, b) == first), first)
    };
    let separators = [b'\t', b',', b';'].into_iter().filter(|&b| char::from(b) != decimal);
    separators.max_by_key(rank).filter(|b| rank(b).1 > 0)
}

/// Whether no cell is quoted, and every line ends with a line feed.
fn is_plain(bytes: &[u8]) -> bool {
    let is_part = |part: &[u8]| !part.contains(&b'"') && !part.contains(&b'\r');
    // Lines may end with CR and LF.
    is_part(bytes) || !bytes.contains(&b'"') && bytes.split(|&b| b == b'\r').skip(1).all(|rest| rest.starts_with(b"\n"))
}

fn is_separated(line: &str) -> bool {
    !line.is_empty()
}

fn is_written(line: &str) -> bool {
    !line.trim_start().is_empty()
}

/// The cells between separators, or between blanks.
fn split(bytes: &[u8], separator: Option<u8>) -> Result<Cells<'_>> {
    let text = text_of(bytes);
    let is_content = if separator.is_some() { is_separated } else { is_written };
    let parts: Vec<Option<Part>> = {
        let blocks = blocks(text.as_bytes(), 1, is_content);
        blocks.par_iter().map(|block| Part::of(block, separator, is_content)).collect()
    };
    let gap = usize::from(separator.is_some());
    let mut cells = Cells { text, rows: Vec::new(), ends: Vec::new(), gap, taken: 0, comments: (0, 0) };
    for part in parts {
        let part = part.ok_or_else(|| Error::limit("has a line of more than 4 GiB"))?;
        let before = cells.ends.len();
        // Those before the first row are a title, as many programs write it.
        let first_row = cells.rows.first().or(part.rows.first()).map_or(usize::MAX, |row| row.line);
        part.comments.into_iter().filter(|&line| line > first_row).for_each(|line| count(&mut cells.comments, line));
        cells.rows.extend(part.rows.iter().map(|row| Row { first: row.first + before, ..*row }));
        cells.ends.extend(part.ends);
    }
    Ok(cells)
}

fn count(comments: &mut (usize, usize), line: usize) {
    *comments = (comments.0 + 1, if comments.0 == 0 { line } else { comments.1 });
}

/// The cells of a block.
struct Part {
    rows: Vec<Row>,
    ends: Vec<u32>,
    /// The lines that begin with `#`.
    comments: Vec<usize>,
}

impl Part {
    fn of(block: &Block<'_>, separator: Option<u8>, is_content: fn(&str) -> bool) -> Option<Self> {
        let mut part = Self { rows: Vec::with_capacity(block.count), ends: Vec::new(), comments: Vec::new() };
        for (line, text) in block.lines(is_content) {
            if text.starts_with('#') {
                part.comments.push(line);
                continue;
            }
            u32::try_from(text.len()).ok()?;
            let (first, start) = (part.ends.len(), block.start + offset(&block.text, text));
            match separator {
                Some(separator) => {
                    let ends = text.bytes().enumerate().filter(|(_, b)| *b == separator).map(|(k, _)| k as u32);
                    part.ends.extend(ends);
                    part.ends.push(text.len() as u32);
                }
                None => {
                    let ends = text.split_whitespace().map(|word| (offset(text, word) + word.len()) as u32);
                    part.ends.extend(ends);
                }
            }
            part.rows.push(Row { line, start, first, width: part.ends.len() - first });
        }
        Some(part)
    }
}

/// Where a part of a text begins in it.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// The cells of a text with quotes, which may hold separators and line feeds.
fn quoted(bytes: &[u8], separator: u8) -> Result<Cells<'static>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let (mut text, mut rows, mut ends) = (String::new(), Vec::new(), Vec::new());
    let mut record = csv::ByteRecord::new();
    let mut lines = LineCount { bytes, at: 0, line: 1, comments: (0, 0) };
    let here = |e: csv::Error| Error::format(format!("is not a table: {e}"));
    let (mut has_break, mut end) = (false, 0);
    while reader.read_byte_record(&mut record).map_err(here)? {
        let line = record.position().map_or(0, |position| lines.line_of(position.byte() as usize));
        if rows.is_empty() {
            lines.comments = (0, 0);
        }
        let (start, first) = (text.len(), ends.len());
        has_break = false;
        for cell in &record {
            has_break |= cell.contains(&b'\n');
            if ends.len() > first {
                text.push('\n');
            }
            text.push_str(&String::from_utf8_lossy(cell));
            let end = u32::try_from(text.len() - start);
            ends.push(end.map_err(|_| Error::limit(format!("has a row of more than 4 GiB in line {line}")))?);
        }
        rows.push(Row { line, start, first, width: ends.len() - first });
        end = reader.position().byte() as usize;
    }
    lines.line_of(end);
    // An unclosed quote makes one cell of all lines below it.
    let is_open = bytes.iter().filter(|&&b| b == b'"').count() % 2 == 1;
    if let Some(row) = rows.last().filter(|_| is_open && has_break) {
        return Err(Error::format(format!("has an unclosed quote in line {}", row.line))
            .with_hint("a cell that begins with a quote must end with one; double the quotes inside it"));
    }
    Ok(Cells { text: text.into(), rows, ends, gap: 1, taken: 0, comments: lines.comments })
}

/// Counts lines. The reader of records begins one at the end of the line before it where lines end with CR and LF.
struct LineCount<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    comments: (usize, usize),
}

impl LineCount<'_> {
    /// The number of the line in which the record that begins here has its first cell.
    fn line_of(&mut self, start: usize) -> usize {
        let mut to = start;
        // Blank lines and comments before the record belong to it.
        while let Some(b'\r' | b'\n' | b'#') = self.bytes.get(to) {
            let is_comment = self.bytes[to] == b'#';
            if is_comment {
                let before = self.bytes[self.at..to].iter().filter(|&&b| b == b'\n').count();
                count(&mut self.comments, self.line + before);
            }
            let rest = self.bytes[to..].iter();
            to += if is_comment { rest.take_while(|&&b| b != b'\n').count() } else { 1 };
        }
        self.line += self.bytes[self.at..to].iter().filter(|&&b| b == b'\n').count();
        self.at = to;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(usize, Vec<String>)> {
        let cells = Cells::read(text.as_bytes(), '.').unwrap();
        (0..cells.len()).map(|i| (cells.line(i), cells.row(i).map(str::to_owned).collect())).collect()
    }

    #[test]
    fn quoted_cells_and_plain_ones_are_split_alike() {
        let plain = "a, b ,c\n# no row\n\n1,,3\r\n é,5,6";
        let quoted = "a,\" b \",c\n# no row\n\n1,,3\r\n \"é\",5,\"6\"";
        let expected = [(1, ["a", "b", "c"]), (4, ["1", "", "3"]), (5, ["é", "5", "6"])];
        let expected = expected.map(|(line, cells)| (line, cells.map(str::to_owned).to_vec()));
        assert_eq!(all(plain), expected);
        let found = all(quoted);
        assert_eq!(found[..2], expected[..2]);
        assert_eq!(all(&plain.replace('\n', "\r\n").replace("\r\r", "\r")), expected);
        // Separators at the end of a line make a cell, and a line of separators is a row.
        assert_eq!(
            all("1\t2\t\n\t\t\n"),
            [(1, vec!["1".into(), "2".into(), String::new()]), (2, vec![String::new(); 3])]
        );
    }

    #[test]
    fn comments_among_the_rows_are_counted() {
        let said = |text: &str| Cells::read(text.as_bytes(), '.').unwrap().comments();
        for quote in ["", "\""] {
            let row = format!("{quote}1{quote},2\n");
            assert_eq!(said(&format!("# a title\n# another\n{row}{row}")), None);
            let found = said(&format!("# a title\n{row}\n#3,4\n{row}#,5\n{row}# end"));
            assert_eq!(found.unwrap(), "3 lines begin with `#` and are no rows, the first of them line 4");
            assert_eq!(said(&format!("{row}# end\n")).unwrap(), "line 2 begins with `#` and is no row");
        }
        assert!(said("a 1\n# 2\n").is_some());
    }

    #[test]
    fn blanks_of_any_kind_separate_words() {
        let words = |line, a: &str, b: &str| (line, vec![a.to_owned(), b.to_owned()]);
        assert_eq!(all("  1 \u{2003} 2\n\n \n3\t\t4 "), [words(1, "1", "2"), words(4, "3", "4")]);
        assert_eq!(all(""), []);
    }

    #[test]
    fn cells_of_many_blocks_keep_their_places() {
        let text: String = (0..100_000).map(|k| format!("{k},x{k}\n")).collect();
        let mut cells = Cells::read(text.as_bytes(), '.').unwrap();
        assert_eq!(cells.take_first(), (1, vec!["0".into(), "x0".into()]));
        assert_eq!((cells.len(), cells.width().unwrap()), (99_999, 2));
        assert!((0..cells.len()).all(|i| cells.line(i) == i + 2 && cells.cell(i, 1) == format!("x{}", i + 1)));
    }
}
