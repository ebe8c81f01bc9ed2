-- By what a change was asked for: `dashboard`, or null, where a program asked, or a replica of the version before.

alter table eventlease.audit add column via text;
