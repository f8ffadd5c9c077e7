//! The seed paper's own case, unmodified: `outlandish.yaml` on containers of a
//! real engine, with images of its names that were built here. It grows under
//! real load by its own policies, machine first, and shrinks again.

use crate::harness::{Broker, Options, attempt, eventually, fetch_page};
use hansa_test_systems::{ContainerEngine, docker, shared_data, wanted};
use serde_json::Value;
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const TEMPLATE: &str = "micado-adt/accept/outlandish.yaml";
/// Its alerts look at a minute and hold for another; each step has such.
const STEP: Duration = Duration::from_secs(420);
/// Visitors at once.
const VISITORS: usize = 6;
/// What a page says to which all parts have added.
const WHOLE: &str = "wordpress answers, the database too";

/// A program without shared libraries asks the engine's name server itself.
const ADDRESS: (&str, &str) = ("/address", "address() { nslookup $1 | sed -n 's/^Address: //p' | head -n 1; }\n");
/// A page that asks the application server, another one where one has just
/// ended. Beside it what its exporter tells:
/// requests that were answered, and those that found others before them.
const WEB_PAGE: &str = "#!/bin/sh\n\
    . /address\n\
    echo x >> /tmp/begun\n\
    before=$(($(wc -l < /tmp/begun) - $(wc -l < /tmp/ended) - 1))\n\
    while [ $before -gt 0 ]; do echo x >> /tmp/waited; before=$((before - 1)); done\n\
    printf 'Content-Type: text/plain\\r\\n\\r\\n'\n\
    for try in 1 2 3; do\n\
    text=$(printf 'GET /cgi-bin/page HTTP/1.0\\r\\n\\r\\n' | nc -w 60 $(address wordpress) 9000)\n\
    test -z \"$text\" || break\n\
    done\n\
    echo \"$text\"\n\
    echo x >> /tmp/ended\n";
/// Asked to end, a server answers first whoever is with it.
const WEB: &str = "#!/bin/sh\n\
    trap 'sleep 3; exit 0' TERM\n\
    touch /tmp/begun /tmp/ended /tmp/waited\n\
    httpd -p 9432 -h /exporter\n\
    httpd -p 8080 -h /www\n\
    while true; do\n\
    printf 'nginx_vts_main_connections{status=\"writing\"} %s\\nnginx_vts_main_connections{status=\"waiting\"} %s\\n' \
      $(wc -l < /tmp/ended) $(wc -l < /tmp/waited) > /exporter/next\n\
    mv /exporter/next /exporter/metrics\n\
    sleep 1\n\
    done\n";
const APPLICATION: &str = "#!/bin/sh\n\
    trap 'sleep 3; exit 0' TERM\n\
    httpd -p 9000 -h /www\n\
    while true; do sleep 1; done\n";
/// Work for a processor, and a question for the database.
const APPLICATION_PAGE: &str = "#!/bin/sh\n\
    . /address\n\
    i=0; while [ $i -lt 400000 ]; do i=$((i + 1)); done\n\
    printf 'Content-Type: text/plain\\r\\n\\r\\nwordpress answers, '\n\
    nc -w 5 $(address $DB_HOST) 3306 < /dev/null || echo 'without its database'\n";
const DATABASE: &str = "#!/bin/sh\nexec nc -ll -p 3306 -e echo 'the database too'\n";

/// An image with these programs, the last of which it runs.
fn image(engine: &ContainerEngine, name: &str, folders: &str, programs: &[(&str, &str)]) {
    let mut lines = format!("RUN [\"/bin/mkdir\",\"-p\",\"/tmp\",{folders}]\n");
    for (path, text) in programs {
        let written = Value::from(format!("printf '%b' \"$0\" > {path} && chmod 755 {path}"));
        let text = Value::from(text.replace('\\', "\\\\").replace('\n', "\\n"));
        lines.push_str(&format!("RUN [\"/bin/sh\",\"-c\",{written},{text}]\n"));
    }
    let (path, _) = programs.last().unwrap();
    engine.build(name, &format!("{lines}CMD [\"{path}\"]"));
}

fn images(engine: &ContainerEngine) {
    image(
        engine,
        "outlandish/bedrock-web",
        "\"/www/cgi-bin\",\"/exporter\"",
        &[ADDRESS, ("/www/cgi-bin/page", WEB_PAGE), ("/start", WEB)],
    );
    let serve = ("/start", APPLICATION);
    image(engine, "outlandish/bedrock", "\"/www/cgi-bin\"", &[ADDRESS, ("/www/cgi-bin/page", APPLICATION_PAGE), serve]);
    image(engine, "mysql:5.7", "\"/data\"", &[("/start", DATABASE)]);
}

/// The engine with places as large as the template's machine.
fn connect(broker: &Broker, engine: &ContainerEngine) {
    let site = broker.site();
    let address = engine.address();
    let words = ["system", "connect", "cloud", "--kind", "docker", "--site", &site, "--address", &address];
    broker.cli(&[&words[..], &["--set", "cpuAllocationRatio=8", "--set", "capabilities=public-ip"]].concat()).ok();
    let medium = "name: t2.medium\nkind: container\ncpuMilli: 2000\nmemoryMib: 2048\ndiskMib: 0\n";
    broker.cli(&["flavour", "add", &broker.file("medium.yaml", medium)]).ok();
    let words = ["system", "offers", "cloud", "--flavour", "t2.medium", "--per-cpu", "0.02"];
    broker.cli(&[&words[..], &["--capability", "public-ip", "--publish"]].concat()).ok();
}

