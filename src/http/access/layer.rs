//! The layer around all handlers: who asks, for what, about what, and whether
//! that is permitted. What isn't in the table of routes isn't reached.

use super::{
    Caller,
    object::{self, Named},
    origin, proof,
    record::Asked,
    table::{self, Need, Object, Proof, Route},
    watch,
};
use crate::http::{
    Broker, characters,
    problem::{ApiError, ProblemKind},
};
use actix_web::{
    Error, HttpMessage as _,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use hansa_iam::{Action, Decision, Principal};

/// Lets a request through to its handler, or answers it.
pub(crate) async fn guard(
    broker: web::Data<Broker>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let admitted = match admit(&broker, &request).await {
        Ok(admitted) => admitted,
        Err(refused) => {
            if let Some(asked) = refused.asked {
                asked.denied(&broker).await;
            }
            return Ok(request.error_response(refused.error));
        }
    };
    let Some((asked, route)) = admitted else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    if let Err(error) = asked.permitted(&broker).await {
        return Ok(request.error_response(error));
    }
    let answered = next.call(request).await;
    let status = match &answered {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    asked.done(&broker, status).await;
    answered.map(|response| watch::over(&broker, route, response.map_into_boxed_body()))
}

/// Why a request isn't let through, and what is recorded of that.
struct Refused {
    error: ApiError,
    asked: Option<Asked>,
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self { error, asked: None }
    }
}

/// Who asks and for what; none where nobody is asked.
async fn admit(broker: &Broker, request: &ServiceRequest) -> Result<Option<(Asked, &'static Route)>, Refused> {
    // The decoded path, by which the router chooses the handler too.
    let path = request.match_info().as_str().to_owned();
    let pattern = request.resource_map().match_pattern(&path).ok_or_else(|| nowhere(request))?;
    let route = table::find(request.method(), &pattern).ok_or_else(|| unlisted(request, &pattern))?;
    characters::expect_in_path(&pattern, &path)?;
    characters::expect_in_query(request.query_string())?;
    if !matches!(route.proof, Proof::Signature | Proof::Machine) && !broker.iam.login_required() {
        origin::expect_own(request)?;
    }
    let Some(principal) = principal(broker, request, route).await? else {
        return Ok(None);
    };
    broker.defence.admit_actor(&principal)?;
    let mut asked = Asked::new(request, &principal, action(route));
    let named = Named { pattern: &pattern, path: &path, query: request.query_string() };
    let (resource, policies) = match route.need {
        // Whoever has neither account nor role has nothing of their own to see to.
        Need::SignedIn if principal.application.is_some() => {
            return Err(Refused { error: for_people(), asked: Some(asked) });
        }
        Need::Nothing | Need::SignedIn => (None, Vec::new()),
        // Without login nobody has an account, and everybody is known.
        Need::May(_, Object::Own) if !broker.iam.login_required() => (None, Vec::new()),
        Need::May(action, about) => {
            let resource = match object::find(broker, &principal, action, about, &named).await {
                Ok(resource) => resource,
                // What nobody may know of, and whoever tries to find out.
                Err(error) if error.kind() == ProblemKind::NotFound => {
                    let asked = broker.iam.login_required().then_some(asked);
                    return Err(Refused { error, asked });
                }
                Err(error) => return Err(error.into()),
            };
            let decision = match &resource {
                Some(resource) => broker.iam.decide(&principal, action, resource),
                None => broker.iam.anywhere(&principal, action),
            };
            if !decision.allowed {
                asked.decided(resource, decision.policies.clone());
                return Err(Refused { error: refusal(&decision), asked: Some(asked) });
            }
            (resource, decision.policies)
        }
    };
    asked.decided(resource.clone(), policies);
    request.extensions_mut().insert(Caller { principal, resource });
    Ok(Some((asked, route)))
}

/// Who asks; none where that isn't asked.
async fn principal(broker: &Broker, request: &ServiceRequest, route: &Route) -> Result<Option<Principal>, ApiError> {
    match (route.need, route.proof) {
        (_, Proof::Signature | Proof::Machine) | (Need::Nothing, Proof::Bearer) => Ok(None),
        // A page for everybody that greets those whom it knows.
        (Need::Nothing, Proof::Session) => Ok(proof::principal(broker, request.request(), route.proof).await.ok()),
        _ => proof::principal(broker, request.request(), route.proof).await.map(Some),
    }
}

const fn action(route: &Route) -> Option<Action> {
    match route.need {
        Need::May(action, _) => Some(action),
        Need::Nothing | Need::SignedIn => None,
    }
}

/// What isn't permitted, and which permission is missing.
fn refusal(decision: &Decision) -> ApiError {
    let forbids = decision.policies.first().filter(|id| id.starts_with("token-"));
    let action = decision.action;
    let why = match forbids {
        Some(policy) => {
            format!("the permission {action} is missing: the token's limits ({policy}) exclude it; use another token")
        }
        None => format!(
            "the permission {action} is missing; ask whoever runs the project or the broker for a role that has it"
        ),
    };
    ApiError::new(ProblemKind::Forbidden, why).with_permission(action.name())
}

fn for_people() -> ApiError {
    let action = Action::AccountSelf;
    let why = format!("the permission {action} is missing: the token of an instance only looks up its peers");
    ApiError::new(ProblemKind::Forbidden, why).with_permission(action.name())
}

fn nowhere(request: &ServiceRequest) -> ApiError {
    ApiError::new(ProblemKind::NotFound, format!("there is nothing at {}; /docs shows what is there", request.path()))
}

/// A path that has other methods, or none in the table.
fn unlisted(request: &ServiceRequest, pattern: &str) -> ApiError {
    let methods = table::methods(pattern);
    if methods.is_empty() {
        tracing::error!(pattern, "a route is missing from the table of access, so nobody reaches it");
        return nowhere(request);
    }
    let allow = methods.join(", ");
    let told = format!("{} is not possible at {}; possible: {allow}", request.method(), request.path());
    ApiError::new(ProblemKind::MethodNotAllowed, told).with_allow(allow)
}
