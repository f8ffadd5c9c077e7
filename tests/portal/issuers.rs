//! Login at providers that are not ours: npm's `oidc-provider`, certified. With
//! a browser at the portal, by device at the command line, with tokens at the
//! API; rotation of keys, logout, entitlements, and forgeries.

use crate::{
    browser::{Browser, Look},
    harness::{Answer, Broker, Options, Provider, attempt, device_client, robot_client, web_client},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    process::Stdio,
    time::Duration,
};

/// What everybody here has for a password.
const PASSWORD: &str = "a long enough password";
/// The secret of the portal's client.
const SECRET: &str = "a-secret-of-the-portal-alone";
/// The secret of the program's client.
const ROBOT: &str = "a-secret-of-the-robot-alone";
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn provider(name: &str) -> Option<Provider> {
    let person = |given: &str, claims: Value| {
        let mut all = json!({ "name": given, "email": format!("{}@people.example", given.to_lowercase()), "email_verified": true });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        json!({ "password": PASSWORD, "claims": all })
    };
    Provider::start(&json!({
        "name": format!("{name} sign-in"),
        "accounts": {
            "olga": person("Olga", json!({ "groups": ["operators"] })),
            // As EGI Check-in sends it (AARC-G069).
            "erik": person("Erik", json!({
                "voperson_id": "0123@egi.eu",
                "eduperson_entitlement": [
                    "urn:mace:egi.eu:group:vo.acme.example:web:role=member#aai.egi.eu",
                    "urn:mace:egi.eu:group:somewhere.else:role=owner#aai.egi.eu",
                ],
            })),
            "nils": person("Nils", json!({})),
        },
        "clientClaims": { "robot": { "groups": ["operators"] } },
        "clients": clients("http://127.0.0.1:9", "alpha"),
    }))
}

fn clients(broker: &str, issuer: &str) -> Value {
    json!([web_client("portal", SECRET, broker, issuer), device_client("cli"), robot_client("robot", ROBOT)])
}

/// A broker that trusts these providers, and that they know.
fn broker(providers: &[(&str, &Provider)]) -> Broker {
    let mut more = "auth:\n  issuers:\n".to_owned();
    for (id, provider) in providers {
        let issuer = json!({
            "id": id,
            "name": format!("{id} people"),
            "url": provider.issuer(),
            "client_id": "portal",
            "client_secret": SECRET,
            "cli_client_id": "cli",
            "audiences": ["urn:hansa:api"],
            "rules": [
                { "claim": "groups", "value": "operators", "role": "cloud-edge-administrator", "over": "broker" },
                {
                    "entitlement": {
                        "namespace": "urn:mace:egi.eu", "group": "vo.acme.example:{project}",
                        "role": "member", "authority": "aai.egi.eu",
                    },
                    "role": "use-case-user",
                    "over": "project:acme/{project}",
                },
            ],
        });
        more.push_str(&format!("    - {issuer}\n"));
    }
    let broker = Broker::start(Options { more, ..Options::default() }).unwrap();
    for (id, provider) in providers {
        provider.control("clients", &json!({ "clients": clients(&broker.url(), id) }));
    }
    broker
}

/// Who the API says that the bearer of this token is.
fn me(broker: &Broker, token: &str) -> Answer {
    broker.call_unknown(Method::GET, "/api/v1/me").header("Authorization", &format!("Bearer {token}")).send()
}

impl Browser {
    /// Logs in at a foreign provider, whose page is open.
    #[track_caller]
    fn sign_in_there(&self, name: &str) {
        self.fill("Name", name);
        self.fill("Password", PASSWORD);
        self.press("Sign in");
    }

    #[track_caller]
    fn comes_home(&self) {
        self.wait("the overview", || if self.path() == "/" { Ok(()) } else { Err(self.url()) });
    }
}

