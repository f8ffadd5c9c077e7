//! What is nowhere: a path that doesn't exist, or a method that a path doesn't have.

use crate::http::{
    openapi::Documents,
    problem::{ApiError, ProblemKind, Reply},
};
use actix_web::{HttpRequest, web};

/// Answers what no other handler takes.
pub(crate) async fn unknown(request: HttpRequest, document: web::Data<Documents>) -> Reply {
    let methods = document.methods(request.path());
    Err(if methods.is_empty() {
        ApiError::new(
            ProblemKind::NotFound,
            format!("there is nothing at {}; /docs shows what is there", request.path()),
        )
    } else {
        let allow = methods.join(", ");
        ApiError::new(
            ProblemKind::MethodNotAllowed,
            format!("{} is not possible at {}; possible: {allow}", request.method(), request.path()),
        )
        .with_allow(allow)
    })
}
