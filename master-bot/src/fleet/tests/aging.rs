//! Facts grow old: what no look shows is asked about again.

use super::*;

const A_DAY: TimeDelta = TimeDelta::hours(24);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_asked_about_every_day_and_one_that_was_revoked_is_replaced() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, account) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let pool = &ground.yard.pool;
    let before = ground.running_container(&tenant.slug).await?;
    // The bot polls on: nothing but a question shows that the token is dead.
    ground.sim().revoke_token(account.bot.id, false).await?;
    ground.age(&tenant, Part::Token, TimeDelta::hours(19)).await?;
    assert!(!ground.plan_of(&tenant).await?.1.contains(&Step::Ensure(Part::Token)), "it is not a day yet");
    ground.age(&tenant, Part::Token, TimeDelta::hours(5)).await?;
    assert_eq!(ground.plan_of(&tenant).await?.1[0], Step::Ensure(Part::Token));
    ground.settle(&tenant).await?;
    assert_ne!(ground.running_container(&tenant.slug).await?, before, "it still has the dead token");

    // The owner has edited the bot's name in BotFather; we remember the old one.
    sqlx::query("update bots set username = 'old_name_bot' where bot_id = $1")
        .bind(tenant.bot_id)
        .execute(pool)
        .await?;
    ground.age(&tenant, Part::Token, A_DAY).await?;
    let settled = ground.settle(&tenant).await?;
    assert_eq!(settled.bot_username, account.bot.username);
    let sql = format!("select value from {}.settings where key = 'bot_username'", tenant.slug);
    let told: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await?;
    assert_eq!(told, account.bot.username);
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_bot_a_revoked_token_and_a_pasted_one_are_told_apart() -> Result<()> {
    let ground = Ground::new().await?;
    let pool = &ground.yard.pool;
    for (managed, delete, expected) in [
        (true, true, "was deleted by its owner"),
        (false, false, "its owner has revoked it, or deleted the bot"),
        (false, true, "its owner has revoked it, or deleted the bot"),
    ] {
        let (tenant, account) = ground.sold().await?;
        ground.make_first(&tenant, 1).await?;
        sqlx::query("update bots set managed = $2 where bot_id = $1")
            .bind(tenant.bot_id)
            .bind(managed)
            .execute(pool)
            .await?;
        ground.sim().revoke_token(account.bot.id, false).await?;
        if delete {
            ground.sim().delete_bot(account.bot.id).await?;
        }
        ground.age(&tenant, Part::Token, A_DAY).await?;
        let error = ground.round(&tenant).await?.context("no error")?;
        assert!(error.starts_with("token:") && error.contains(expected), "{error}");
        sqlx::query("update bots set managed = true where bot_id = $1").bind(tenant.bot_id).execute(pool).await?;
    }
    ground.close().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reconciler_wakes_for_the_next_fact_that_gets_old() -> Result<()> {
    let ground = Ground::new().await?;
    let (tenant, _) = ground.sold().await?;
    let tenant = ground.settle(&tenant).await?;
    let world = look(&ground.yard).await?;
    let first = world.next_old(&tenant).context("nothing ever gets old")?;
    // The container's hour, long before the token's day.
    assert!(first > world.at + TimeDelta::minutes(45) && first <= world.at + TimeDelta::hours(1), "{first}");
    ground.age(&tenant, Part::Container, first - world.at).await?;
    let world = look(&ground.yard).await?;
    let next = world.next_old(&tenant).context("the token's day")?;
    assert!(next > world.at + TimeDelta::hours(19), "what is too old already is no reason to wake: {next}");
    // Written before the clock was put back by a year: nobody waits that long.
    ground.settle(&tenant).await?;
    ground.age(&tenant, Part::Container, TimeDelta::days(-365)).await?;
    assert_eq!(ground.plan_of(&tenant).await?.1, [Step::Ensure(Part::Container)]);
    ground.settle(&tenant).await?;
    assert_eq!(ground.plan_of(&tenant).await?.1, []);
    ground.close().await
}
