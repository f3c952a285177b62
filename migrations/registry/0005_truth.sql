-- What is written for good, and where new tenants are placed.

-- The history of a tenant and of money is appended to and never changed: not by a fault of ours, not by a hand that
-- meant another row. Whoever really must, disables the trigger, and knows that he does.
create function refuse_rewriting() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
        using hint = 'write a new row that tells what is true now';
end
$$;
create trigger append_only before update or delete or truncate on tenant_events
    for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on ledger
    for each statement execute function refuse_rewriting();

-- A Linux bridge fails past about a thousand ports. Whoever places a tenant locks this row, so that two sales at once
-- do not both take the last place of a network.
insert into settings (key, value) values ('tenants_per_network', '500');
