//! Whatever somebody changes by hand is seen, and mended.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_by_hand_is_mended() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, account) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    // The container is removed; the Redis user and the heartbeat are gone; the owner revoked the bot's token.
    docker::remove_container(&ground.world.docker, slug).await?;
    assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::Container), Step::Ensure(Part::Ready)]);
    ground.settle(&tenant).await?;

    play::redis::forget(slug).await?;
    assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::RedisUser), Step::Ensure(Part::Ready)]);
    // The bot's own connection was cut with its user; it is back when its next poll writes the next beat.
    ground.wish(&tenant, Intent::Restart).await?;
    ground.settle(&tenant).await?;

    // Revoked, nobody is told, and the bot ends: a new token is a new spec, and another container.
    let before = ground.running_container(&tenant.slug).await?;
    ground.sim().revoke_token(account.bot.id, false).await?;
    ground.yard.runtime.restart(slug).await?;
    let gone = async || Ok(ground.running_container(&tenant.slug).await.is_err().then_some(()));
    play::until(std::time::Duration::from_secs(20), "the bot ends without its token", gone).await?;
    ground.settle(&tenant).await?;
    assert_ne!(ground.running_container(&tenant.slug).await?, before);

    // Frozen by hand.
    ground.world.docker.pause_container(slug).await?;
    assert!(ground.plan_of(&tenant).await?.1.contains(&Step::Ensure(Part::Container)));
    ground.settle(&tenant).await?;
    ground.running_container(&tenant.slug).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_user_that_may_more_or_less_than_it_should_is_made_as_it_was() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let slug = tenant.slug.as_str();
    let mut admin = play::redis::admin().await?;
    let rules = async || anyhow::Ok(steps::redis_user::look(&ground.yard).await?.remove(slug));
    let before = rules().await?.context("no user")?;
    for by_hand in [
        vec!["+@all"],
        vec!["~*"],
        vec!["&*"],
        vec!["-get"],
        vec!["off"],
        vec![">another password"],
        vec!["resetpass", ">another password"],
        vec!["nopass"],
    ] {
        redis::cmd("ACL").arg("SETUSER").arg(slug).arg(&by_hand).exec_async(&mut admin).await?;
        assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::RedisUser)], "{by_hand:?}");
        ground.settle(&tenant).await?;
        assert_eq!(rules().await?.as_ref(), Some(&before), "{by_hand:?}");
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_user_that_the_master_before_made_gets_what_todays_bot_uses() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    ground.make_first(&tenant, 5).await?;
    let tenant = tenants::get(&ground.yard.pool, tenant.id).await?;
    let (slug, step) = (tenant.slug.as_str(), Step::Ensure(Part::RedisUser));
    assert!(!ground.plan_of(&tenant).await?.1.contains(&step));
    // As it was made before: without a command, and the fact knows of no list.
    let mut admin = play::redis::admin().await?;
    redis::cmd("ACL").arg("SETUSER").arg(slug).arg("-pttl").exec_async(&mut admin).await?;
    let rules = steps::redis_user::look(&ground.yard).await?.remove(slug).context("no user")?;
    sqlx::query(
        "update tenant_facts set value = value - 'commands' || jsonb_build_object('rules', $2::text)
          where tenant_id = $1 and part = 'redis_user'",
    )
    .bind(tenant.id)
    .bind(rules)
    .execute(&ground.yard.pool)
    .await?;
    assert!(ground.plan_of(&tenant).await?.1.contains(&step));
    worker::work(&ground.yard, &tenant, &[step], &CancellationToken::new()).await?;
    assert!(!ground.plan_of(&tenant).await?.1.contains(&step));
    let may: String =
        redis::cmd("ACL").arg("DRYRUN").arg(slug).arg("PTTL").arg(format!("{slug}:x")).query_async(&mut admin).await?;
    assert_eq!(may, "OK");
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_was_changed_by_hand_or_by_itself_is_made_as_it_was() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    ground.make_first(&tenant, 6).await?;
    let tenant = tenants::get(&ground.yard.pool, tenant.id).await?;
    let (slug, database) = (tenant.slug.as_str(), ground.world.database.name());
    let members = crate::registry::migrate::tenants_role(ground.yard.postgres.get_username());
    let step = Step::Ensure(Part::Role);
    let steps = async || anyhow::Ok(ground.plan_of(&tenant).await?.1.contains(&step));
    assert!(!steps().await?, "it is as it should be");
    let by_hand = [
        format!("alter role {slug} connection limit 100"),
        format!("alter role {slug} nologin"),
        format!("alter role {slug} noinherit"),
        format!("alter role {slug} createdb createrole"),
        format!("alter role {slug} valid until '2020-01-01'"),
        format!("alter role {slug} password 'another'"),
        format!("alter role {slug} password null"),
        format!("alter role {slug} set statement_timeout = 0"),
        format!("alter role {slug} reset lock_timeout"),
        format!("alter role {slug} set search_path = public"),
        format!("alter role {slug} in database {database} set statement_timeout = 0"),
        format!("grant pg_read_all_data to {slug}"),
        format!("revoke {members} from {slug}"),
        format!("grant usage on schema {slug} to public"),
        format!("grant create on schema {slug} to {slug}"),
        format!("revoke usage on schema {slug} from {slug}"),
    ];
    for sql in by_hand {
        ground.world.database.run(std::slice::from_ref(&sql)).await?;
        assert!(steps().await?, "not seen: {sql}");
        worker::work(&ground.yard, &tenant, &[step], &CancellationToken::new()).await?;
        let error = tenants::get(&ground.yard.pool, tenant.id).await?.last_error;
        assert_eq!(error, None, "{sql}");
        assert!(!steps().await?, "not mended: {sql}");
        let mut db = ground.as_tenant(&tenant).await.with_context(|| sql.clone())?;
        let timeout: String = sqlx::query_scalar("show statement_timeout").fetch_one(&mut db).await?;
        assert_eq!(timeout, "10s", "{sql}");
        sqlx::query("select count(*) from bookings").execute(&mut db).await.with_context(|| sql.clone())?;
    }
    // What a role may do to itself: nobody's hand is needed.
    let mut db = ground.as_tenant(&tenant).await?;
    for sql in ["alter role current_user password 'mine'", "alter role current_user set statement_timeout = 0"] {
        sqlx::query(sql).execute(&mut db).await?;
        assert!(steps().await?, "not seen: {sql}");
        worker::work(&ground.yard, &tenant, &[step], &CancellationToken::new()).await?;
        assert!(!steps().await?, "not mended: {sql}");
    }
    ground.as_tenant(&tenant).await?;
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_a_superuser_can_take_back_is_told_with_how() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    ground.make_first(&tenant, 6).await?;
    let slug = tenant.slug.as_str();
    let master = ground.yard.postgres.get_username().to_owned();
    for (by_hand, part, expected, mended) in [
        (
            format!("alter role {slug} superuser"),
            Part::Role,
            "alter role",
            format!("alter role {slug} nosuperuser noreplication nobypassrls"),
        ),
        (
            format!("alter schema {slug} owner to postgres"),
            Part::Schema,
            "give it back",
            format!("alter schema {slug} owner to {master}"),
        ),
    ] {
        ground.world.database.run(&[by_hand]).await?;
        assert!(ground.plan_of(&tenant).await?.1.contains(&Step::Ensure(part)));
        let error = ground.round(&tenant).await?.context("no error")?;
        assert!(error.starts_with(part.name()) && error.contains(expected), "{error}");
        ground.world.database.run(&[mended]).await?;
        let ensure = [Step::Ensure(part)];
        worker::work(
            &ground.yard,
            &tenants::get(&ground.yard.pool, tenant.id).await?,
            &ensure,
            &CancellationToken::new(),
        )
        .await?;
        assert!(!ground.plan_of(&tenant).await?.1.contains(&ensure[0]));
    }
    ground.close().await
}
