//! What a command waits for, said to the person at the terminal.

use std::sync::{Arc, Mutex, PoisonError};

use surefoot_engine::Notices;

/// Where one notice goes.
pub type Sink = Box<dyn Fn(&str) + Send>;

/// Where such notes go: standard error, unless something is drawn there that they would disturb.
#[derive(Clone, Default)]
pub struct Notes {
    sink: Arc<Mutex<Option<Sink>>>,
}

impl Notes {
    /// For whoever has something to say.
    #[must_use]
    pub fn notices(&self) -> Notices {
        let sink = Arc::clone(&self.sink);
        Arc::new(
            move |text| match &*sink.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(sink) => sink(text),
                None => anstream::eprintln!("waiting: {text}"),
            },
        )
    }

    /// Has them shown by something else, or by nothing again.
    pub fn redirect(&self, to: Option<Sink>) {
        *self.sink.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}
