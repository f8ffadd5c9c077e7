//! Our own offers as they change, into the feed: compared with what was
//! published last, signed once, and kept as the exact bytes for ever.

use crate::{
    FederationError, FederationManager,
    partners::short,
    store::{
        self,
        feed::{NewItem, Standing},
    },
};
use hansa_federation::{
    KeyId, SignedDocument, document, json as strict,
    wire::{HintKind, Tombstone},
};
use hansa_ontology::{
    Actor, ProviderId, rdf,
    rdf::RdfFormat,
    reading::{ReadLimits, Reader},
};
use hansa_repository::{
    catalogue::{
        Class,
        partner::{self as catalogue, AnyResource, OwnChange, OwnCursor},
    },
    event::{self, NewEvent},
};
use std::collections::BTreeMap;

/// How many resources are looked at in one transaction.
const BATCH: usize = 200;
/// What an offer refers to is published before it.
const CLASSES: [Class; 3] = [Class::Provider, Class::Site, Class::Offer];

/// What is to be said of one resource.
struct Draft {
    subject: String,
    class: Class,
    /// The text to sign; None: it is withdrawn.
    text: Option<String>,
    site: Option<String>,
    offer_kind: Option<hansa_ontology::OfferKind>,
}

impl FederationManager {
    /// Publishes what has changed of our own, and says how many items that
    /// were. Takes no input: what is published is compared with what is there.
    ///
    /// # Errors
    /// When the database or the keys can't be used.
    pub async fn publish(&self) -> Result<usize, FederationError> {
        let mut count = 0;
        for class in CLASSES {
            while let Some(published) = self.publish_batch(class).await? {
                count += published;
            }
        }
        if count > 0 {
            self.hint_all(HintKind::Offers);
        }
        Ok(count)
    }

    /// One batch; None: there is nothing more of this class.
    async fn publish_batch(&self, class: Class) -> Result<Option<usize>, FederationError> {
        let own = self.options().provider.clone();
        let (cursor, changes) = self
            .database()
            .read(move |connection| -> Result<_, FederationError> {
                let cursor = store::feed::cursor(connection, class)?;
                let changes = catalogue::own_changes(connection, class, &cursor, BATCH)?;
                Ok((cursor, changes))
            })
            .await?;
        let Some((_, next)) = changes.last().cloned() else {
            return Ok(None);
        };
        let drafts =
            blocking(move || changes.into_iter().map(|(change, _)| draft(change, class, &own)).collect::<Vec<Draft>>())
                .await?;
        let standing = self.standing(&drafts).await?;
        let mut items = Vec::new();
        let mut faults = Vec::new();
        for draft in drafts {
            match self.signed_item(draft, &standing).await {
                Ok(item) => items.extend(item),
                Err((subject, error)) => faults.push(self.unpublished(&subject, &error)),
            }
        }
        self.publish_write(class, cursor, next, items, faults).await.map(Some)
    }

    async fn standing(&self, drafts: &[Draft]) -> Result<BTreeMap<String, Standing>, FederationError> {
        let subjects: Vec<String> = drafts.iter().map(|draft| draft.subject.clone()).collect();
        Ok(self.database().read(move |connection| store::feed::standing(connection, &subjects)).await?)
    }

    /// The item that says what is new of a resource; None: that was said already.
    async fn signed_item(
        &self,
        draft: Draft,
        standing: &BTreeMap<String, Standing>,
    ) -> Result<Option<NewItem>, (String, hansa_federation::FederationError)> {
        let before = standing.get(&draft.subject);
        let digest = draft.text.as_ref().map(|text| strict::sha256(text.as_bytes()));
        let said = match (&digest, before) {
            (None, None) => true,
            (None, Some(before)) => before.withdrawn,
            (Some(digest), Some(before)) => !before.withdrawn && before.digest == *digest,
            (Some(_), None) => false,
        };
        if said {
            return Ok(None);
        }
        let signed = match draft.text {
            Some(text) => document::sign(self.keys(), document::TURTLE, text, self.now()).await,
            None => {
                let tombstone = Tombstone { withdrawn: draft.subject.clone(), at: self.now() };
                document::sign_json(self.keys(), &tombstone, self.now()).await
            }
        };
        let document = signed.map_err(|error| (draft.subject.clone(), error))?;
        let (subject, class) = (draft.subject, draft.class);
        // Who could see it before has to see that it is gone.
        let site = draft.site.or_else(|| before.and_then(|before| before.site.clone()));
        let offer_kind = draft.offer_kind.or_else(|| before.and_then(|before| before.offer_kind));
        Ok(Some(NewItem { subject, class, digest, document, site, offer_kind }))
    }

