//! What crosses the wire: the bodies of the API, for the server that writes
//! them and the client that reads them. Separate from the domain's types, so
//! that neither binds the other; the conversions stand beside each type.

mod account;
mod alert;
mod application;
mod audit;
mod billing;
mod carbon;
mod catalogue;
mod contract;
mod event;
mod fault;
mod federation;
mod green;
mod moves;
mod notification;
mod operation;
mod owner;
mod page;
mod plan;
mod problem;
mod revision;
mod sale;
mod saving;
mod scaling;
mod service_account;
mod service_level;
mod settlement;
mod sla;
mod system;
mod tenancy;
mod update;
mod usage;
mod workload;

pub(crate) use account::{
    Account, CutOff, Issuer, Limits, LockRequest, Login, Me, NewToken, RoleGrant, Session, Token,
};
pub(crate) use alert::{Alert, AlertRequest, AlertTrial};
pub(crate) use application::{Accepted, Application, ApplicationDetail, ScaleRequest};
pub(crate) use audit::{AuditCheckpoint, AuditConsistency, AuditInclusion, AuditKey, AuditRecord};
pub(crate) use billing::{
    BillRequest, Billed, BooksCheck, Budget, BudgetRequest, Closing, ClosingRequest, Forecast, Invoice, LedgerBalance,
    LedgerEntry, MeteringFault, Threshold,
};
pub(crate) use carbon::{
    CarbonAdvice, CarbonComparison, CarbonFigures, CarbonLimit, CarbonReport, IntensityInfo, IntensityValue, Sci,
};
pub(crate) use catalogue::{
    Coordinates, Energy, ImportReport, Node, Offer, OfferSource, Provider, RefusedResource, Site, Withdrawal,
};
pub(crate) use contract::{Agreement, AgreementDetail, Hold, Order};
pub(crate) use event::Event;
pub(crate) use fault::{FaultNote, FaultNoteRequest, FaultResolution, FaultSign, FaultTicket};
pub(crate) use federation::{
    AcceptRequest, Identity, Invitation, InviteRequest, Key, Partner, PartnerChange, Quarantined, RepinRequest,
};
pub(crate) use green::{GreenMode, GreenRequest};
pub(crate) use moves::{MovePreview, MoveRequest};
pub(crate) use notification::{Notification, NotificationDelivery, NotificationRequest, NotificationTrial};
pub(crate) use operation::Operation;
pub(crate) use owner::{
    Credential, CredentialRequest, Maintenance, MaintenanceRequest, NodePatch, NodeRequest, Removal, SecretRequest,
    SiteRequest,
};
pub(crate) use page::Page;
pub(crate) use plan::{ComponentReport, Conflict, Plan, PlannedMachine, Price, Proof};
pub(crate) use problem::{Fault, Problem};
pub(crate) use revision::{Revision, RollbackRequest};
pub(crate) use sale::{CapacityRequest, DraftRequest, Flavour, Gpu, PriceRequest, Sale, SaleVersion};
pub(crate) use saving::{CarbonMove, CarbonSaving, DeferredJob};
pub(crate) use scaling::Scaling;
pub(crate) use service_account::{NewServiceAccount, ServiceAccount};
pub(crate) use service_level::{ServiceLevel, ServiceLevels};
pub(crate) use settlement::{Claim, ClaimWithdrawal, Payment, Settlement, SettlementDetail, SettlementRequest};
pub(crate) use sla::{Announcement, AnnouncementRequest, SlaBreach, SlaObjective, SlaStanding};
pub(crate) use system::{DeriveRequest, DerivedOffer, Inventory, System, SystemRequest, Verdict};
pub(crate) use tenancy::{
    Amount, Member, MemberRemoval, MemberRoles, NewPlace, Organisation, Project, QuotaLimits, QuotaReport, Titled,
};
pub(crate) use update::UpdateStanding;
pub(crate) use usage::{CostReport, CostRow, Names, UsageRow};
pub(crate) use workload::{Endpoint, Workload};
