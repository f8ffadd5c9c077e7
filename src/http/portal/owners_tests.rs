//! The pages of owners of infrastructure over real HTTP, against a whole broker.

use super::pages_tests::{Portal, values};
use reqwest::{Response, StatusCode};

/// A visitor with the cookies of the first page.
struct Owner {
    portal: Portal,
    cookies: String,
}

/// A secret that must never be seen again.
const SECRET: &str = "pa55-of-the-north";

impl Owner {
    async fn come() -> Self {
        let portal = Portal::open().await;
        let (_, _, cookies) = portal.get("/infrastructure", "en").await;
        Self { portal, cookies }
    }

    /// The page with this visitor's cookies, and the token of its forms.
    async fn look(&self, path: &str) -> (String, String) {
        let request = reqwest::Client::builder().no_proxy().build().unwrap().get(self.portal.address(path));
        let answer = request.header("Accept", "text/html").header("Cookie", &self.cookies).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let page = answer.text().await.unwrap();
        let token = values(&page, "name=\"csrf\" value=\"").first().copied().unwrap().to_owned();
        (page, token)
    }

    /// Sends a form of a page, with the version that stands in it.
    async fn send(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Response {
        let (text, token) = self.look(page).await;
        let version = values(&text, "name=\"version\" value=\"").first().copied().unwrap_or_default().to_owned();
        let mut all = vec![("csrf", token.as_str()), ("version", version.as_str())];
        all.extend_from_slice(fields);
        self.portal.post(path, &self.cookies, &all).await
    }

    /// As [`Self::send`], of a form that is right: where it leads.
    async fn done(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.send(page, path, fields).await;
        let status = answer.status();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let text = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {text}");
        to.unwrap()
    }
}

const FLAVOURS: &str = "/infrastructure/flavours";
const OFFERS: &str = "/infrastructure/offers";
const CREDENTIALS: &str = "/infrastructure/credentials";
const MAINTENANCE: &str = "/infrastructure/maintenance";

const SMALL: [(&str, &str); 6] = [
    ("name", "tiny"),
    ("kind", "virtual-machine"),
    ("cpuMilli", "500"),
    ("memoryMib", "256"),
    ("diskMib", "128"),
    ("cpuArch", "amd64"),
];

/// A site of this provider's own, by its IRI, as the form of a draft offers it.
async fn own_site(owner: &Owner) -> String {
    let (page, _) = owner.look(&format!("{OFFERS}/new")).await;
    let (_, choices) = page.split_once("name=\"site\"").unwrap();
    values(choices, "<option value=\"").first().copied().unwrap().to_owned()
}

#[tokio::test]
async fn every_page_of_an_owner_says_what_it_is_in_every_language() {
    let owner = Owner::come().await;
    owner.done(FLAVOURS, FLAVOURS, &SMALL).await;
    let credential = [("name", "north"), ("kind", "openstack"), ("secret", SECRET)];
    owner.done(CREDENTIALS, CREDENTIALS, &credential).await;
    let (page, _) = owner.look(&format!("{MAINTENANCE}/new")).await;
    let target = values(&page, "<option value=\"").first().copied().unwrap().to_owned();
    let one = owner.done(&format!("{MAINTENANCE}/new"), MAINTENANCE, &[("target", &target)]).await;
    let pages = [
        MAINTENANCE.to_owned(),
        format!("{MAINTENANCE}/new"),
        format!("{MAINTENANCE}/new?target=node%2Fnobody"),
        one,
        OFFERS.to_owned(),
        format!("{OFFERS}?state=draft"),
        format!("{OFFERS}/new?flavour=tiny"),
        FLAVOURS.to_owned(),
        format!("{FLAVOURS}/tiny"),
        CREDENTIALS.to_owned(),
        format!("{CREDENTIALS}/north"),
    ];
    for path in pages {
        for language in ["en", "de", "fr", "es"] {
            let (status, page, _) = owner.portal.get(&path, language).await;
            let wrong = path.ends_with("nobody");
            let expected = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            assert_eq!(status, expected, "{path}");
            assert_eq!(page.contains("aria-invalid"), wrong, "{path}");
            assert!(page.contains(&format!("<html lang=\"{language}\"")), "{path}");
            assert_eq!(page.matches("<h1").count(), 1, "{path}");
            assert!(page.contains("<details class=\"also\""), "{path} does not tell its commands");
            assert!(!page.contains(SECRET), "{path}");
        }
    }
    owner.portal.running.stop().await;
}

#[tokio::test]
async fn an_offer_goes_from_draft_to_withdrawn() {
    let owner = Owner::come().await;
    owner.done(FLAVOURS, FLAVOURS, &SMALL).await;
    let site = own_site(&owner).await;
    let new = format!("{OFFERS}/new");
    let draft = |price: &'static str, title: &'static str| {
        [("flavour", "tiny"), ("site", site.as_str()), ("pricePerHour", price), ("title", title), ("units", "3")]
    };
    // What is wrong stands at its field, with what was entered.
    for (price, told) in [("much EUR", "amount"), ("1 EURO", "currency"), ("-1 EUR", "not negative")] {
        let answer = owner.send(&new, OFFERS, &draft(price, "Tiny")).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{price}");
        let page = answer.text().await.unwrap();
        let (_, field) = page.split_once("id=\"f-pricePerHour\"").unwrap();
        let (field, _) = field.split_once("class=\"field").unwrap();
        assert!(field.contains("aria-invalid=\"true\"") && field.contains(told) && field.contains(price), "{field}");
    }
    let one = owner.done(&new, OFFERS, &draft("0.003 EUR", "Tiny <b>1</b>")).await;
    let (page, _) = owner.look(&one).await;
    assert!(page.contains("Tiny &#60;b&#62;1") && page.contains("draft") && !page.contains("<b>1</b>"), "{page}");
    assert!(!owner.portal.page("/offers?source=own").await.contains("Tiny"), "nobody sees a draft");

    let edit = format!("{one}/edit");
    owner.done(&edit, &edit, &draft("0.004 EUR", "Tiny two")).await;
    let (page, token) = owner.look(&one).await;
    let version = values(&page, "name=\"version\" value=\"").first().copied().unwrap().to_owned();
    let publish = format!("{one}/publish");
    // The very same form twice is one publication; an outdated page publishes nothing.
    for _ in 0..2 {
        let fields = [("csrf", token.as_str()), ("version", version.as_str())];
        let answer = owner.portal.post(&publish, &owner.cookies, &fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    }
    let stale = [("csrf", token.as_str()), ("version", "1")];
    let answer = owner.portal.post(&format!("{one}/withdraw"), &owner.cookies, &stale).await;
    assert_eq!(answer.status(), StatusCode::PRECONDITION_FAILED);
    assert!(owner.portal.page("/offers?q=tiny").await.contains("Tiny two"));

    owner.done(&one, &format!("{one}/price"), &[("pricePerHour", "0.005 EUR")]).await;
    owner.done(&one, &format!("{one}/units"), &[("units", "8")]).await;
    let past = [("pricePerHour", "0.006 EUR"), ("validFrom", "2001-01-01T00:00")];
    let answer = owner.send(&one, &format!("{one}/price"), &past).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.unwrap().contains("this time has passed"));
    let (page, _) = owner.look(&one).await;
    assert!(page.contains("0.005") && page.contains("another price") && page.contains("other units"), "{page}");
    owner.done(&one, &format!("{one}/withdraw"), &[]).await;
    assert!(!owner.portal.page("/offers?q=tiny").await.contains("Tiny two"));
    let (page, _) = owner.look(&format!("{OFFERS}?state=withdrawn")).await;
    assert!(page.contains("Tiny two"), "{page}");
    owner.portal.running.stop().await;
}

#[tokio::test]
async fn a_secret_goes_in_and_never_comes_out() {
    let owner = Owner::come().await;
    let wrong = [("name", "No Name"), ("kind", "openstack"), ("secret", SECRET)];
    let answer = owner.send(CREDENTIALS, CREDENTIALS, &wrong).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("No Name") && page.contains("aria-invalid") && !page.contains(SECRET), "{page}");

