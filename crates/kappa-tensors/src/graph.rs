//! The graph of a network, as far as its file says it.

/// The nodes of a graph in the order of their file, which is the order of computation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The inputs, with their dimensions; `None` for one that is free.
    pub inputs: Vec<(String, Vec<Option<usize>>)>,
    /// The names of the outputs.
    pub outputs: Vec<String>,
}

/// An operation on named tensors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// The operation, such as `Gemm`.
    pub kind: String,
    /// The name of the node; may be empty.
    pub name: String,
    /// The tensors that it reads, by name; an empty name is an argument left out.
    pub inputs: Vec<String>,
    /// The tensors that it makes.
    pub outputs: Vec<String>,
    /// Its attributes that are numbers or texts.
    pub attributes: Vec<(String, Attribute)>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A number.
    Float(f32),
    /// An integer.
    Int(i64),
    /// A text.
    Text(String),
    /// Numbers.
    Floats(Vec<f32>),
    /// Integers.
    Ints(Vec<i64>),
}

impl Node {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}
