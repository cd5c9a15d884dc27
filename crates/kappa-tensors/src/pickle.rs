//! Pickles of Python as trees of values. Nothing is executed: a call is a node that names its function and keeps its
//! arguments.
//!
//! Reference: the opcodes in `Lib/pickletools.py` of Python, protocols 0 to 5.

use std::collections::HashMap;

use crate::cursor::Cursor;
use crate::error::{Error, Result, printable};
use crate::limits;

/// The place of a value in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(u32);

/// A value of Python.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    /// An integer beyond 64 bits, or bytes.
    Other,
    Float(f64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or a function, as `module.name`.
    Global(String),
    /// What a persistent identifier stands for.
    Persistent(Id),
    /// The result of a call that is not made.
    Call {
        function: Id,
        arguments: Id,
        /// The state that was to be set.
        state: Option<Id>,
    },
}

/// The values of a pickle.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    values: Vec<Value>,
    root: Id,
}

impl Tree {
    pub(crate) fn root(&self) -> Id {
        self.root
    }

    /// Every value, reachable or not.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Id> {
        (0..self.values.len() as u32).map(Id)
    }

    pub(crate) fn get(&self, id: Id) -> &Value {
        &self.values[id.0 as usize]
    }

    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn int(&self, id: Id) -> Option<i64> {
        match self.get(id) {
            Value::Int(x) => Some(*x),
            _ => None,
        }
    }

    /// The members of a tuple or a list.
    pub(crate) fn members(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(members) | Value::List(members) => Some(members),
            _ => None,
        }
    }

    /// The name of a class or a function.
    pub(crate) fn global(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Global(name) => Some(name),
            _ => None,
        }
    }
}

