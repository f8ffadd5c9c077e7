//! The connector `ec2` against a service of somebody else that runs here. What
//! is left there is listed by that service's own client.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing set-up fails the test"
)]

use hansa_pim::{
    Amounts, Delivery, MachineConnector, MachineOrder,
    testing::{self, BROKER, Rounds, noon, run},
};
use hansa_repository::system::{SystemConnection, SystemErrorKind};
use hansa_test_systems::{Moto, cut_after};
use hansa_vip::connectors::KINDS;
use std::sync::Arc;

const ROUNDS: Rounds = Rounds::new(50, 20);
/// What is there: instances that are not terminated, volumes, groups but the default one, addresses.
const LEFT: &str = r#"
instances = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"] if i["State"]["Name"] != "terminated"]
groups = [g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] != "default"]
print(len(instances), len(ec2.describe_volumes()["Volumes"]), len(groups), len(ec2.describe_addresses()["Addresses"]))
"#;
const IMAGE: &str = r#"print(sorted(ec2.describe_images()["Images"], key=lambda i: i["ImageId"])[0]["ImageId"])"#;

fn connection(moto: &Moto, key: &str, settings: &[(&str, &str)]) -> SystemConnection {
    let all = [&[("region", "eu-central-1"), ("types", "t3.*,t4g.*,g4dn.xlarge")], settings].concat();
    testing::connection("ec2", &moto.address, Some(key), &all)
}

async fn connect(connection: SystemConnection) -> Arc<dyn MachineConnector> {
    testing::connector(KINDS, connection).await.unwrap()
}

fn order(n: u128) -> MachineOrder {
    let amounts = Amounts { cpu_milli: 1_000, memory_mib: 512, disk_mib: 30_720, gpus: 0 };
    MachineOrder { item: Some("t3.micro".to_owned()), amounts, ..testing::order(n, 1) }
}

async fn ensured(connector: &dyn MachineConnector, order: &MachineOrder) -> Delivery {
    ROUNDS.ready(connector, order).await.unwrap().0
}

async fn released(connector: &dyn MachineConnector, order: &MachineOrder) {
    ROUNDS.gone(connector, order).await.unwrap();
}

