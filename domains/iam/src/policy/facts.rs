//! A question in the words of the policies: who, what, about what, and the few
//! entities that they need to know of.

use super::giving::Giving;
use crate::model::{Action, GrantScope, Principal, Resource, Role};
use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression as Value};
use hansa_ontology::{Actor, OrganisationId, ProjectId};
use std::{
    collections::{HashMap, HashSet},
    str::FromStr as _,
    sync::OnceLock,
};

/// A question.
pub(super) struct Facts {
    pub(super) principal: EntityUid,
    pub(super) action: EntityUid,
    pub(super) resource: EntityUid,
    pub(super) context: Context,
    pub(super) entities: Entities,
}

/// The kinds of entities.
struct Kinds {
    principal: EntityTypeName,
    action: EntityTypeName,
    broker: EntityTypeName,
    organisation: EntityTypeName,
    project: EntityTypeName,
    application: EntityTypeName,
    account: EntityTypeName,
    partner: EntityTypeName,
}

fn kinds() -> Option<&'static Kinds> {
    static KINDS: OnceLock<Option<Kinds>> = OnceLock::new();
    let read = |name: &str| EntityTypeName::from_str(&format!("Hansa::{name}")).ok();
    KINDS
        .get_or_init(|| {
            Some(Kinds {
                principal: read("Principal")?,
                action: read("Action")?,
                broker: read("Broker")?,
                organisation: read("Organisation")?,
                project: read("Project")?,
                application: read("Application")?,
                account: read("Account")?,
                partner: read("Partner")?,
            })
        })
        .as_ref()
}

/// The question whether `principal` may do `action` to `resource`, and with it give a role.
pub(super) fn of(principal: &Principal, action: Action, resource: &Resource, gives: Option<&Giving>) -> Option<Facts> {
    let kinds = kinds()?;
    let who = kinds.uid(&kinds.principal, "asker");
    let mut entities = vec![Entity::new(who.clone(), kinds.attributes(principal), HashSet::new()).ok()?];
    let resource = kinds.resource(resource, &mut entities);
    Some(Facts {
        principal: who,
        action: kinds.uid(&kinds.action, action.name()),
        resource,
        context: kinds.context(principal, action, gives)?,
        entities: Entities::from_entities(entities, None).ok()?,
    })
}

impl Kinds {
    fn uid(&self, kind: &EntityTypeName, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
    }

    fn broker(&self) -> EntityUid {
        self.uid(&self.broker, "this")
    }

    /// The thing with everything that it lies in.
    fn resource(&self, resource: &Resource, entities: &mut Vec<Entity>) -> EntityUid {
        let mut add = |uid: EntityUid, parents: Vec<EntityUid>| {
            entities.push(Entity::new_no_attrs(uid.clone(), parents.into_iter().collect()));
            uid
        };
        match resource {
            Resource::Broker => add(self.broker(), Vec::new()),
            Resource::Organisation(id) => add(self.organisation(id), vec![self.broker()]),
            Resource::Project(id) => self.project_within(id, &mut add),
            Resource::Application { id, project } => {
                let project = self.project_within(project, &mut add);
                add(self.uid(&self.application, &id.to_string()), vec![project])
            }
            Resource::Account(id) => add(self.uid(&self.account, &id.to_string()), vec![self.broker()]),
            Resource::Partner(did) => add(self.uid(&self.partner, did), vec![self.broker()]),
        }
    }

    fn project_within(
        &self,
        id: &ProjectId,
        add: &mut impl FnMut(EntityUid, Vec<EntityUid>) -> EntityUid,
    ) -> EntityUid {
        let organisation = add(self.organisation(&id.organisation()), vec![self.broker()]);
        add(self.project(id), vec![organisation])
    }

    fn organisation(&self, id: &OrganisationId) -> EntityUid {
        self.uid(&self.organisation, id.as_str())
    }

    fn project(&self, id: &ProjectId) -> EntityUid {
        self.uid(&self.project, id.as_str())
    }

    fn attributes(&self, principal: &Principal) -> HashMap<String, Value> {
        let mut attributes: HashMap<String, Value> =
            Role::ALL.into_iter().map(|role| (attribute(role).to_owned(), self.places(principal, role))).collect();
        let any = principal.grants.iter().any(|grant| grant.role != Role::Partner);
        attributes.insert("anyRole".to_owned(), Value::new_bool(any));
        let service = matches!(principal.actor, Actor::ServiceAccount(_));
        attributes.insert("service".to_owned(), Value::new_bool(service));
        if let Some(account) = principal.account {
            let uid = self.uid(&self.account, &account.to_string());
            attributes.insert("account".to_owned(), Value::new_entity_uid(uid));
        }
        if let Some(application) = &principal.application {
            let uid = self.uid(&self.application, &application.to_string());
            attributes.insert("application".to_owned(), Value::new_entity_uid(uid));
        }
        attributes
    }

    /// Where somebody has a role.
    fn places(&self, principal: &Principal, role: Role) -> Value {
        let (mut broker, mut organisations, mut projects, mut partners) = (false, Vec::new(), Vec::new(), Vec::new());
        for grant in principal.grants.iter().filter(|grant| grant.role == role) {
            match &grant.over {
                GrantScope::Broker => broker = true,
                GrantScope::Organisation(id) => organisations.push(Value::new_entity_uid(self.organisation(id))),
                GrantScope::Project(id) => projects.push(Value::new_entity_uid(self.project(id))),
                GrantScope::Partner(did) => {
                    partners.push(Value::new_entity_uid(self.uid(&self.partner, did)));
                }
            }
        }
        let fields = [
            ("broker", Value::new_bool(broker)),
            ("organisations", Value::new_set(organisations)),
            ("projects", Value::new_set(projects)),
            ("partners", Value::new_set(partners)),
        ];
        // Four different names: never refused.
        Value::new_record(fields.map(|(name, value)| (name.to_owned(), value)))
            .unwrap_or_else(|_| Value::new_bool(false))
    }

    fn context(&self, principal: &Principal, action: Action, gives: Option<&Giving>) -> Option<Context> {
        let mut pairs = vec![("action".to_owned(), Value::new_string(action.name().to_owned()))];
        if let Some(gives) = gives {
            let fields = [
                ("role", Value::new_string(gives.role.name().to_owned())),
                ("own", Value::new_bool(gives.own)),
                ("person", Value::new_bool(gives.person)),
                ("beyond", Value::new_bool(gives.beyond.is_some())),
            ];
            let record = Value::new_record(fields.map(|(name, value)| (name.to_owned(), value))).ok()?;
            pairs.push(("gives".to_owned(), record));
        }
        if let Some(limits) = &principal.limits {
            if let Some(actions) = &limits.actions {
                let names = actions.iter().map(|action| Value::new_string(action.name().to_owned()));
                pairs.push(("limitedActions".to_owned(), Value::new_set(names)));
            }
            if let Some(projects) = &limits.projects {
                let uids = projects.iter().map(|project| Value::new_entity_uid(self.project(project)));
                pairs.push(("limitedProjects".to_owned(), Value::new_set(uids)));
            }
        }
        Context::from_pairs(pairs).ok()
    }
}

/// The attribute of the principal that says where it has a role.
const fn attribute(role: Role) -> &'static str {
    match role {
        Role::InfrastructureAdministrator => "infrastructureAdministrator",
        Role::CloudEdgeAdministrator => "cloudEdgeAdministrator",
        Role::UseCaseAdministrator => "useCaseAdministrator",
        Role::UseCaseUser => "useCaseUser",
        Role::Auditor => "auditor",
        Role::Billing => "billing",
        Role::Partner => "partner",
    }
}
