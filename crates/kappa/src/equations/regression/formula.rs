//! Model formulas such as `y ~ x + x^2 + region`, in the notation of statistics.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The formula of a linear model: a response, and a sum of terms.
///
/// | written | means |
/// |---|---|
/// | `y ~ a + b` | response y, terms a and b, and a constant |
/// | `.` | every other column |
/// | `x^3` or `I(x^3)` | the third power (not a crossing, as in R) |
/// | `powers(x, 10)` | x, x², … x¹⁰ |
/// | `log(x)`, `exp(x)`, `sqrt(x)` | a function of a column; `log` is the natural one |
/// | `C(x)` | x as categories, also if it is numeric |
/// | `C(x, base=b)`, `C(x, "b")` | the same, compared with the category b |
/// | `a:b` | the product of a and b |
/// | `a*b` | a, b and their product |
/// | `- 1` or `+ 0` | without a constant |
/// | `` `a b` `` | a name with blanks or special characters |
///
/// ```
/// # use kappa::equations::regression::Formula;
/// let f: Formula = "y ~ powers(x, 2) + a*b - 1".parse()?;
/// assert_eq!(f.to_string(), "y ~ x + x^2 + a + b + a:b - 1");
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// The response, if the formula names it.
    pub target: Option<String>,
    /// Whether there is a constant.
    pub has_constant: bool,
    /// The terms; `None` stands for every other column.
    pub terms: Vec<Option<Term>>,
}

/// A product of factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Term(pub Vec<Factor>);

/// A column, or a function of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Factor {
    /// The column: its numbers, or its categories if it has text.
    Column(String),
    /// A power of its numbers, 2 or more.
    Power(String, u32),
    /// A function of its numbers.
    Function(Function, String),
    /// Its values as categories.
    Category(String),
    /// Its values as categories, compared with this one.
    CategoryWithBase(String, String),
}

/// A function of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// The natural logarithm.
    Log,
    /// The exponential function.
    Exp,
    /// The square root.
    Sqrt,
}

/// The highest power allowed.
const HIGHEST: u32 = 64;

impl Factor {
    /// The name of its column.
    pub fn column(&self) -> &str {
        match self {
            Self::Column(name)
            | Self::Power(name, _)
            | Self::Function(_, name)
            | Self::Category(name)
            | Self::CategoryWithBase(name, _) => name,
        }
    }

    /// The category that the other ones are compared with, where the formula names it.
    pub(super) fn base(&self) -> Option<&str> {
        if let Self::CategoryWithBase(_, base) = self { Some(base) } else { None }
    }
}

/// A name, quoted if the parser needs it.
fn quoted(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        && name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if is_plain { name.to_owned() } else { format!("`{name}`") }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = quoted(self.column());
        match self {
            Self::Column(_) => f.write_str(&name),
            Self::Power(_, k) => write!(f, "{name}^{k}"),
            Self::Function(Function::Log, _) => write!(f, "log({name})"),
            Self::Function(Function::Exp, _) => write!(f, "exp({name})"),
            Self::Function(Function::Sqrt, _) => write!(f, "sqrt({name})"),
            Self::Category(_) => write!(f, "C({name})"),
            Self::CategoryWithBase(_, base) => {
                let quote = if base.contains('"') { '\'' } else { '"' };
                write!(f, "C({name}, base={quote}{base}{quote})")
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factors: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&factors.join(":"))
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut terms: Vec<String> =
            self.terms.iter().map(|t| t.as_ref().map_or_else(|| ".".into(), ToString::to_string)).collect();
        if terms.is_empty() {
            terms.push(if self.has_constant { "1".into() } else { "0".into() });
        }
        let rest = if self.has_constant || self.terms.is_empty() { "" } else { " - 1" };
        match &self.target {
            Some(target) => write!(f, "{} ~ {}{rest}", quoted(target), terms.join(" + ")),
            None => write!(f, "{}{rest}", terms.join(" + ")),
        }
    }
}

