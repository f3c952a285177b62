//! A provider of payments whose answers, and silences, are noted.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Charge, GatewayError, PaymentGateway, Told};
use crate::peers::{Peer, Reach};

/// See the module.
pub(crate) struct Noted<G> {
    pub(crate) gateway: G,
    pub(crate) reach: Arc<Reach>,
}

fn is_away(error: &GatewayError) -> bool {
    matches!(error, GatewayError::Unknown(_))
}

#[async_trait]
impl<G: PaymentGateway> PaymentGateway for Noted<G> {
    async fn create(&self, charge: &Charge) -> Result<Told, GatewayError> {
        self.reach.ask(Peer::Yookassa, self.gateway.create(charge), is_away).await
    }

    async fn get(&self, provider_id: &str) -> Result<Told, GatewayError> {
        self.reach.ask(Peer::Yookassa, self.gateway.get(provider_id), is_away).await
    }
}
