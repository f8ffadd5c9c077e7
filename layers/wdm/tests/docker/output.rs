//! A container's output, as it is kept and as it comes.

use crate::room::{Room, container, eventually, on_each_engine};
use futures_util::StreamExt as _;
use hansa_ontology::resource_model::Package;
use hansa_wdm::{LogLine, LogQuery, LogSource};

#[test]
fn output_is_kept_and_followed_over_runs() {
    on_each_engine(async |room: &mut Room| {
        let long = "x".repeat(40_000);
        let script = format!("echo one; echo two >&2; echo {long}; printf three; exec sleep 600");
        let spec = room.shell("web", &script);
        room.until_running(&spec).await;
        let lines: Vec<LogLine> = eventually(async || {
            let lines: Vec<_> = room.wdm.logs(spec.id, LogQuery::default()).await.unwrap().collect().await;
            let lines: Vec<LogLine> = lines.into_iter().map(Result::unwrap).collect();
            (lines.len() >= 3).then_some(lines)
        })
        .await;
        let mut seen: Vec<(LogSource, usize)> = lines.iter().map(|line| (line.source, line.text.len())).collect();
        seen.sort_by_key(|(_, length)| *length);
        seen.dedup();
        assert!(seen.contains(&(LogSource::Stdout, 3)) && seen.contains(&(LogSource::Stderr, 3)), "{seen:?}");
        assert!(seen.contains(&(LogSource::Stdout, 40_000)), "{seen:?}");
        assert!(lines.iter().all(|line| line.at.timestamp() > 1_700_000_000));
        let tail = room.output(&spec, LogQuery { tail: Some(1), ..LogQuery::default() }).await;
        assert_eq!(tail.len(), 1);
        let after = lines.iter().map(|line| line.at).max().unwrap() + chrono::TimeDelta::seconds(1);
        let later = room.output(&spec, LogQuery { since: Some(after), ..LogQuery::default() }).await;
        assert_eq!(later, Vec::<String>::new());
        room.remove(&spec).await;

        let spec = room.shell("worker", "echo begun; sleep 1; echo worked; exec sleep 600");
        let before = room.until_running(&spec).await;
        let query = LogQuery { follow: true, ..LogQuery::default() };
        let mut following = room.wdm.logs(spec.id, query).await.unwrap();
        let mut next = async || following.next().await.map(|line| line.unwrap().text);
        assert_eq!(next().await.as_deref(), Some("begun"));
        assert_eq!(next().await.as_deref(), Some("worked"));
        room.engine.run(&["kill", &container(&spec)]);
        room.restarted(&spec, &before).await;
        assert_eq!(next().await.as_deref(), Some("begun"), "the next run is followed too");
        room.remove(&spec).await;
        let rest = tokio::time::timeout(std::time::Duration::from_secs(20), async { while next().await.is_some() {} });
        rest.await.expect("it ends with the removal");
    });
}

/// The same as `what_an_image_starts` of the tests of clusters.
#[test]
fn what_an_image_starts() {
    on_each_engine(async |room: &mut Room| {
        let entry = r#"ENTRYPOINT ["sh", "-c", "echo entrypoint \"$@\"; exec sleep 600", "it"]"#;
        room.engine.build("hansa-test/entry:1", &format!("{entry}\nCMD [\"own\"]"));
        for (command, arguments, printed) in [
            (vec![], vec![], "entrypoint own"),
            (vec![], vec!["given", "$(HOME) ${HANSA_ORDINAL}"], "entrypoint given $(HOME) 0"),
            (vec!["sh", "-c", "echo bare \"$@\"; exec sleep 600", "it"], vec![], "bare"),
            (vec!["sh", "-c", "echo bare \"$@\"; exec sleep 600", "it"], vec!["given"], "bare given"),
        ] {
            let mut spec = room.spec("web", &command);
            let Package::Container(package) = &mut spec.package else { panic!("a container") };
            package.image = "hansa-test/entry:1".to_owned();
            package.arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
            room.until_running(&spec).await;
            let lines = crate::room::eventually(async || {
                let lines = room.output(&spec, Default::default()).await;
                (!lines.is_empty()).then_some(lines)
            })
            .await;
            assert_eq!(lines[0].trim_end(), printed, "{command:?} {arguments:?}");
            room.remove(&spec).await;
        }
        // An engine has no entrance by a host name.
        let mut spec = room.server("web");
        spec.ports.get_mut("http").unwrap().host = Some("shop.example".to_owned());
        let error = room.wdm.workload_prepare(&spec).await.unwrap_err().to_string();
        assert!(error.contains("ports.http.host"), "{error}");
    });
}