/// A token of the formula.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    /// In quotes: a category.
    Text(String),
    Number(u32),
    Sign(char),
}

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some(&(at, c)) = rest.peek() {
        if c.is_whitespace() {
            rest.next();
        } else if matches!(c, '`' | '"' | '\'') {
            rest.next();
            let name: String = std::iter::from_fn(|| rest.next_if(|&(_, other)| other != c)).map(|(_, c)| c).collect();
            if rest.next().is_none() {
                return Err(wrong(text, at, "unclosed quote"));
            }
            found.push(if c == '`' { Token::Name(name) } else { Token::Text(name) });
        } else if c.is_ascii_digit() {
            let digits: String =
                std::iter::from_fn(|| rest.next_if(|&(_, c)| c.is_ascii_digit())).map(|(_, c)| c).collect();
            found.push(Token::Number(digits.parse().map_err(|_| wrong(text, at, "number too large"))?));
        } else if c.is_alphabetic() || c == '_' {
            let is_part = |&(_, c): &(usize, char)| c.is_alphanumeric() || c == '_' || c == '.';
            found.push(Token::Name(std::iter::from_fn(|| rest.next_if(is_part)).map(|(_, c)| c).collect()));
        } else if "~+-*:^(),.=".contains(c) {
            rest.next();
            found.push(Token::Sign(c));
        } else {
            return Err(wrong(text, at, &format!("unexpected character `{c}`")));
        }
    }
    Ok(found)
}

fn wrong(text: &str, at: usize, what: &str) -> Error {
    let place = text[..at.min(text.len())].chars().count() + 1;
    Error::syntax(format!("{what} at character {place} of the formula `{text}`")).with_hint(HINT)
}

const HINT: &str = "write `y ~ a + b`, `x^2`, `powers(x, 3)`, `log(x)`, `C(x)`, `C(x, base=\"b\")`, `a:b`, `a*b`, \
                    `- 1` for no constant; quote names with blanks as `` `a b` ``";

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl Parser<'_> {
    fn next_is(&mut self, sign: char) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: char) -> Result<()> {
        if self.next_is(sign) { Ok(()) } else { Err(self.unread(&format!("`{sign}`"))) }
    }

    fn unread(&self, what: &str) -> Error {
        let next = match self.tokens.get(self.at) {
            None => "end".to_owned(),
            Some(Token::Name(name) | Token::Text(name)) => format!("`{name}`"),
            Some(Token::Number(number)) => format!("`{number}`"),
            Some(Token::Sign(sign)) => format!("`{sign}`"),
        };
        Error::syntax(format!("unexpected {next} in the formula `{}`: expected {what}", self.text)).with_hint(HINT)
    }

    fn name(&mut self) -> Result<String> {
        match self.tokens.get(self.at).cloned() {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.unread("a column name")),
        }
    }

    fn power(&mut self) -> Result<u32> {
        match self.tokens.get(self.at) {
            Some(&Token::Number(k)) if (1..=HIGHEST).contains(&k) => {
                self.at += 1;
                Ok(k)
            }
            _ => Err(self.unread(&format!("a power from 1 to {HIGHEST}"))),
        }
    }

    /// `base=b`, or `b` alone: a name, a whole number, or any text in quotes.
    fn base(&mut self) -> Result<String> {
        let is_named = matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == "base" || name == "level");
        if is_named && self.tokens.get(self.at + 1) == Some(&Token::Sign('=')) {
            self.at += 2;
        }
        let sign = if self.next_is('-') { "-" } else { "" };
        let found = match self.tokens.get(self.at) {
            Some(Token::Name(name) | Token::Text(name)) if sign.is_empty() => name.clone(),
            Some(Token::Number(number)) => format!("{sign}{number}"),
            _ => return Err(self.unread("a category, in quotes if it is not one word")),
        };
        self.at += 1;
        Ok(found)
    }

    /// x, x^k, f(x): one factor, or several powers of one.
    fn factors(&mut self) -> Result<Vec<Factor>> {
        let name = self.name()?;
        if self.next_is('^') {
            return Ok(vec![power_of(name, self.power()?)]);
        }
        if !self.next_is('(') {
            return Ok(vec![Factor::Column(name)]);
        }
        let inner = self.name()?;
        let found = match name.as_str() {
            "I" => {
                let k = if self.next_is('^') { self.power()? } else { 1 };
                vec![power_of(inner, k)]
            }
            "powers" => {
                self.expect(',')?;
                let k = self.power()?;
                (1..=k).map(|k| power_of(inner.clone(), k)).collect()
            }
            "C" if self.next_is(',') => vec![Factor::CategoryWithBase(inner, self.base()?)],
            "C" => vec![Factor::Category(inner)],
            "log" => vec![Factor::Function(Function::Log, inner)],
            "exp" => vec![Factor::Function(Function::Exp, inner)],
            "sqrt" => vec![Factor::Function(Function::Sqrt, inner)],
            other => {
                let text = self.text;
                let known = "I, powers, C, log, exp, sqrt";
                return Err(
                    Error::syntax(format!("unknown function `{other}` in `{text}`; known: {known}")).with_hint(HINT)
                );
            }
        };
        self.expect(')')?;
        Ok(found)
    }

    /// One summand: a term, or several terms and their products.
    fn summand(&mut self) -> Result<Vec<Term>> {
        let mut terms: Vec<Term> = self.factors()?.into_iter().map(|f| Term(vec![f])).collect();
        loop {
            let (is_product, is_cross) = (self.next_is(':'), self.next_is('*'));
            if !is_product && !is_cross {
                return Ok(terms);
            }
            let right: Vec<Term> = self.factors()?.into_iter().map(|f| Term(vec![f])).collect();
            let products: Vec<Term> = terms
                .iter()
                .flat_map(|a| right.iter().map(|b| Term(a.0.iter().chain(&b.0).cloned().collect())))
                .collect();
            terms = if is_cross { terms.into_iter().chain(right).chain(products).collect() } else { products };
        }
    }
}

