//! Values from outside to inside, and back.

use super::Machine;
use crate::rule::{Datum, fault::Trouble, limits::DEEPEST, limits::wide, value::Value};

fn too_deep() -> Trouble {
    Trouble::limit(format!("a value is nested more than {DEEPEST} deep, or holds itself"))
        .hint("keep plain lists and dicts in m_userdata")
}

/// A value for the rule. What is given from outside is not paid for.
pub(in crate::rule) fn inward(machine: &mut Machine<'_>, datum: &Datum) -> Result<Value, Trouble> {
    inward_at(machine, datum, 0)
}

fn inward_at(machine: &mut Machine<'_>, datum: &Datum, depth: u32) -> Result<Value, Trouble> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    Ok(match datum {
        Datum::None => Value::None,
        Datum::Bool(value) => Value::Bool(*value),
        Datum::Int(value) => Value::Int(*value),
        Datum::Float(value) => Value::Float(*value),
        Datum::Text(value) => {
            machine.meter.take(wide(value.len()))?;
            Value::Text(value.as_str().into())
        }
        Datum::List(values) | Datum::Tuple(values) => {
            let values =
                values.iter().map(|value| inward_at(machine, value, depth + 1)).collect::<Result<Vec<_>, _>>()?;
            if matches!(datum, Datum::List(_)) {
                machine.heap.list(&mut machine.meter, values)?
            } else {
                machine.heap.tuple(&mut machine.meter, values)?
            }
        }
        Datum::Dict(pairs) => {
            let place = machine.heap.dict(&mut machine.meter)?;
            for (key, value) in pairs {
                let written = inward_at(machine, key, depth + 1)?;
                let key = machine.key(&written)?;
                let value = inward_at(machine, value, depth + 1)?;
                machine.heap.put(&mut machine.meter, place, (key, written), value)?;
            }
            Value::Dict(place)
        }
    })
}

/// A value of the rule, as plain data. What is shared becomes several, and is paid for.
pub(in crate::rule) fn outward(machine: &mut Machine<'_>, value: &Value) -> Result<Datum, Trouble> {
    outward_at(machine, value, 0)
}

fn outward_at(machine: &mut Machine<'_>, value: &Value, depth: u32) -> Result<Datum, Trouble> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    machine.meter.step(1)?;
    machine.meter.take(48)?;
    Ok(match value {
        Value::None => Datum::None,
        Value::Bool(value) => Datum::Bool(*value),
        Value::Int(value) => Datum::Int(*value),
        Value::Float(value) => Datum::Float(*value),
        Value::Text(value) => {
            machine.meter.take(wide(value.len()))?;
            Datum::Text(value.to_string())
        }
        Value::List(_) | Value::Tuple(_) | Value::Range(_) => {
            let values = machine.gather(value)?;
            let values =
                values.iter().map(|value| outward_at(machine, value, depth + 1)).collect::<Result<Vec<_>, _>>()?;
            if matches!(value, Value::Tuple(_)) { Datum::Tuple(values) } else { Datum::List(values) }
        }
        Value::Dict(place) => {
            let pairs = machine.pairs(*place)?;
            let pairs = pairs
                .iter()
                .map(|(key, value)| Ok((outward_at(machine, key, depth + 1)?, outward_at(machine, value, depth + 1)?)));
            Datum::Dict(pairs.collect::<Result<_, Trouble>>()?)
        }
    })
}