    let right = [("name", "north"), ("kind", "openstack"), ("secret", SECRET)];
    owner.done(CREDENTIALS, CREDENTIALS, &right).await;
    let again = owner.send(CREDENTIALS, CREDENTIALS, &right).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert!(!again.text().await.unwrap().contains(SECRET));
    let one = format!("{CREDENTIALS}/north");
    let fingerprint = |page: &str| values(page, "<code class=\"wrap\">")[0].split('<').next().unwrap().to_owned();
    let before = fingerprint(&owner.look(&one).await.0);
    owner.done(&one, &format!("{one}/secret"), &[("secret", "another one")]).await;
    let (page, _) = owner.look(&one).await;
    assert_ne!(fingerprint(&page), before);
    for path in [one.as_str(), CREDENTIALS, "/", "/audit"] {
        let (page, _) = owner.look(path).await;
        assert!(!page.contains(SECRET) && !page.contains("another one"), "{path}");
    }
    owner.done(&one, &format!("{one}/remove"), &[]).await;
    assert_eq!(owner.portal.get(&one, "en").await.0, StatusCode::NOT_FOUND);
    owner.portal.running.stop().await;
}

#[tokio::test]
async fn looking_at_a_maintenance_begins_none() {
    let owner = Owner::come().await;
    let new = format!("{MAINTENANCE}/new");
    let (page, _) = owner.look(&new).await;
    let target = values(&page, "<option value=\"").first().copied().unwrap().to_owned();
    let chosen = format!("{new}?target={}&reason=a+new+disk&deadline=2040-01-01T06:00", super::visit::encoded(&target));
    let (page, _) = owner.look(&chosen).await;
    assert!(page.contains("What would move") && page.contains("value=\"a new disk\""), "{page}");
    assert!(owner.look(MAINTENANCE).await.0.contains("Nothing is under maintenance"));
    let bad = owner.portal.get(&format!("{chosen}x"), "en").await;
    assert!(bad.0 == StatusCode::UNPROCESSABLE_ENTITY && bad.1.contains("is no time such as"), "{}", bad.1);

    let one = owner.done(&chosen, MAINTENANCE, &[("target", &target), ("reason", "a new disk")]).await;
    assert!(owner.look(MAINTENANCE).await.0.contains("a new disk"));
    let twice = owner.send(&chosen.replace("target=", "was="), MAINTENANCE, &[("target", &target)]).await;
    assert_eq!(twice.status(), StatusCode::CONFLICT);
    assert!(twice.text().await.unwrap().contains("is under maintenance since"));
    owner.done(&one, &format!("{one}/end"), &[]).await;
    assert_eq!(owner.portal.get(&one, "en").await.0, StatusCode::NOT_FOUND);
    owner.portal.running.stop().await;
}
