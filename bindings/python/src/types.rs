//! Types that are any object, dict or array to Rust, under the names that say what they are to Python.
//!
//! The stubs are made of the types of functions; a line `// stub: …` says what an alias is there.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator};

/// What NumPy makes an array of.
// stub: ArrayLike
pub(crate) type ArrayLike<'py> = Bound<'py, PyAny>;

/// A norm, its name, or 1, 2 or inf.
// stub: str | float | Norm
pub(crate) type NormLike<'py> = Bound<'py, PyAny>;

/// A pattern for names, or several.
// stub: str | Sequence[str]
#[derive(FromPyObject)]
pub(crate) enum Patterns {
    One(String),
    Several(Vec<String>),
}

impl Patterns {
    /// All of them; none where nothing was given.
    pub(crate) fn all(given: Option<Self>) -> Vec<String> {
        match given {
            None => Vec::new(),
            Some(Self::One(pattern)) => vec![pattern],
            Some(Self::Several(patterns)) => patterns,
        }
    }
}

/// One letter or sign.
// stub: str
pub(crate) type Sign = char;

/// Old parts of names, and what replaces them.
// stub: dict[str, str]
pub(crate) type Renaming = std::collections::BTreeMap<String, String>;

/// Numbers, one each.
// stub: Sequence[float] | NDArray[Any]
pub(crate) type NumbersLike<'py> = Bound<'py, PyAny>;

/// A number, an enclosure among them.
// stub: SupportsFloat
pub(crate) type NumberLike<'py> = Bound<'py, PyAny>;

/// The type of entries that `__array__` is asked for.
// stub: Any
pub(crate) type Dtype<'py> = Option<Bound<'py, PyAny>>;

/// An array.
// stub: NDArray[Any]
pub(crate) type Array<'py> = Bound<'py, PyAny>;

/// An array of doubles.
// stub: NDArray[np.float64]
pub(crate) type Floats<'py> = Bound<'py, PyAny>;

/// An array of complex numbers.
// stub: NDArray[np.complex128]
pub(crate) type Complexes<'py> = Bound<'py, PyAny>;

/// An array of places, from 0.
// stub: NDArray[np.intp]
pub(crate) type Places<'py> = Bound<'py, PyAny>;

/// Arrays one after another.
// stub: Iterator[NDArray[Any]]
pub(crate) type Arrays<'py> = Bound<'py, PyIterator>;

/// Enclosures by name.
// stub: dict[str, Enclosure]
pub(crate) type EnclosureDict<'py> = Bound<'py, PyDict>;

/// Numbers by name.
// stub: dict[str, float]
pub(crate) type FloatDict<'py> = Bound<'py, PyDict>;

/// Arrays by name.
// stub: dict[str, NDArray[Any]]
pub(crate) type ArrayDict<'py> = Bound<'py, PyDict>;

/// An enclosure, or NotImplemented for what is no number.
// stub: Enclosure
pub(crate) type EnclosureOrNot = Py<PyAny>;
