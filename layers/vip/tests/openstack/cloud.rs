//! The cloud as its operator sees it, and what every scene does with it.

use crate::shared::Operator;
use hansa_pim::{
    Amounts, Delivery, MachineConnector, MachineOrder,
    testing::{self, BROKER, Rounds, connection},
};
use hansa_repository::system::SystemError;
use hansa_test_systems::{ADMIN_PASSWORD, Nova};
use hansa_vip::connectors::KINDS;
use serde_json::{Value, json};
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

const ROUNDS: Rounds = Rounds::new(400, 180);

/// A cloud with a network, a way out of it, an image, two flavours and a key.
pub(crate) struct Cloud {
    pub(crate) keystone: String,
    pub(crate) compute: Operator,
    pub(crate) network: Operator,
    pub(crate) image_id: String,
    pub(crate) tiny: String,
    pub(crate) project: String,
}

impl Cloud {
    pub(crate) async fn seeded(nova: &Nova) -> Self {
        let keystone = nova.keystone.address.clone();
        let version = [("openstack-api-version", "compute 2.79")];
        let compute = Operator::of(&keystone, &nova.compute, ADMIN_PASSWORD, &version).await;
        let network = Operator::of(&keystone, &nova.network, ADMIN_PASSWORD, &[]).await;
        let image = Operator::of(&keystone, &nova.image, ADMIN_PASSWORD, &[]).await;
        let identity = Operator::of(&keystone, &keystone, ADMIN_PASSWORD, &[]).await;
        let project = identity.get("/projects?name=admin").await["projects"][0]["id"].as_str().unwrap().to_owned();

        let inside = network.does("POST", "/networks", json!({ "network": { "name": "inside" } })).await;
        let subnet = json!({ "subnet": { "name": "inside4", "network_id": inside["network"]["id"], "ip_version": 4,
            "cidr": "10.20.0.0/24" } });
        let subnet = network.does("POST", "/subnets", subnet).await;
        let outside = json!({ "network": { "name": "outside", "router:external": true,
            "provider:network_type": "flat", "provider:physical_network": "outside" } });
        let outside = network.does("POST", "/networks", outside).await;
        let addresses = json!({ "subnet": { "network_id": outside["network"]["id"], "ip_version": 4,
            "cidr": "203.0.113.0/28", "enable_dhcp": false } });
        network.does("POST", "/subnets", addresses).await;
        let gateway = json!({ "router": { "external_gateway_info": { "network_id": outside["network"]["id"] } } });
        let router = network.does("POST", "/routers", gateway).await;
        let path = format!("/routers/{}/add_router_interface", router["router"]["id"].as_str().unwrap());
        network.does("PUT", &path, json!({ "subnet_id": subnet["subnet"]["id"] })).await;

        let raw = json!({ "name": "tiny", "disk_format": "raw", "container_format": "bare", "visibility": "public" });
        let image_id = image.does("POST", "/images", raw).await["id"].as_str().unwrap().to_owned();
        upload(&image, &image_id).await;
        let tiny = flavour(&compute, "m1.tiny", 1).await;
        flavour(&compute, "m1.wide", 5_000).await;
        let key = json!({ "keypair": { "name": "operators", "type": "ssh",
            "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHHs2pfM0tZ9tqSyZ6J2nU4mJzWcDFc4AGCqn6Rk0y1z x" } });
        compute.does("POST", "/os-keypairs", key).await;
        Self { keystone, compute, network, image_id, tiny, project }
    }

    pub(crate) async fn connect(&self, settings: &[(&str, &str)]) -> Arc<dyn MachineConnector> {
        self.connect_as("admin", ADMIN_PASSWORD, settings).await.unwrap()
    }

    pub(crate) async fn connect_as(
        &self,
        user: &str,
        password: &str,
        settings: &[(&str, &str)],
    ) -> Result<Arc<dyn MachineConnector>, SystemError> {
        let secret = json!({ "auth": { "username": user, "password": password, "project_name": "admin",
            "user_domain_name": "Default", "project_domain_name": "Default" }, "region_name": "one" });
        testing::connector(KINDS, connection("openstack", &self.keystone, Some(&secret.to_string()), settings)).await
    }

    pub(crate) fn order(&self, machine: u128, application: u128) -> MachineOrder {
        let amounts = Amounts { cpu_milli: 500, memory_mib: 256, ..Amounts::ZERO };
        MachineOrder { amounts, ..testing::order(machine, application) }
    }

    pub(crate) async fn tried(
        &self,
        connector: &dyn MachineConnector,
        order: &MachineOrder,
    ) -> Result<(IpAddr, usize), SystemError> {
        match ROUNDS.ready(connector, order).await? {
            (Delivery::Ready { address, .. }, rounds) => Ok((address.expect("an address"), rounds)),
            (pending @ Delivery::Pending(_), _) => panic!("{pending:?}"),
        }
    }

    pub(crate) async fn ready(&self, connector: &dyn MachineConnector, order: &MachineOrder) -> (IpAddr, usize) {
        self.tried(connector, order).await.unwrap()
    }

    pub(crate) async fn gone(&self, connector: &dyn MachineConnector, order: &MachineOrder) {
        ROUNDS.gone(connector, order).await.unwrap();
    }

    pub(crate) async fn servers(&self, name: &str) -> Vec<Value> {
        let all = self.compute.get("/servers/detail").await["servers"].as_array().unwrap().clone();
        all.into_iter().filter(|server| server["name"] == name).collect()
    }

    pub(crate) async fn server(&self, name: &str) -> Option<Value> {
        self.servers(name).await.into_iter().next()
    }

    pub(crate) async fn act(&self, name: &str, body: Value) {
        let id = self.server(name).await.unwrap()["id"].as_str().unwrap().to_owned();
        self.compute.does("POST", &format!("/servers/{id}/action"), body).await;
    }

    pub(crate) async fn until(&self, name: &str, status: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let server = self.server(name).await.unwrap();
            if server["status"] == status && server["OS-EXT-STS:task_state"].is_null() {
                return;
            }
            assert!(Instant::now() < end, "not {status}: {server}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// By the services' own listings: nothing has our labels any more.
    pub(crate) async fn nothing_left(&self) {
        let servers = self.compute.get("/servers/detail?all_tenants=1").await;
        let ours = |item: &Value| item.to_string().contains(BROKER);
        assert!(!servers["servers"].as_array().unwrap().iter().any(ours), "{servers}");
        for (path, key) in
            [("/ports", "ports"), ("/floatingips", "floatingips"), ("/security-groups", "security_groups")]
        {
            let all = self.network.get(path).await;
            assert!(!all[key].as_array().unwrap().iter().any(ours), "{path}: {all}");
        }
    }
}

async fn flavour(compute: &Operator, name: &str, vcpus: u32) -> String {
    let body = json!({ "flavor": { "name": name, "vcpus": vcpus, "ram": 512, "disk": 1 } });
    compute.does("POST", "/flavors", body).await["flavor"]["id"].as_str().unwrap().to_owned()
}

async fn upload(image: &Operator, id: &str) {
    let mut request = reqwest::Client::new().put(format!("{}/images/{id}/file", image.address));
    for (name, value) in &image.headers {
        request = request.header(*name, value);
    }
    let request = request.header("content-type", "application/octet-stream").body(vec![0_u8; 1_024]);
    assert!(request.send().await.unwrap().status().is_success());
}