fn power_of(name: String, k: u32) -> Factor {
    if k == 1 { Factor::Column(name) } else { Factor::Power(name, k) }
}

impl FromStr for Formula {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let tokens = tokens(text)?;
        let mut parser = Parser { text, tokens, at: 0 };
        let target = match (parser.tokens.first(), parser.tokens.get(1)) {
            (Some(Token::Name(name)), Some(Token::Sign('~'))) => {
                parser.at = 2;
                Some(name.clone())
            }
            _ => None,
        };
        let mut formula = Self { target, has_constant: true, terms: Vec::new() };
        let mut minus = parser.next_is('-');
        loop {
            match parser.tokens.get(parser.at).cloned() {
                Some(Token::Number(k @ (0 | 1))) => {
                    parser.at += 1;
                    formula.has_constant = (k == 1) != minus;
                }
                _ if minus => return Err(parser.unread("1 after `-`")),
                Some(Token::Sign('.')) => {
                    parser.at += 1;
                    formula.terms.push(None);
                }
                _ => {
                    for term in parser.summand()? {
                        if !formula.terms.contains(&Some(term.clone())) {
                            formula.terms.push(Some(term));
                        }
                    }
                }
            }
            if parser.at == parser.tokens.len() {
                return Ok(formula);
            }
            minus = parser.next_is('-');
            if !minus {
                parser.expect('+')?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_read_as_they_are_written() {
        for (text, again) in [
            ("y~x", "y ~ x"),
            ("y ~ .", "y ~ ."),
            ("x + I(x^2) + x", "x + x^2"),
            ("y ~ a*b", "y ~ a + b + a:b"),
            ("y ~ 1", "y ~ 1"),
            ("y ~ 0 + x", "y ~ x - 1"),
            ("y ~ C(g):log(x) - 1", "y ~ C(g):log(x) - 1"),
            ("`my y` ~ `a b`^3", "`my y` ~ `a b`^3"),
            ("powers(x, 3)", "x + x^2 + x^3"),
            ("y ~ C(g, base=b) + C(h, 'a b')", "y ~ C(g, base=\"b\") + C(h, base=\"a b\")"),
            ("y ~ C(year, 2020)*x", "y ~ C(year, base=\"2020\") + x + C(year, base=\"2020\"):x"),
            ("y ~ C(g, -1)", "y ~ C(g, base=\"-1\")"),
        ] {
            let formula: Formula = text.parse().unwrap();
            assert_eq!(formula.to_string(), again, "{text}");
            assert_eq!(formula.to_string().parse::<Formula>().unwrap(), formula);
        }
    }

    #[test]
    fn nonsense_is_named() {
        for text in [
            "",
            "y ~",
            "y ~ x +",
            "y ~ x^",
            "y ~ x^99",
            "y ~ sin(x)",
            "y ~ x - z",
            "y ~ x $ z",
            "`y",
            "y ~ x x",
            "2",
            "C(g,)",
            "C(g, base)x",
            "C(g, base=",
            "y ~ 'x'",
        ] {
            let error = text.parse::<Formula>().unwrap_err();
            assert!(error.is_syntax() && error.hint().is_some(), "{text}");
        }
    }
}
