DROP TABLE package_refusal;