/// Parses one pickle, and leaves the cursor behind it.
///
/// # Errors
///
/// When the opcodes are truncated, unknown, or do not fit the stack.
pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Tree> {
    let mut machine = Machine { values: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    loop {
        let at = cursor.at();
        let code = cursor.u8()?;
        if code == b'.' {
            let root = machine.pop().map_err(|e| e.at_byte(at))?;
            return Ok(Tree { values: machine.values, root });
        }
        machine.step(code, cursor).map_err(|e| e.at_byte(at))?;
    }
}

/// The stack machine. Each opcode adds at most one value, so that memory is bounded by the length of the pickle.
struct Machine {
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

fn misfit() -> Error {
    Error::format("is a pickle whose opcodes do not fit its stack")
}

impl Machine {
    fn add(&mut self, value: Value) -> Result<Id> {
        if self.values.len() >= limits::PICKLE_VALUES {
            return Err(Error::limit(format!("is a pickle of more than {} values", limits::PICKLE_VALUES)));
        }
        let id = Id(self.values.len() as u32);
        self.values.push(value);
        Ok(id)
    }

    fn push(&mut self, value: Value) -> Result<()> {
        let id = self.add(value)?;
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() > floor { self.stack.pop().ok_or_else(misfit) } else { Err(misfit()) }
    }

    fn top(&self) -> Result<Id> {
        self.stack.last().copied().ok_or_else(misfit)
    }

    /// Everything above the last mark.
    fn above_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(misfit)?;
        Ok(self.stack.split_off(mark))
    }

    fn value(&mut self, id: Id) -> &mut Value {
        &mut self.values[id.0 as usize]
    }

    fn remember(&mut self, key: u64) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Result<()> {
        let id =
            *self.memo.get(&key).ok_or_else(|| Error::format(format!("is a pickle that recalls {key} in vain")))?;
        self.again(id)
    }

    /// Pushes a value that is known already.
    fn again(&mut self, id: Id) -> Result<()> {
        if self.stack.len() >= limits::PICKLE_VALUES {
            return Err(Error::limit(format!("is a pickle with more than {} values at once", limits::PICKLE_VALUES)));
        }
        self.stack.push(id);
        Ok(())
    }

    fn append(&mut self, members: Vec<Id>) -> Result<()> {
        let top = self.top()?;
        match self.value(top) {
            Value::List(list) => list.extend(members),
            // Other classes have `append` too; what they hold is not read.
            Value::Call { .. } => {}
            _ => return Err(misfit()),
        }
        Ok(())
    }

    fn set_items(&mut self, members: &[Id]) -> Result<()> {
        let top = self.top()?;
        let pairs = members.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        if !members.len().is_multiple_of(2) {
            return Err(misfit());
        }
        let pairs: Vec<(Id, Id)> = pairs.collect();
        match self.value(top) {
            Value::Dict(dict) => dict.extend(pairs),
            // A subclass of a dictionary.
            Value::Call { state: Some(state), .. } => {
                let state = *state;
                if let Value::Dict(dict) = self.value(state) {
                    dict.extend(pairs);
                }
            }
            Value::Call { .. } => {
                let id = self.add(Value::Dict(pairs))?;
                if let Value::Call { state, .. } = self.value(top) {
                    *state = Some(id);
                }
            }
            _ => return Err(misfit()),
        }
        Ok(())
    }

    /// A call, except for the classes that are plain containers.
    fn call(&mut self, function: Id, arguments: Id) -> Result<()> {
        let name = if let Value::Global(name) = self.value(function) { name.clone() } else { String::new() };
        let given = match self.value(arguments) {
            Value::Tuple(given) => given.clone(),
            _ => Vec::new(),
        };
        match (name.as_str(), given.as_slice()) {
            ("collections.OrderedDict", []) => self.push(Value::Dict(Vec::new())),
            ("collections.OrderedDict", [pairs]) => {
                let pairs = *pairs;
                let pairs = if let Value::List(pairs) = self.value(pairs) { pairs.clone() } else { Vec::new() };
                let mut found = Vec::new();
                for pair in pairs {
                    if let Value::Tuple(pair) | Value::List(pair) = self.value(pair)
                        && let [key, value] = pair[..]
                    {
                        found.push((key, value));
                    }
                }
                self.push(Value::Dict(found))
            }
            ("collections.defaultdict", _) => self.push(Value::Dict(Vec::new())),
            ("torch.Size", [sizes]) => {
                self.stack.push(*sizes);
                Ok(())
            }
            _ => self.push(Value::Call { function, arguments, state: None }),
        }
    }

    fn build(&mut self) -> Result<()> {
        let new = self.pop()?;
        let top = self.top()?;
        if let Value::Call { state, .. } = self.value(top) {
            *state = Some(new);
        }
        // The attributes of a dictionary are not its items.
        Ok(())
    }

    fn step(&mut self, code: u8, c: &mut Cursor<'_>) -> Result<()> {
        match code {
            0x80 => c.u8().map(drop),
            0x95 => c.take(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => match self.stack.len() > self.marks.last().copied().unwrap_or(0) {
                true => self.pop().map(drop),
                false => self.above_mark().map(drop),
            },
            b'1' => self.above_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.again(top)
            }
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'I' | b'L' | b'J' | b'K' | b'M' | 0x8a | 0x8b | b'F' | b'G' => {
                let number = number(code, c)?;
                self.push(number)
            }
            b'S' | b'V' | b'X' | 0x8c | 0x8d | b'T' | b'U' | b'B' | b'C' | 0x8e | 0x96 => {
                let text = text(code, c)?;
                self.push(text)
            }
            b')' => self.push(Value::Tuple(Vec::new())),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            0x8f => self.push(Value::List(Vec::new())),
            b't' | b'l' | b'd' | 0x91 | 0x85..=0x87 => self.collect(code),
            b'a' => {
                let member = self.pop()?;
                self.append(vec![member])
            }
            b'e' | 0x90 => {
                let members = self.above_mark()?;
                self.append(members)
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(&[key, value])
            }
            b'u' => {
                let members = self.above_mark()?;
                self.set_items(&members)
            }
            b'p' | b'q' | b'r' | 0x94 => {
                let key = match code {
                    b'p' => decimal(c.line()?)?,
                    b'q' => u64::from(c.u8()?),
                    b'r' => u64::from(c.u32()?),
                    _ => self.memo.len() as u64,
                };
                self.remember(key)
            }
            b'g' | b'h' | b'j' => {
                let key = match code {
                    b'g' => decimal(c.line()?)?,
                    b'h' => u64::from(c.u8()?),
                    _ => u64::from(c.u32()?),
                };
                self.recall(key)
            }
            _ => self.object(code, c),
        }
    }

    /// Tuples, lists and dictionaries of what is on the stack.
    fn collect(&mut self, code: u8) -> Result<()> {
        let members = match code {
            0x85..=0x87 => {
                let count = usize::from(code - 0x84);
                let mut members = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>>>()?;
                members.reverse();
                members
            }
            _ => self.above_mark()?,
        };
        match code {
            b'l' | 0x91 => self.push(Value::List(members)),
            b'd' => {
                self.push(Value::Dict(Vec::new()))?;
                self.set_items(&members)
            }
            _ => self.push(Value::Tuple(members)),
        }
    }

    /// Classes, calls and persistent identifiers.
    fn object(&mut self, code: u8, c: &mut Cursor<'_>) -> Result<()> {
        match code {
            b'c' => {
                let (module, name) = (c.line()?, c.line()?);
                let of = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
                self.push(Value::Global(format!("{}.{}", of(module), of(name))))
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |value: &Value| if let Value::Text(text) = value { Some(text.clone()) } else { None };
                let (name, module) = (text(self.value(name)), text(self.value(module)));
                let (Some(name), Some(module)) = (name, module) else { return Err(misfit()) };
                self.push(Value::Global(format!("{module}.{name}")))
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments)
            }
            0x92 => {
                let (_, arguments, function) = (self.pop()?, self.pop()?, self.pop()?);
                self.call(function, arguments)
            }
            b'i' | b'o' => {
                let function = match code {
                    b'i' => {
                        let (module, name) = (c.line()?, c.line()?);
                        let of = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
                        Some(self.add(Value::Global(format!("{}.{}", of(module), of(name))))?)
                    }
                    _ => None,
                };
                let mut arguments = self.above_mark()?;
                let function = match function {
                    Some(function) => function,
                    None if arguments.is_empty() => return Err(misfit()),
                    None => arguments.remove(0),
                };
                let arguments = self.add(Value::Tuple(arguments))?;
                self.call(function, arguments)
            }
            b'b' => self.build(),
            b'P' => {
                let text = String::from_utf8_lossy(c.line()?).into_owned();
                let id = self.add(Value::Text(text))?;
                self.push(Value::Persistent(id))
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id))
            }
            // Buffers outside of the pickle, and extensions.
            0x97 | 0x98 | 0x82..=0x84 => Err(Error::unsupported(format!(
                "is a pickle with the opcode {code:#04x}, which refers to what is not in it"
            ))),
            _ => Err(Error::format(format!("is no pickle: {code:#04x} is no opcode"))),
        }
    }
}

