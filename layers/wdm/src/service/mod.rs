//! What callers use.

use crate::{
    Applied, Endpoints, LogLine, LogQuery, Peers, Removal, WdmError, WorkloadSpec, WorkloadStatus,
};
use futures_util::stream::BoxStream;
use hansa_ontology::{ApplicationId, WorkloadId};

/// Lines of a workload's output as they come.
pub type LogStream = BoxStream<'static, Result<LogLine, WdmError>>;

/// The Workload Deployment Manager. Cheap to clone. Every call is idempotent
/// and may be cut off at any point: the next one goes on from what it finds.
#[derive(Debug, Clone)]
pub struct Wdm {}

impl Wdm {
    /// Writes the workload down and allocates its ports, so that its peers
    /// can be told before it runs. Starts nothing.
    ///
    /// # Errors
    /// A specification that can't be carried out; a fixed port that is taken.
    pub async fn workload_prepare(&self, _spec: &WorkloadSpec) -> Result<Endpoints, WdmError> {
        unimplemented!("comes with the store")
    }

    /// Makes sure that one copy of the workload runs as specified, and that
    /// its peers file is current: prepares it where that wasn't done, starts
    /// it when it is dead and its back-off is over, replaces it when it runs
    /// in another revision. Returns at once; the state tells how far it is.
    ///
    /// # Errors
    /// As [`Self::workload_prepare`]; when the workload is being removed.
    /// What keeps the process from starting is no error but a state.
    pub async fn workload_apply(
        &self,
        _spec: &WorkloadSpec,
        _peers: &Peers,
    ) -> Result<Applied, WdmError> {
        unimplemented!("comes with the store")
    }

    /// Ends the running copy gracefully; the next apply starts a new one,
    /// without back-off. Nothing happens where none runs.
    ///
    /// # Errors
    /// When there is no such workload.
    pub async fn workload_restart(&self, _id: WorkloadId) -> Result<(), WdmError> {
        unimplemented!("comes with the store")
    }

    /// Looks at every workload of an application, makes the health checks that
    /// are due, and writes down what changed.
    ///
    /// # Errors
    /// When the database or the machine can't be read.
    pub async fn workload_observe(
        &self,
        _application: ApplicationId,
    ) -> Result<Vec<WorkloadStatus>, WdmError> {
        unimplemented!("comes with the store")
    }

    /// The workloads of an application as they were last seen; of all
    /// applications where none is named. Touches no process.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn workload_list(
        &self,
        _application: Option<ApplicationId>,
    ) -> Result<Vec<WorkloadStatus>, WdmError> {
        unimplemented!("comes with the store")
    }

    /// One workload as it was last seen.
    ///
    /// # Errors
    /// When there is no such workload.
    pub async fn workload(&self, _id: WorkloadId) -> Result<WorkloadStatus, WdmError> {
        unimplemented!("comes with the store")
    }

    /// Takes a workload away: process, files, ports. Volumes stay. Call it
    /// until it is [`Removal::Gone`]; a workload that nobody knows is gone.
    ///
    /// # Errors
    /// When the database or the machine can't be read.
    pub async fn workload_remove(&self, _id: WorkloadId) -> Result<Removal, WdmError> {
        unimplemented!("comes with the store")
    }

    /// Takes away the volumes of one instance of a component, on every node
    /// on which it ever ran.
    ///
    /// # Errors
    /// While a workload of that instance is still there; when files can't be removed.
    pub async fn volume_remove(
        &self,
        _application: ApplicationId,
        _component: &str,
        _ordinal: u32,
    ) -> Result<(), WdmError> {
        unimplemented!("comes with the store")
    }

    /// Takes away all volumes of an application.
    ///
    /// # Errors
    /// As [`Self::volume_remove`].
    pub async fn volume_remove_all(&self, _application: ApplicationId) -> Result<(), WdmError> {
        unimplemented!("comes with the store")
    }

    /// A workload's output, oldest line first, over all its restarts.
    ///
    /// # Errors
    /// When there is no such workload.
    pub async fn logs(&self, _id: WorkloadId, _query: LogQuery) -> Result<LogStream, WdmError> {
        unimplemented!("comes with the store")
    }

    /// Ends and removes every workload that is on the nodes' directories but
    /// not in the database, and tells of each in an event. Returns what it removed.
    ///
    /// # Errors
    /// When the database or the machine can't be read.
    pub async fn sweep(&self) -> Result<Vec<WorkloadId>, WdmError> {
        unimplemented!("comes with the store")
    }
}