/// How many there are of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    machines: usize,
    web: usize,
    application: usize,
}

fn count(broker: &Broker) -> Count {
    let application = broker.application("outlandish");
    let of = |component: &str| {
        let all = application["workloads"].as_array().unwrap().iter();
        all.filter(|one| one["component"] == component && one["state"] == "running").count()
    };
    Count {
        machines: application["machines"].as_array().unwrap().len(),
        web: of("nginxapp"),
        application: of("wordpress"),
    }
}

#[track_caller]
fn until(broker: &Broker, what: &str, holds: impl Fn(Count) -> bool) -> Count {
    let begun = Instant::now();
    let found = attempt(STEP, || {
        let now = count(broker);
        if holds(now) { Ok(now) } else { Err(format!("{now:?}")) }
    });
    println!("{what}: {found:?} after {} s", begun.elapsed().as_secs());
    found.unwrap_or_else(|last| panic!("{what}: {last}\n{}", broker.cli(&["app", "scaling", "outlandish"]).stdout))
}

/// Pages that visitors have seen.
struct Visits<'b> {
    broker: &'b Broker,
    open: AtomicBool,
    good: AtomicU32,
    bad: Mutex<Vec<String>>,
}

impl<'b> Visits<'b> {
    fn new(broker: &'b Broker) -> Self {
        Self { broker, open: AtomicBool::new(true), good: AtomicU32::new(0), bad: Mutex::default() }
    }

    /// One page, by whichever proxy is healthy now.
    fn page(&self) -> Result<(), String> {
        let path = "/api/v1/applications/outlandish/endpoints?component=nginxapp";
        let found = self.broker.get(path).ok();
        let entrances = found["items"].as_array().unwrap().iter();
        let mut healthy = entrances.filter(|one| one["healthy"] == true && one["port"] == "tcp-8080");
        let one = healthy.next().ok_or_else(|| format!("no proxy: {found}"))?;
        let text = fetch_page(one["address"].as_str().unwrap().parse().unwrap(), "/cgi-bin/page")?;
        if text.contains(WHOLE) { Ok(()) } else { Err(text) }
    }

    /// Visits pages while `during` runs: so many visitors, each with a pause after each page.
    fn during(&self, visitors: usize, pause: Duration, during: impl FnOnce()) {
        thread::scope(|scope| {
            for _ in 0..visitors {
                scope.spawn(|| {
                    while self.open.load(Ordering::Relaxed) {
                        match self.page() {
                            Ok(()) => drop(self.good.fetch_add(1, Ordering::Relaxed)),
                            Err(reason) => self.bad.lock().unwrap().push(reason),
                        }
                        thread::sleep(pause);
                    }
                });
            }
            let ended = catch_unwind(AssertUnwindSafe(during));
            self.open.store(false, Ordering::Relaxed);
            if let Err(cause) = ended {
                resume_unwind(cause);
            }
        });
        let bad = self.bad.lock().unwrap();
        println!("{:?} pages, {} failures", self.good, bad.len());
        assert!(self.good.load(Ordering::Relaxed) > 10 && bad.is_empty(), "visitors saw: {bad:#?}");
    }
}

#[test]
fn the_seed_papers_case_grows_and_shrinks_by_its_own_policies() {
    let remedy = "it takes ten minutes and both processors: set HANSA_TEST_OUTLANDISH=required";
    if !wanted("outlandish", std::env::var_os("HANSA_TEST_OUTLANDISH").is_some(), remedy) {
        return;
    }
    let (Some(template), Some(engine)) = (shared_data(TEMPLATE), docker()) else { return };
    images(&engine);
    let broker = Broker::start(Options::default()).expect("SQLite");
    connect(&broker, &engine);
    let submitted = broker.cli(&["app", "submit", template.to_str().unwrap(), "--wait"]);
    let told = submitted.stderr.clone();
    submitted.ok();
    assert!(told.contains("outlandish.yaml:29:23: changed: `nodePort`"), "{told}");
    let one = Count { machines: 1, web: 1, application: 1 };
    assert_eq!(until(&broker, "all of it runs", |now| now == one), one);

    eventually("its parts find each other", || Visits::new(&broker).page());

    Visits::new(&broker).during(VISITORS, Duration::ZERO, || {
        until(&broker, "a second machine", |now| now.machines >= 2);
        until(&broker, "more application servers", |now| now.application >= 2);
        until(&broker, "more proxies", |now| now.web >= 2);
    });
    // A few visitors, one after another: the proxies' rule takes them for too few.
    Visits::new(&broker).during(1, Duration::from_secs(5), || {
        until(&broker, "as small as it was", |now| now == one);
    });
    for (target, numbers) in [("worker-node", "from 1 to 2"), ("wordpress", "from 1 to 2"), ("nginxapp", "from 1 to 2")]
    {
        let all = broker.events("outlandish", "scaling.decided");
        let told = all.iter().any(|event| event["message"].as_str().unwrap().contains(&format!("{target} {numbers}")));
        assert!(told, "{target} {numbers}: {all:#?}");
    }
    broker.cli(&["app", "remove", "outlandish", "--wait"]).ok();
    assert!(engine.listing().is_empty(), "nothing is left: {:?}", engine.listing());
}
