--liquibase formatted sql logicalFilePath:0002-lease.sql

--changeset icommerce:2-lease
--comment: Who of several processes owns the service. Each owner has another epoch, and renews the lease for as long as it lives; who waits takes it when it stands still.
CREATE TABLE lease (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch bigint NOT NULL DEFAULT 0,
    renewals bigint NOT NULL DEFAULT 0,
    owner text
);
INSERT INTO lease DEFAULT VALUES;
--rollback DROP TABLE lease;