#[test]
fn people_of_several_providers_log_in_and_out() {
    let (Some(alpha), Some(beta)) = (provider("Alpha"), provider("Beta")) else { return };
    let broker = broker(&[("alpha", &alpha), ("beta", &beta)]);
    let Some(browser) = Browser::open(&broker.url(), &Look::default()) else { return };
    browser.go("/login");
    browser.is_accessible(&Look::default());
    browser.shoot("sign-in-several");

    browser.press("Sign in with alpha people");
    browser.fill("Name", "olga");
    browser.fill("Password", "wrong");
    browser.press("Sign in");
    browser.reads("That name or password is wrong");
    browser.sign_in_there("olga");
    browser.comes_home();
    browser.go("/account");
    browser.reads("Olga");
    let of_alpha = browser.text();
    browser.go("/partners");
    browser.reads("Partners");

    // RP-initiated logout: the provider asks, and sends back.
    browser.press("Sign out");
    browser.wait("the provider asks", || {
        if browser.url().starts_with(&alpha.issuer()) { Ok(()) } else { Err(browser.url()) }
    });
    browser.press("Sign out");
    browser.wait("back at the portal", || {
        if browser.url().starts_with(&broker.url()) { Ok(()) } else { Err(browser.url()) }
    });
    browser.go("/");
    browser.reads("Sign in with alpha people");

    // The same name at another provider is another person.
    browser.press("Sign in with beta people");
    browser.sign_in_there("olga");
    browser.comes_home();
    browser.go("/account");
    browser.reads("Olga");
    assert_ne!(browser.text(), of_alpha);

    // Who says no comes back to the portal, with words.
    let Some(other) = Browser::open(&broker.url(), &Look::default()) else { return };
    other.go("/login");
    other.press("Sign in with alpha people");
    other.press("Cancel");
    other.wait("back at the portal", || if other.url().starts_with(&broker.url()) { Ok(()) } else { Err(other.url()) });
    assert!(!other.text().is_empty() && !other.url().contains("code="), "{}", other.url());
}

#[test]
fn claims_and_entitlements_give_roles() {
    let Some(alpha) = provider("Alpha") else { return };
    let broker = broker(&[("alpha", &alpha)]);
    let robot = me(&broker, &alpha.client_token("robot", ROBOT)).ok();
    assert!(robot.to_string().contains("cloud-edge-administrator"), "{robot}");
    let claims = json!({
        "sub": "erik",
        "eduperson_entitlement": ["urn:mace:egi.eu:group:vo.acme.example:web:role=member#aai.egi.eu"],
    });
    let erik = me(&broker, &alpha.mint(&json!({ "claims": claims }))).ok();
    assert!(erik.to_string().contains("use-case-user") && erik.to_string().contains("acme/web"), "{erik}");
    for wrong in [
        "urn:mace:egi.eu:group:vo.acme.example:web:role=owner#aai.egi.eu",
        "urn:mace:egi.eu:group:vo.acme.example:web:role=member#evil.example",
        "urn:mace:evil.eu:group:vo.acme.example:web:role=member#aai.egi.eu",
        "urn:mace:egi.eu:group:vo.acme.example:role=member#aai.egi.eu",
        "vo.acme.example:web",
    ] {
        let token = alpha.mint(&json!({ "claims": { "sub": "nils", "eduperson_entitlement": [wrong] } }));
        let nils = me(&broker, &token).ok();
        assert!(!nils.to_string().contains("acme/web"), "{wrong}: {nils}");
    }
}

/// A token under a key that is new: providers are asked for keys at bounded
/// intervals, so that forgers can't make a broker ask and ask.
#[track_caller]
fn comes_to_be_known(broker: &Broker, token: &str) {
    let known = attempt(PATIENCE, || match me(broker, token).status {
        200 => Ok(()),
        other => Err(format!("{other}")),
    });
    known.unwrap();
}

#[test]
fn keys_rotate_while_the_broker_runs() {
    let Some(alpha) = provider("Alpha") else { return };
    let broker = broker(&[("alpha", &alpha)]);
    let old = alpha.client_token("robot", ROBOT);
    assert_eq!(me(&broker, &old).status, 200);
    alpha.control("rotate", &json!({}));
    let new = alpha.client_token("robot", ROBOT);
    comes_to_be_known(&broker, &new);
    assert_eq!(me(&broker, &old).status, 200, "old and new overlap");
    alpha.control("rotate", &json!({ "keep": false }));
    let newest = alpha.client_token("robot", ROBOT);
    comes_to_be_known(&broker, &newest);
    me(&broker, &old).problem(401, "unauthenticated");
}

