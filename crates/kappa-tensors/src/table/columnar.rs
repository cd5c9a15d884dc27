//! Files of columns with types: Parquet and Arrow, where this is built with the feature `parquet`.

use super::Entry;
use crate::Skipped;
#[cfg(not(feature = "parquet"))]
use crate::error::{Error, Result};

/// The columns of a file, all of this number of rows, and those that are left out.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) titles: Vec<String>,
    pub(super) columns: Vec<Vec<Entry<'static>>>,
    pub(super) rows: usize,
    pub(super) left_out: Vec<Skipped>,
}

/// The format of a file of columns, by its first bytes.
pub(super) fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'A', b'R', b'1', ..] => Some("Parquet"),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some("Arrow"),
        _ => None,
    }
}

/// Says that the feature is missing.
#[cfg(not(feature = "parquet"))]
pub(super) fn read(_: &[u8], kind: &str) -> Result<Columns> {
    Err(Error::unsupported(format!("is a file of {kind}, which this build does not read")).with_hint(
        "build kappa with `--features parquet`, or write the table as text, in Python: \
         `pandas.read_parquet(path).to_csv(\"table.csv\", index=False)`",
    ))
}

#[cfg(feature = "parquet")]
pub(super) use reader::read;

#[cfg(feature = "parquet")]
mod reader {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{
        Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    };
    use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
    use arrow_schema::{ArrowError, DataType, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::{Columns, Entry, Skipped};
    use crate::error::{Error, Result, printable};
    use crate::limits;

    /// Rows that are decoded at a time.
    const ROWS: usize = 1 << 13;

    /// Reads a file of one of the two formats.
    pub(in super::super) fn read(bytes: &[u8], kind: &str) -> Result<Columns> {
        let damaged = |error: &dyn std::fmt::Display| {
            let reason = printable(error.to_string().trim());
            Error::format(format!("is a file of {kind} that cannot be read: {reason}"))
                .with_hint("the download or copy may have stopped early; fetch the file again")
        };
        // The decoders panic on some damaged files.
        let read = std::panic::catch_unwind(|| decoded(bytes, kind, &damaged));
        read.unwrap_or_else(|_| Err(damaged(&"its decoder gave up")))
    }

    fn decoded(bytes: &[u8], kind: &str, damaged: &dyn Fn(&dyn std::fmt::Display) -> Error) -> Result<Columns> {
        if kind == "Parquet" {
            let bytes = bytes::Bytes::copy_from_slice(bytes);
            let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|e| damaged(&e))?;
            let schema = builder.schema().clone();
            let reader = builder.with_batch_size(ROWS).build().map_err(|e| damaged(&e))?;
            all(&schema, reader, &|e| damaged(e))
        } else {
            let reader = arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None);
            let reader = reader.map_err(|e| damaged(&e))?;
            let schema = reader.schema();
            all(&schema, reader, &|e| damaged(e))
        }
    }

    fn all(
        schema: &Schema,
        batches: impl Iterator<Item = std::result::Result<RecordBatch, ArrowError>>,
        damaged: &dyn Fn(&ArrowError) -> Error,
    ) -> Result<Columns> {
        let mut found = Columns::default();
        let mut read = Vec::new();
        for (j, field) in schema.fields().iter().enumerate() {
            if is_read(field.data_type()) {
                read.push(j);
                found.titles.push(field.name().clone());
            } else {
                let reason = format!("column `{}` has the type {}", printable(field.name()), field.data_type());
                found.left_out.push(Skipped { name: format!("column {}", j + 1), reason, is_broken: false });
            }
        }
        found.columns = vec![Vec::new(); read.len()];
        for batch in batches {
            let batch = batch.map_err(|e| damaged(&e))?;
            found.rows += batch.num_rows();
            if found.rows.saturating_mul(read.len()) > limits::DENSE_ENTRIES {
                return Err(Error::limit(format!("has more than {} cells, the limit", limits::DENSE_ENTRIES)));
            }
            for (column, &j) in found.columns.iter_mut().zip(&read) {
                entries(batch.column(j).as_ref(), column);
            }
        }
        Ok(found)
    }

    /// Whether a type holds numbers or texts.
    fn is_read(dtype: &DataType) -> bool {
        match dtype {
            DataType::Dictionary(_, values) => is_read(values),
            DataType::Null | DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
            DataType::Decimal128(..) | DataType::Decimal256(..) => true,
            other => other.is_integer() || other.is_floating(),
        }
    }

    /// Adds the entries of an array of such a type.
    fn entries(array: &dyn Array, to: &mut Vec<Entry<'static>>) {
        match array.data_type() {
            DataType::Null => to.extend((0..array.len()).map(|_| Entry::Missing)),
            DataType::Boolean => {
                let truths = array.as_boolean().iter();
                to.extend(truths.map(|x| x.map_or(Entry::Missing, |x| Entry::Double(f64::from(u8::from(x))))));
            }
            DataType::Int8 => whole::<Int8Type>(array, to),
            DataType::Int16 => whole::<Int16Type>(array, to),
            DataType::Int32 => whole::<Int32Type>(array, to),
            DataType::Int64 => whole::<Int64Type>(array, to),
            DataType::UInt8 => whole::<UInt8Type>(array, to),
            DataType::UInt16 => whole::<UInt16Type>(array, to),
            DataType::UInt32 => whole::<UInt32Type>(array, to),
            DataType::UInt64 => whole::<UInt64Type>(array, to),
            DataType::Float16 => doubles::<Float16Type>(array, to, |x| x.to_f64()),
            DataType::Float32 => doubles::<Float32Type>(array, to, f64::from),
            DataType::Float64 => doubles::<Float64Type>(array, to, |x| x),
            DataType::Decimal128(..) => {
                let decimals = array.as_primitive::<Decimal128Type>();
                written(array, to, |k| decimals.value_as_string(k));
            }
            DataType::Decimal256(..) => {
                let decimals = array.as_primitive::<Decimal256Type>();
                written(array, to, |k| decimals.value_as_string(k));
            }
            DataType::Utf8 => written(array, to, |k| array.as_string::<i32>().value(k).to_owned()),
            DataType::LargeUtf8 => written(array, to, |k| array.as_string::<i64>().value(k).to_owned()),
            DataType::Utf8View => written(array, to, |k| array.as_string_view().value(k).to_owned()),
            // Columns of other types are left out before.
            _ => dictionary(array, to),
        }
    }

    fn written(array: &dyn Array, to: &mut Vec<Entry<'static>>, text: impl Fn(usize) -> String) {
        let entry = |k: usize| if array.is_null(k) { Entry::Missing } else { Entry::Text(text(k).into()) };
        to.extend((0..array.len()).map(entry));
    }

    fn whole<T: ArrowPrimitiveType<Native: ToString>>(array: &dyn Array, to: &mut Vec<Entry<'static>>) {
        written(array, to, |k| array.as_primitive::<T>().value(k).to_string());
    }

    fn doubles<T: ArrowPrimitiveType>(array: &dyn Array, to: &mut Vec<Entry<'static>>, of: impl Fn(T::Native) -> f64) {
        to.extend(array.as_primitive::<T>().iter().map(|x| x.map_or(Entry::Missing, |x| Entry::Double(of(x)))));
    }

    /// The values that the keys of a dictionary name.
    fn dictionary(array: &dyn Array, to: &mut Vec<Entry<'static>>) {
        let dictionary = array.as_any_dictionary();
        let mut values = Vec::new();
        entries(dictionary.values().as_ref(), &mut values);
        let keys = dictionary.normalized_keys();
        let value = |k: usize| values.get(keys[k]).cloned().unwrap_or(Entry::Missing);
        to.extend((0..array.len()).map(|k| if array.is_null(k) { Entry::Missing } else { value(k) }));
    }
}
