//! The traits that a plugin implements: [`Plugin`], and the one of its world.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Context, Doubt, Finding};
use crate::describe::Description;
use crate::outcome::{Failure, Outcome};

/// What every plugin is.
pub trait Plugin {
    /// What it says of itself. Calls to the host fail from here.
    fn describe() -> Description;

    /// Looks whether an effect in doubt has happened. Only effects of the class `probe` are asked about.
    ///
    /// # Errors
    /// When it cannot look; a person is asked then, as for [`Finding::unknown`].
    fn reconcile(context: &Context, doubt: &Doubt) -> Result<Finding, Failure> {
        let _ = context;
        let call = &doubt.request.call;
        Ok(Finding::unknown(format!(
            "this plugin cannot tell whether {call} happened"
        )))
    }
}

/// The world `validate`: looks at something and reports what it saw.
pub trait Validate: Plugin {
    /// The step's `with`.
    type Input: DeserializeOwned;
    /// The step's outputs.
    type Output: Serialize;

    /// Looks.
    ///
    /// # Errors
    /// When it could not look, or when what it saw is not what the input expects.
    fn check(context: &Context, input: Self::Input) -> Result<Outcome<Self::Output>, Failure>;
}

/// The world `task`: does something.
pub trait Task: Plugin {
    /// The step's `with`.
    type Input: DeserializeOwned;
    /// The step's outputs.
    type Output: Serialize;

    /// Does it.
    ///
    /// # Errors
    /// When it did not come to its end.
    fn run(context: &Context, input: Self::Input) -> Result<Outcome<Self::Output>, Failure>;
}

/// The world `notify`: tells somebody.
pub trait Notify: Plugin {
    /// The step's `with`.
    type Input: DeserializeOwned;
    /// The step's outputs.
    type Output: Serialize;

    /// Tells.
    ///
    /// # Errors
    /// When the message was not accepted.
    fn send(context: &Context, input: Self::Input) -> Result<Outcome<Self::Output>, Failure>;
}

/// The world `backup`: copies data to the blob store, proves that the copy is good, brings it back.
pub trait Backup: Plugin {
    /// Input of `create`.
    type Create: DeserializeOwned;
    /// Outputs of `create`; `digest` names the backup.
    type Created: Serialize;
    /// Input of `verify`.
    type Verify: DeserializeOwned;
    /// Outputs of `verify`.
    type Verified: Serialize;
    /// Input of `restore`.
    type Restore: DeserializeOwned;
    /// Outputs of `restore`.
    type Restored: Serialize;

    /// Makes a backup.
    ///
    /// # Errors
    /// When there is no complete backup afterwards.
    fn create(context: &Context, input: Self::Create) -> Result<Outcome<Self::Created>, Failure>;

    /// Reads a backup again and checks it.
    ///
    /// # Errors
    /// When it is missing, damaged, or not what it should be.
    fn verify(context: &Context, input: Self::Verify) -> Result<Outcome<Self::Verified>, Failure>;

    /// Puts a backup back in place.
    ///
    /// # Errors
    /// When the data is not what the backup holds afterwards.
    fn restore(context: &Context, input: Self::Restore) -> Result<Outcome<Self::Restored>, Failure>;
}

/// The world `deploy`: brings a release up beside the live one, makes it live, goes back.
pub trait Deploy: Plugin {
    /// Input of `stage`.
    type Stage: DeserializeOwned;
    /// Outputs of `stage`.
    type Staged: Serialize;
    /// Input of `activate`.
    type Activate: DeserializeOwned;
    /// Outputs of `activate`.
    type Activated: Serialize;
    /// Input of `revert`.
    type Revert: DeserializeOwned;
    /// Outputs of `revert`.
    type Reverted: Serialize;

    /// Brings the release up without any user noticing.
    ///
    /// # Errors
    /// When it is not up and healthy afterwards.
    fn stage(context: &Context, input: Self::Stage) -> Result<Outcome<Self::Staged>, Failure>;

    /// Makes the staged release the live one.
    ///
    /// # Errors
    /// When it is not the live one afterwards.
    fn activate(context: &Context, input: Self::Activate) -> Result<Outcome<Self::Activated>, Failure>;

    /// Undoes `activate` and `stage`, as far as they happened.
    ///
    /// # Errors
    /// When the earlier release is not live afterwards.
    fn revert(context: &Context, input: Self::Revert) -> Result<Outcome<Self::Reverted>, Failure>;
}