fn decimal(line: &[u8]) -> Result<u64> {
    let text = String::from_utf8_lossy(line);
    text.trim().parse().map_err(|_| Error::format(format!("is a pickle with the number `{}`", printable(&text))))
}

fn number(code: u8, c: &mut Cursor<'_>) -> Result<Value> {
    let of_text = |text: &str| -> Value {
        match text {
            "00" => Value::Bool(false),
            "01" => Value::Bool(true),
            text => text.trim_end_matches('L').parse().map_or(Value::Other, Value::Int),
        }
    };
    Ok(match code {
        b'I' | b'L' => of_text(String::from_utf8_lossy(c.line()?).trim()),
        b'J' => Value::Int(i64::from(c.u32()? as i32)),
        b'K' => Value::Int(i64::from(c.u8()?)),
        b'M' => Value::Int(i64::from(c.u16()?)),
        0x8a | 0x8b => {
            let length = if code == 0x8a { usize::from(c.u8()?) } else { c.u32()? as usize };
            let bytes = c.take(length)?;
            if length > 8 {
                return Ok(Value::Other);
            }
            // Two's complement of any length.
            let fill = if bytes.last().is_some_and(|b| b & 0x80 != 0) { 0xff } else { 0 };
            let mut whole = [fill; 8];
            whole[..length].copy_from_slice(bytes);
            Value::Int(i64::from_le_bytes(whole))
        }
        b'F' => String::from_utf8_lossy(c.line()?).trim().parse().map_or(Value::Other, Value::Float),
        // Big-endian, unlike all other numbers.
        _ => Value::Float(f64::from_bits(c.u64()?.swap_bytes())),
    })
}

fn text(code: u8, c: &mut Cursor<'_>) -> Result<Value> {
    let is_bytes = matches!(code, b'B' | b'C' | 0x8e | 0x96);
    let bytes = match code {
        b'S' | b'V' => {
            let line = c.line()?.trim_ascii();
            let quoted = line.len() > 1 && matches!(line[0], b'\'' | b'"');
            if quoted { &line[1..line.len() - 1] } else { line }
        }
        b'X' | b'T' | b'B' => {
            let length = c.u32()? as usize;
            c.take(length)?
        }
        0x8c | b'U' | b'C' => {
            let length = usize::from(c.u8()?);
            c.take(length)?
        }
        _ => {
            let length = c.length()?;
            c.take(length)?
        }
    };
    Ok(if is_bytes { Value::Other } else { Value::Text(String::from_utf8_lossy(bytes).into_owned()) })
}
