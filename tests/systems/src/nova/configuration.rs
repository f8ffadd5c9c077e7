//! The files that the services of a cloud read.

use super::free_port;
use crate::keystone::ADMIN_PASSWORD;
use std::path::Path;

/// Where each of them listens.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) mariadb: u16,
    pub(super) rabbit: u16,
    pub(super) distribution: u16,
    pub(super) mapper: u16,
    pub(super) nova: u16,
    pub(super) neutron: u16,
    pub(super) glance: u16,
    pub(super) placement: u16,
}

impl Ports {
    pub(super) fn free() -> Self {
        Self {
            mariadb: free_port(),
            rabbit: free_port(),
            distribution: free_port(),
            mapper: free_port(),
            nova: free_port(),
            neutron: free_port(),
            glance: free_port(),
            placement: free_port(),
        }
    }

    pub(super) fn of(&self, api: &str) -> u16 {
        match api {
            "nova" => self.nova,
            "neutron" => self.neutron,
            "glance" => self.glance,
            _ => self.placement,
        }
    }

    pub(super) fn database(&self, name: &str) -> String {
        format!("mysql+pymysql://os:os@127.0.0.1:{}/{name}?charset=utf8", self.mariadb)
    }

    fn messages(&self) -> String {
        format!("rabbit://guest:guest@127.0.0.1:{}/", self.rabbit)
    }
}

/// The account under which one service asks another.
fn account(keystone: &str) -> String {
    format!(
        "auth_type = password\nauth_url = {keystone}\nusername = admin\npassword = {ADMIN_PASSWORD}\n\
         project_name = admin\nuser_domain_id = default\nproject_domain_id = default\n"
    )
}

fn middleware(keystone: &str) -> String {
    // One account serves them all; it is given the role `service`.
    format!(
        "[keystone_authtoken]\nwww_authenticate_uri = {keystone}\ninterface = public\nservice_token_roles = service\n{}",
        account(keystone)
    )
}

pub(super) fn nova(folder: &Path, ports: &Ports, keystone: &str) -> String {
    let (here, client) = (folder.join("nova"), account(keystone));
    let here = here.display();
    let (api, cell, messages) = (ports.database("nova_api"), ports.database("nova"), ports.messages());
    let clients: String = ["placement", "neutron", "service_user"]
        .iter()
        .map(|name| format!("[{name}]\nregion_name = one\nvalid_interfaces = public\n{client}"))
        .collect();
    format!(
        "[DEFAULT]\ntransport_url = {messages}\ncompute_driver = fake.FakeDriver\nhost = compute1\nmy_ip = 127.0.0.1\n\
         state_path = {here}\ninstances_path = {here}/instances\nvif_plugging_is_fatal = false\n\
         vif_plugging_timeout = 0\n[api]\nauth_strategy = keystone\n[database]\nconnection = {cell}\n[api_database]\n\
         connection = {api}\n[oslo_concurrency]\nlock_path = {here}/locks\n[glance]\nregion_name = one\n\
         valid_interfaces = public\n[conductor]\nworkers = 1\n[scheduler]\nworkers = 1\n\
         discover_hosts_in_cells_interval = 5\n{clients}{}",
        middleware(keystone)
    )
}

pub(super) fn glance(folder: &Path, etc: &Path, ports: &Ports, keystone: &str) -> String {
    format!(
        "[DEFAULT]\nenabled_backends = files:file\n[database]\nconnection = {}\n[glance_store]\ndefault_backend = files\n\
         [files]\nfilesystem_store_datadir = {}\n[paste_deploy]\nflavor = keystone\nconfig_file = {}\n{}",
        ports.database("glance"),
        folder.join("glance/images").display(),
        etc.join("glance/glance-api-paste.ini").display(),
        middleware(keystone)
    )
}

pub(super) fn neutron(folder: &Path, etc: &Path, ports: &Ports, keystone: &str) -> String {
    let here = folder.join("neutron");
    let here = here.display();
    // 2,000,000 seconds: the agent that is none is alive for as long as a test runs.
    format!(
        "[DEFAULT]\ncore_plugin = ml2\nservice_plugins = router\nauth_strategy = keystone\ntransport_url = {}\n\
         api_paste_config = {}\nstate_path = {here}\nagent_down_time = 2000000\n\
         notify_nova_on_port_status_changes = false\nnotify_nova_on_port_data_changes = false\nrpc_workers = 0\n\
         dhcp_agent_notification = false\n[database]\nconnection = {}\n[oslo_concurrency]\nlock_path = {here}/locks\n\
         [ml2]\ntype_drivers = flat,vxlan\ntenant_network_types = vxlan\nmechanism_drivers = openvswitch\n\
         extension_drivers = port_security\n[ml2_type_vxlan]\nvni_ranges = 1:1000\n[ml2_type_flat]\n\
         flat_networks = *\n[securitygroup]\nenable_security_group = true\n{}",
        ports.messages(),
        etc.join("neutron/api-paste.ini").display(),
        ports.database("neutron"),
        middleware(keystone)
    )
}

pub(super) fn placement(ports: &Ports, keystone: &str) -> String {
    format!(
        "[placement_database]\nconnection = {}\n[api]\nauth_strategy = keystone\n{}",
        ports.database("placement"),
        middleware(keystone)
    )
}