#[test]
fn forged_and_stale_tokens_open_nothing() {
    let Some(alpha) = provider("Alpha") else { return };
    let broker = broker(&[("alpha", &alpha)]);
    let good = json!({ "claims": { "groups": ["operators"] } });
    assert_eq!(me(&broker, &alpha.mint(&good)).status, 200, "the right one is right");
    alpha.control("rotate", &json!({ "keep": false }));
    comes_to_be_known(&broker, &alpha.mint(&good));
    let forgeries = [
        json!({ "header": { "alg": "none" }, "with": "nothing" }),
        json!({ "header": { "alg": "None" }, "with": "nothing" }),
        json!({ "header": { "alg": "HS256" }, "with": "hmac-pem" }),
        json!({ "header": { "alg": "HS256" }, "with": "hmac-der" }),
        json!({ "header": { "alg": "HS256" }, "with": "hmac-jwk" }),
        json!({ "header": { "alg": "HS512" }, "with": "hmac-empty" }),
        json!({ "header": { "alg": "HS256" }, "with": "hmac-secret", "secret": SECRET }),
        json!({ "with": "nothing" }),
        json!({ "with": "text", "text": "AAAA" }),
        json!({ "key": "stranger" }),
        json!({ "key": "stranger", "embed": true }),
        json!({ "key": "stranger", "header": { "kid": "rs256-1", "jku": "http://127.0.0.1:9/jwks" } }),
        json!({ "key": "stranger", "header": { "kid": "../../../../dev/null" } }),
        json!({ "key": "stranger", "header": { "kid": null } }),
        json!({ "key": "withdrawn" }),
        json!({ "key": "es256", "with": "zeros" }),
        json!({ "header": { "alg": "PS256" } }),
        json!({ "header": { "crit": ["x"], "x": true } }),
        json!({ "header": { "b64": false, "crit": ["b64"] } }),
        json!({ "header": { "typ": "logout+jwt" } }),
        json!({ "header": { "typ": "dpop+jwt" } }),
        json!({ "swap": { "sub": "olga" } }),
        json!({ "claims": { "iss": "https://evil.example" } }),
        json!({ "claims": { "iss": format!("{}/", alpha.issuer()) } }),
        json!({ "claims": { "iss": null } }),
        json!({ "claims": { "aud": "somebody-else" } }),
        json!({ "claims": { "aud": null } }),
        json!({ "claims": { "aud": [] } }),
        json!({ "claims": { "sub": null } }),
        json!({ "claims": { "exp": null } }),
        json!({ "claims": { "exp": "tomorrow" } }),
        json!({ "claims": { "exp": -1 } }),
        json!({ "shift": { "exp": -600 } }),
        json!({ "shift": { "nbf": 600 } }),
        json!({ "shift": { "iat": 6000 } }),
        json!({ "raw": "[]" }),
        json!({ "raw": "{" }),
        json!({ "serialise": "json" }),
    ];
    for forgery in &forgeries {
        let mut how = forgery.clone();
        if how["claims"]["groups"].is_null() && how.get("raw").is_none() {
            how["claims"]["groups"] = json!(["operators"]);
        }
        let answer = me(&broker, &alpha.mint(&how));
        assert!(matches!(answer.status, 400 | 401), "{forgery}: {} {}", answer.status, answer.body);
        assert!(answer.status == 400 || !answer.header("www-authenticate").is_empty(), "{forgery}");
    }
    assert_eq!(me(&broker, &alpha.mint(&good)).status, 200, "after all that, the right one is still right");
}

#[test]
fn the_command_line_logs_in_by_device() {
    let Some(alpha) = provider("Alpha") else { return };
    let broker = broker(&[("alpha", &alpha)]);
    let Some(browser) = Browser::open(&broker.url(), &Look::default()) else { return };
    let home = broker.folder().join("home");
    fs::create_dir_all(&home).unwrap();
    let cli = |arguments: &[&str]| {
        let mut command = broker.cli_command(arguments);
        command
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_STATE_HOME", home.join("state"));
        command
    };
    let said = broker.folder().join("login.txt");
    let mut login =
        cli(&["login"]).stderr(Stdio::from(File::create(&said).unwrap())).stdout(Stdio::null()).spawn().unwrap();
    let page = attempt(PATIENCE, || {
        let text = fs::read_to_string(&said).unwrap_or_default();
        let found = text.split_whitespace().find(|word| word.starts_with("http")).map(str::to_owned);
        found.filter(|_| text.contains("confirm the code")).ok_or(text)
    });
    browser.go(&page.unwrap());
    if browser.can_press("Go on") {
        browser.press("Go on");
    }
    browser.press("Yes");
    browser.sign_in_there("olga");
    browser.reads("The device is signed in");
    let status =
        attempt(PATIENCE, || login.try_wait().unwrap().ok_or_else(|| fs::read_to_string(&said).unwrap())).unwrap();
    assert!(status.success(), "{}", fs::read_to_string(&said).unwrap());

    let whoami = cli(&["whoami"]).output().unwrap();
    let text = String::from_utf8_lossy(&whoami.stdout).into_owned();
    assert!(whoami.status.success() && text.contains("Olga"), "{text}{}", String::from_utf8_lossy(&whoami.stderr));
    assert!(cli(&["partner", "list"]).output().unwrap().status.success(), "olga operates the broker");
    assert!(cli(&["logout"]).output().unwrap().status.success());
    assert!(!cli(&["whoami"]).output().unwrap().status.success(), "nobody is logged in any more");
}
