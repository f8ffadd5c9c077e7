//! The export as Parquet: texts, moments in UTC, and numbers of double
//! precision, which is what readers of FOCUS expect. The exact numbers are in
//! the CSV and in the ledger.

use super::{
    FocusContext,
    column::{COLUMNS, Kind, Value},
    row::Row,
};
use crate::{AccountingError, price::Charge};
use parquet::{
    basic::{Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{Type, TypePtr},
};
use std::{io::Write, sync::Arc};

/// Rows that are in memory at once.
const ROWS: usize = 10_000;

fn fault(error: ParquetError) -> AccountingError {
    AccountingError::writing("the export as Parquet", error)
}

/// Writes charges, and the invoice where there is one, as FOCUS 1.2 in Parquet.
///
/// # Errors
/// When it can't be written.
pub fn write_parquet(
    context: &FocusContext<'_>,
    charges: &[Charge],
    out: impl Write + Send,
) -> Result<(), AccountingError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(parquet::basic::GzipLevel::default()))
        .set_created_by("hansa".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(out, schema().map_err(fault)?, Arc::new(properties)).map_err(fault)?;
    let mut rows = context.rows(charges)?.peekable();
    while rows.peek().is_some() {
        let some = rows.by_ref().take(ROWS).collect::<Result<Vec<Row>, _>>()?;
        let mut group = writer.next_row_group().map_err(fault)?;
        for (place, (_, kind)) in COLUMNS.into_iter().enumerate() {
            if let Some(mut column) = group.next_column().map_err(fault)? {
                write_column(&mut column, &some, place, kind).map_err(fault)?;
                column.close().map_err(fault)?;
            }
        }
        group.close().map_err(fault)?;
    }
    writer.close().map_err(fault)?;
    Ok(())
}

fn schema() -> Result<TypePtr, ParquetError> {
    let field = |(name, kind): (&str, Kind)| {
        let column = |physical| Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        let column = match kind {
            Kind::Text => column(Physical::BYTE_ARRAY)
                .with_logical_type(Some(LogicalType::String))
                .with_converted_type(ConvertedType::UTF8),
            Kind::Number => column(Physical::DOUBLE),
            Kind::Time => {
                column(Physical::INT64).with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::MICROS)))
            }
        };
        column.build().map(Arc::new)
    };
    let fields = COLUMNS.into_iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("CostAndUsage").with_fields(fields).build().map(Arc::new)
}

fn write_column(
    column: &mut SerializedColumnWriter<'_>,
    rows: &[Row],
    place: usize,
    kind: Kind,
) -> Result<(), ParquetError> {
    let values = || rows.iter().filter_map(|row| row.values().get(place)).filter(|value| **value != Value::None);
    let is_there = |row: &Row| row.values().get(place).is_some_and(|value| *value != Value::None);
    let present: Vec<i16> = rows.iter().map(|row| i16::from(is_there(row))).collect();
    let present = Some(present.as_slice());
    match kind {
        Kind::Text => {
            let texts: Vec<ByteArray> = values().filter_map(text).collect();
            column.typed::<ByteArrayType>().write_batch(&texts, present, None)?;
        }
        Kind::Number => {
            let numbers: Vec<f64> = values().filter_map(number).collect();
            column.typed::<DoubleType>().write_batch(&numbers, present, None)?;
        }
        Kind::Time => {
            let times: Vec<i64> = values().filter_map(micros).collect();
            column.typed::<Int64Type>().write_batch(&times, present, None)?;
        }
    }
    Ok(())
}

fn text(value: &Value) -> Option<ByteArray> {
    if let Value::Text(text) = value { Some(ByteArray::from(text.as_str())) } else { None }
}

fn number(value: &Value) -> Option<f64> {
    if let Value::Number(number) = value { number.parse().ok() } else { None }
}

fn micros(value: &Value) -> Option<i64> {
    if let Value::Time(seconds) = value { seconds.checked_mul(1_000_000) } else { None }
}
