//! What Prometheus' HTTP API answers to an instant query.

use super::PrometheusError;
use crate::{Element, Labels, QueryAnswer, QueryResult};
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most characters of a server's words that are passed on.
const WORDS: usize = 500;

/// The frame of every answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    status: String,
    data: Option<Data>,
    error_type: Option<String>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "camelCase")]
enum Data {
    Scalar(Point),
    Vector(Vec<Sample>),
    Matrix(serde::de::IgnoredAny),
    String(serde::de::IgnoredAny),
}

/// Seconds since 1970, and a number as a text.
#[derive(Debug, Deserialize)]
struct Point(f64, String);

#[derive(Debug, Deserialize)]
struct Sample {
    metric: BTreeMap<String, String>,
    value: Option<Point>,
}

/// Reads an answer; None when it is none of this API.
pub(super) fn read(body: &[u8], status: StatusCode) -> Option<Result<QueryAnswer, PrometheusError>> {
    let frame: Frame = serde_json::from_slice(body).ok()?;
    if frame.status != "success" {
        let said = words(&frame.error?);
        let kind = frame.error_type.unwrap_or_else(|| status.as_u16().to_string());
        // Who stands before it may speak in its manner; what concerns the credential stays that.
        let of_query = !matches!(status.as_u16(), 401 | 403 | 429 | 502 | 504);
        return of_query.then_some(Err(PrometheusError::Query { kind, said }));
    }
    let result = match frame.data? {
        Data::Scalar(point) => number(&point).map(|(value, at)| QueryResult::Scalar { value, at }),
        Data::Vector(samples) => samples.into_iter().map(element).collect::<Result<_, _>>().map(QueryResult::Vector),
        Data::Matrix(_) => Err(kind("a range of samples")),
        Data::String(_) => Err(kind("a text")),
    };
    let warnings = frame.warnings.iter().map(|warning| words(warning)).collect();
    Some(result.map(|result| QueryAnswer { result, warnings }))
}

fn kind(what: &str) -> PrometheusError {
    PrometheusError::Answer(format!("the query gives {what}; apply a function that gives numbers, such as rate()"))
}

fn element(sample: Sample) -> Result<Element, PrometheusError> {
    let labels = Labels::new(sample.metric);
    let Some(point) = sample.value else {
        return Err(PrometheusError::Answer(format!("{labels} is a native histogram; apply histogram_quantile()")));
    };
    let (value, at) = number(&point)?;
    Ok(Element { labels, value, at })
}

fn number(Point(seconds, text): &Point) -> Result<(f64, DateTime<Utc>), PrometheusError> {
    let wrong = || PrometheusError::Answer(format!("{} is no number", words(text)));
    #[expect(clippy::cast_possible_truncation, reason = "what is beyond is no date")]
    let at = DateTime::from_timestamp_millis((seconds * 1000.0).round() as i64);
    let at = at.ok_or_else(|| PrometheusError::Answer(format!("{seconds} is no time")))?;
    Ok((text.parse().map_err(|_no_number| wrong())?, at))
}

/// Words of a server, on one line and not too many.
pub(super) fn words(said: &str) -> String {
    let line: Vec<&str> = said.split(|one: char| one.is_whitespace() || one.is_control()).collect();
    let line: Vec<&str> = line.into_iter().filter(|word| !word.is_empty()).collect();
    line.join(" ").chars().take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(body: &str, status: u16) -> Option<Result<QueryAnswer, PrometheusError>> {
        read(body.as_bytes(), StatusCode::from_u16(status).expect("a status"))
    }

    #[test]
    fn numbers_labels_and_warnings() {
        let body = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","job":"a"},"value":[1700000000.123,"+Inf"]},
            {"metric":{},"value":[1700000000.123,"0.25"]}]},"warnings":["one\nstore is away"]}"#;
        let answer = read_text(body, 200).expect("an answer").expect("it is good");
        assert_eq!(answer.warnings, ["one store is away"]);
        assert_eq!(
            answer.number().map(|(value, at)| (value, at.timestamp_millis())),
            Some((f64::INFINITY, 1_700_000_000_123))
        );
        assert_eq!(answer.elements()[0].labels.to_string(), r#"up{job="a"}"#);
        let body = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}"#;
        let answer = read_text(body, 200).expect("an answer").expect("it is good");
        assert!(answer.number().is_some_and(|(value, _)| value.is_nan()));
    }

    #[test]
    fn what_can_not_be_used_is_told() {
        for (body, told) in [
            (r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, "a range of samples"),
            (r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#, "a text"),
            (r#"{"status":"success","data":{"resultType":"scalar","result":[1,"x"]}}"#, "x is no number"),
            (r#"{"status":"success","data":{"resultType":"scalar","result":[1e300,"1"]}}"#, "is no time"),
            (
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"histogram":[1,{}]}]}}"#,
                "native histogram",
            ),
            (r#"{"status":"error","errorType":"bad_data","error":"1:2: parse error"}"#, "(bad_data): 1:2: parse error"),
        ] {
            let error = read_text(body, 200).expect(body).expect_err(body).to_string();
            assert!(error.contains(told), "{error}");
        }
        for body in ["<html>", "{}", r#"{"status":"success"}"#, r#"{"status":"success","data":{"resultType":"x"}}"#] {
            assert!(read_text(body, 200).is_none(), "{body}");
        }
        assert!(read_text(r#"{"status":"error","error":"no"}"#, 401).is_none());
    }
}