#[test]
fn an_instance_is_made_found_again_made_anew_and_taken_away() {
    let Some(moto) = Moto::start() else { return };
    run(async {
        let (image, before) = (moto.script(IMAGE), moto.script(LEFT));
        let settings = [
            ("image", image.as_str()),
            ("openPorts", "22,8000-9000"),
            ("elasticAddress", "true"),
            ("userData", "#!/bin/sh"),
        ];
        let cloud = connect(connection(&moto, &moto.key, &settings)).await;
        let begun = std::time::Instant::now();
        let first = ensured(&*cloud, &order(1)).await;
        println!("from the first call to ready: {:?}", begun.elapsed());
        let Delivery::Ready { address: Some(address), id } = first.clone() else { panic!("{first:?}") };
        assert_eq!(cloud.machine_ensure(&order(1)).await.unwrap(), first);
        let made = moto.script(&format!(
            r#"i = ec2.describe_instances(InstanceIds=["{id}"])["Reservations"][0]["Instances"][0]
tags = {{t["Key"]: t["Value"] for t in i["Tags"]}}
v = ec2.describe_volumes()["Volumes"][0]
g = ec2.describe_security_groups(GroupIds=[i["SecurityGroups"][0]["GroupId"]])["SecurityGroups"][0]
print(i["InstanceType"], i["ImageId"] == "{image}", tags["Name"], tags["hansa-broker"], v["Size"], len(g["IpPermissions"]), i["PublicIpAddress"])"#
        ));
        assert_eq!(made, format!("t3.micro True {} {BROKER} 30 4 {address}", order(1).name));

        let second = ensured(&*cloud, &order(2)).await;
        assert_ne!(first, second);
        moto.script(&format!(r#"ec2.terminate_instances(InstanceIds=["{id}"])"#));
        assert!(matches!(cloud.machine_ensure(&order(1)).await.unwrap(), Delivery::Pending(_)));
        let again = ensured(&*cloud, &order(1)).await;
        assert!(
            matches!(&again, Delivery::Ready { address: same, id: other } if *same == Some(address) && *other != id),
            "{again:?}"
        );

        let Delivery::Ready { id, .. } = &again else { panic!("{again:?}") };
        moto.script(&format!(r#"ec2.stop_instances(InstanceIds=["{id}"])"#));
        assert!(matches!(cloud.machine_ensure(&order(1)).await.unwrap(), Delivery::Pending(_)));
        assert_eq!(ensured(&*cloud, &order(1)).await, again);

        released(&*cloud, &order(1)).await;
        assert!(moto.script(LEFT).starts_with("1 "), "the other machine stays");
        released(&*cloud, &order(2)).await;
        released(&*cloud, &order(2)).await;
        assert_eq!(moto.script(LEFT), before);
    });
}

#[test]
fn what_the_cloud_gives_is_seen_and_what_is_wrong_is_told() {
    let Some(moto) = Moto::start() else { return };
    run(async {
        let image = moto.script(IMAGE);
        let cloud = connect(connection(&moto, &moto.key, &[("image", &image)])).await;
        moto.script(&format!(
            r#"ec2.run_instances(ImageId="{image}", MinCount=1, MaxCount=1, InstanceType="t3.nano")"#
        ));
        let report = cloud.discover(noon()).await.unwrap();
        let micro = report.flavours.iter().find(|one| one.name == "t3.micro").unwrap();
        assert_eq!((micro.room.cpu_milli, micro.room.memory_mib), (2_000, 1_024));
        assert!(report.flavours.iter().any(|one| one.name == "g4dn.xlarge" && one.room.gpus == 1));
        assert!(report.notes.iter().any(|note| note == "1 instances are not of this broker"), "{:?}", report.notes);
        assert_eq!(report.images[0].id, image);

        let unknown = MachineOrder { item: Some("t3.gigantic".to_owned()), ..order(1) };
        let error = cloud.machine_ensure(&unknown).await.unwrap_err();
        assert!(error.kind.is_refusal() && error.said.contains("t3.gigantic"), "{error}");
        let enormous = Amounts { cpu_milli: 4_096_000, ..order(1).amounts };
        let error =
            cloud.machine_ensure(&MachineOrder { item: None, amounts: enormous, ..order(1) }).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::NoRoom);
        let missing = connect(connection(&moto, &moto.key, &[("image", "no-such-image")])).await;
        let error = missing.machine_ensure(&order(1)).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Invalid, "{error}");

        let wrong = moto.key.replace("\"secretAccessKey\": \"", "\"secretAccessKey\": \"x9z");
        let stranger = connect(connection(&moto, &wrong, &[("image", &image)])).await;
        let error = stranger.machine_ensure(&order(1)).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Unauthenticated, "{error}");
        assert!(!format!("{error:?}{stranger:?}").contains("x9z"));
    });
}

#[test]
fn what_others_made_is_never_touched() {
    let Some(moto) = Moto::start() else { return };
    run(async {
        let image = moto.script(IMAGE);
        let cloud = connect(connection(&moto, &moto.key, &[("image", &image)])).await;
        let name = format!("hansa-{}", order(1).application);
        moto.script(&format!(
            r#"ec2.create_security_group(GroupName="{name}", Description="of somebody else")
ec2.run_instances(ImageId="{image}", MinCount=1, MaxCount=1, TagSpecifications=[dict(ResourceType="instance", Tags=[
  dict(Key="Name", Value="{}"), dict(Key="hansa-machine", Value="{}"), dict(Key="hansa-broker", Value="another")])])"#,
            order(1).name,
            order(1).machine
        ));
        let error = cloud.machine_ensure(&order(1)).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Conflict, "{error}");
        let before = moto.script(LEFT);
        let error = cloud.machine_release(&order(1)).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Conflict, "{error}");
        assert_eq!(moto.script(LEFT), before);
    });
}

#[test]
fn one_that_is_killed_at_any_step_is_ended_by_the_same_call() {
    let Some(moto) = Moto::start() else { return };
    run(async {
        let (image, before) = (moto.script(IMAGE), moto.script(LEFT));
        let settings = [("image", image.as_str()), ("openPorts", "22"), ("elasticAddress", "false")];
        for waits in (0..50).step_by(5) {
            let killed = connect(connection(&moto, &moto.key, &settings)).await;
            drop(cut_after(waits, killed.machine_ensure(&order(1))).await.transpose().unwrap());
            let cloud = connect(connection(&moto, &moto.key, &settings)).await;
            ensured(&*cloud, &order(1)).await;
            drop(cut_after(waits, killed.machine_release(&order(1))).await.transpose().unwrap());
            released(&*cloud, &order(1)).await;
        }
        assert_eq!(moto.script(LEFT), before);
    });
}
