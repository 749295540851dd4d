//! Accounts: opened by the node's own people, ended by them or by the member.

use super::{
    super::{
        account::{ACCOUNTS_MAX, Account, Secret},
        caller::Rights,
        command::Command,
        event::Fact,
        refusal::Refusal,
    },
    Answer, Wish, bound,
};

impl Wish<'_> {
    pub(super) fn account(self, command: Command) -> Answer {
        match command {
            Command::OpenAccount {
                name,
                member,
                secret,
                client,
                operator,
                rights,
                until,
            } => {
                self.operator()?;
                bound::account(&name)?;
                // The name of an account that was ended is free: whose it was stands in the events,
                // and what let the former one in lets nobody in again.
                match self.state.accounts.get(&name) {
                    Some(held) if !held.ended => return Err(Refusal::Taken { name }),
                    Some(_) => {}
                    None => {
                        let count = self.state.accounts.len() + 1;
                        bound::count("accounts", count, ACCOUNTS_MAX)?;
                    }
                }
                self.fresh_secret(&secret)?;
                // A member's client never speaks for the member.
                bound::fit("rights", !client || rights < Rights::Speak)?;
                if operator && (client || member != self.state.me) {
                    return Err(Refusal::OperatorForOther);
                }
                if until.is_some_and(|until| until <= self.at) {
                    return Err(Refusal::RunsBack { field: "until" });
                }
                Ok(Some(Fact::AccountOpened {
                    name,
                    member,
                    secret,
                    client,
                    operator,
                    rights,
                    until,
                }))
            }
            Command::SetSecret { name, secret } => {
                if self.by.account.as_ref() != Some(&name) {
                    self.operator()?;
                }
                self.known_account(&name)?;
                self.fresh_secret(&secret)?;
                Ok(Some(Fact::SecretSet { name, secret }))
            }
            Command::EndAccount { name } => {
                self.speaks()?;
                let account = self.known_account(&name)?;
                if account.member != self.by.member {
                    self.operator()?;
                }
                Ok(Some(Fact::AccountEnded { name }))
            }
            _ => Ok(None),
        }
    }

    fn known_account(&self, name: &str) -> Result<&Account, Refusal> {
        let account = self.state.accounts.get(name);
        account
            .filter(|account| !account.ended)
            .ok_or_else(|| Refusal::UnknownAccount { name: name.into() })
    }

    /// A token that ever belonged to an account is not given again.
    fn fresh_secret(&self, secret: &Secret) -> Result<(), Refusal> {
        bound::secret(secret)?;
        match secret {
            Secret::Token(digest) if self.state.tokens.contains_key(digest) => {
                Err(Refusal::Taken {
                    name: "token".into(),
                })
            }
            Secret::Token(_) | Secret::Password(_) => Ok(()),
        }
    }
}
