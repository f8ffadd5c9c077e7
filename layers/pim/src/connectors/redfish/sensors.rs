//! Power and temperature of a server, from its chassis: as newer services have
//! them (EnvironmentMetrics, ThermalMetrics), else as older do (Power, Thermal).

use super::{
    session::Service,
    wire::{link, links, list, number, text},
};
use serde_json::Value;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sensed {
    /// Power drawn, watts.
    pub(super) watts: Option<f64>,
    /// The highest temperature, degrees Celsius.
    pub(super) celsius: Option<f64>,
}

/// Reads the chassis of a server. What can't be read becomes a note, not an error.
pub(super) async fn read(service: &Service, system: &Value, notes: &mut Vec<String>) -> Sensed {
    let mut sensed = Sensed::default();
    for path in links(system, "/Links/Chassis") {
        let Some(chassis) = found(service, Some(path), notes).await else { continue };
        let metrics = found(service, link(&chassis, "/EnvironmentMetrics"), notes).await.unwrap_or_default();
        // What several servers draw together is no single one's.
        if links(&chassis, "/Links/ComputerSystems").count() <= 1 {
            let watts = match number(&metrics, "/PowerWatts/Reading") {
                Some(watts) => Some(watts),
                None => found(service, link(&chassis, "/Power"), notes).await.as_ref().and_then(drawn),
            };
            sensed.watts = watts.map(|watts| watts + sensed.watts.unwrap_or_default()).or(sensed.watts);
        }
        let mut warmest = number(&metrics, "/TemperatureCelsius/Reading");
        if let Some(subsystem) = found(service, link(&chassis, "/ThermalSubsystem"), notes).await
            && let Some(thermal) = found(service, link(&subsystem, "/ThermalMetrics"), notes).await
        {
            warmest = highest(warmest, list(&thermal, "/TemperatureReadingsCelsius"), "/Reading");
        }
        if warmest.is_none()
            && let Some(thermal) = found(service, link(&chassis, "/Thermal"), notes).await
        {
            warmest = highest(None, list(&thermal, "/Temperatures"), "/ReadingCelsius");
        }
        sensed.celsius = sensed.celsius.into_iter().chain(warmest).reduce(f64::max);
    }
    sensed
}

async fn found(service: &Service, path: Option<&str>, notes: &mut Vec<String>) -> Option<Value> {
    match service.find(path?).await {
        Ok(found) => Some(found?.body),
        Err(error) => {
            notes.push(error.to_string());
            None
        }
    }
}

/// What all its supplies give together (`Power.PowerControl`).
fn drawn(power: &Value) -> Option<f64> {
    list(power, "/PowerControl")
        .iter()
        .filter_map(|control| number(control, "/PowerConsumedWatts"))
        .reduce(|a, b| a + b)
}

/// The highest of the readings of sensors that work.
fn highest(known: Option<f64>, sensors: &[Value], reading: &str) -> Option<f64> {
    let works = |sensor: &&Value| text(sensor, "/Status/State").is_none_or(|state| state == "Enabled");
    let readings = sensors.iter().filter(works).filter_map(|sensor| number(sensor, reading));
    known.into_iter().chain(readings).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_highest_of_what_works_and_the_sum_of_what_is_drawn() {
        let sensors = [
            json!({"ReadingCelsius": 41, "Status": {"State": "Enabled"}}),
            json!({"ReadingCelsius": 99, "Status": {"State": "Absent"}}),
            json!({"ReadingCelsius": null}),
            json!({"ReadingCelsius": 25.5}),
        ];
        assert_eq!(highest(None, &sensors, "/ReadingCelsius"), Some(41.0));
        assert_eq!(
            drawn(&json!({"PowerControl": [{"PowerConsumedWatts": 200}, {"PowerConsumedWatts": 12.5}]})),
            Some(212.5)
        );
        assert_eq!(drawn(&json!({})), None);
    }
}