    async fn publish_write(
        &self,
        class: Class,
        cursor: OwnCursor,
        next: OwnCursor,
        items: Vec<NewItem>,
        faults: Vec<NewEvent>,
    ) -> Result<usize, FederationError> {
        let now = self.now();
        self.database()
            .write(move |connection| {
                if store::feed::cursor(connection, class)? != cursor {
                    // Another process was faster, and has published the same.
                    return Ok(0);
                }
                for item in &items {
                    store::feed::append(connection, item, now)?;
                }
                store::feed::cursor_put(connection, class, &next)?;
                event::append_all(connection, &faults)?;
                Ok(items.len())
            })
            .await
    }

    fn unpublished(&self, subject: &str, error: &hansa_federation::FederationError) -> NewEvent {
        let reason = short(&error.to_string());
        tracing::warn!(subject, %reason, "a resource of ours can't be published");
        NewEvent {
            at: self.now(),
            actor: Actor::Broker,
            application: None,
            subject: format!("offer/{subject}"),
            kind: "offer.not-published".to_owned(),
            message: format!("{subject} is not published to partners: {reason}"),
            data: serde_json::json!({ "subject": subject, "reason": reason }),
        }
    }

    /// Publishes anew what a key has signed that isn't trusted any more, and says how many items that were.
    pub(crate) async fn republish(&self, revoked: &KeyId) -> Result<usize, FederationError> {
        let (mut after, mut count) = (0, 0);
        loop {
            let items = self
                .database()
                .read(move |connection| store::feed::live(connection, after, i64::try_from(BATCH).unwrap_or(200)))
                .await?;
            let Some(last) = items.last().map(|item| item.sequence) else { break };
            after = last;
            for item in items {
                if item.document.key_id().is_ok_and(|key| key == *revoked) {
                    self.sign_again(item).await?;
                    count += 1;
                }
            }
        }
        if count > 0 {
            self.hint_all(HintKind::Offers);
        }
        Ok(count)
    }

    async fn sign_again(&self, item: store::feed::Item) -> Result<(), FederationError> {
        let now = self.now();
        let old = item.document;
        let new: SignedDocument = document::sign(self.keys(), &old.content_type, old.content, now).await?;
        let class = CLASSES.into_iter().find(|class| class.to_string() == item.class).unwrap_or(Class::Offer);
        let again = NewItem {
            digest: Some(new.digest()),
            subject: item.subject,
            class,
            document: new,
            site: item.site,
            offer_kind: item.offer_kind,
        };
        self.database()
            .write(move |connection| {
                let current = store::feed::find(connection, &again.subject)?;
                if current.is_some_and(|current| current.sequence == item.sequence) {
                    store::feed::append(connection, &again, now)?;
                }
                Ok(())
            })
            .await
    }
}

fn draft(change: OwnChange, class: Class, own: &ProviderId) -> Draft {
    let published = change.resource.as_ref().filter(|resource| match resource {
        AnyResource::Provider(provider) => provider.id == *own,
        AnyResource::Site(site) => site.provider == *own,
        AnyResource::Offer(offer) => offer.provider == *own,
    });
    let (site, offer_kind) = match published {
        Some(AnyResource::Offer(offer)) => (Some(offer.site.to_string()), Some(offer.kind)),
        Some(AnyResource::Site(site)) => (Some(site.id.to_string()), None),
        Some(AnyResource::Provider(_)) | None => (None, None),
    };
    let text = published.map(|resource| text(&change, resource));
    Draft { subject: change.iri.clone(), class, text, site, offer_kind }
}

/// The Turtle to sign: the document as it was imported; else as we write it,
/// where that says all that is known; else N-Triples, which are Turtle too.
fn text(change: &OwnChange, resource: &AnyResource) -> String {
    if change.source.media_type == RdfFormat::Turtle.media_type() {
        return change.source.text.clone();
    }
    let written = match resource {
        AnyResource::Provider(provider) => rdf::write_provider_turtle(provider),
        AnyResource::Site(site) => rdf::write_site_turtle(site),
        AnyResource::Offer(offer) => rdf::write_offer_turtle(offer),
    };
    let read = Reader::new(ReadLimits::default()).read(written.as_bytes(), RdfFormat::Turtle);
    let same = read.is_ok_and(|reading| reading.sources.get(&change.iri) == Some(&change.statements));
    if same { written } else { change.statements.clone() }
}

/// Work that would keep others from the thread.
pub(super) async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, FederationError> {
    match tokio::task::spawn_blocking(f).await {
        Ok(value) => Ok(value),
        Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
        Err(_) => Err(FederationError::Unavailable("the program is shutting down".to_owned())),
    }
}
