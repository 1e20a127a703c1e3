-- The role the service works with on PostgreSQL: it can add to history and not change it, whatever runs as it.
--
-- Run as the owner of the tables, the role that runs `magcheck db upgrade`, in magcheck's database; again after each
-- upgrade:     psql --single-transaction --set ON_ERROR_STOP=1 --file deploy/postgresql-roles.sql
-- Then give it a way in (`alter role magcheck_service login password ...`) and use it in MAGCHECK_DATABASE_URL of
-- `magcheck serve`; migrations and `magcheck restore` go on as the owner.
--
-- The triggers of the migrations refuse changes to everybody, the owner too. These privileges refuse them once more, and
-- leave nobody who gets hold of the service's password able to drop a trigger.

do $$
begin
    if not exists (select from pg_roles where rolname = 'magcheck_service') then
        create role magcheck_service nologin;
    end if;
end $$;

revoke create on schema public from public, magcheck_service;
revoke all on all tables in schema public from public, magcheck_service;
revoke all on all sequences in schema public from public, magcheck_service;

grant usage on schema public to magcheck_service;
grant select on all tables in schema public to magcheck_service;
grant usage on all sequences in schema public to magcheck_service;

-- History: written once.
grant insert on
    audit_entry,
    draft_change,
    draft_comment,
    draft_signature,
    rule_set,
    rule_set_activation,
    rule_set_retirement,
    rule_set_signature,
    terminology,
    terminology_activation
to magcheck_service;

-- Written once, and removed when its time is over.
grant insert, delete on decision, feedback, kept_answer to magcheck_service;

-- What is there now; every change of it is an entry of the audit trail. People, keys and drafts are never removed.
grant insert, update on api_key, draft, person to magcheck_service;
grant insert, update, delete on daily_total, sign_in, sign_in_attempt, used_token to magcheck_service;
